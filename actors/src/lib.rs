//! The runtime: supervision, typed messages, one actor a file.
pub mod runtime;
