//! The edge: command line, HTTP, wiring.
pub mod observability;
pub mod settings;
