//! Choosing well: which arm to serve.
pub mod bandit;
