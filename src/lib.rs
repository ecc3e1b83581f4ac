//! The edge: command line, HTTP, wiring.
pub mod cli;
pub mod observability;
pub mod settings;
