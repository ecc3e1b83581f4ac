//! The outside: one folder per system, each behind a port of the domain.
pub mod simulator;
