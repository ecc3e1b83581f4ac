//! The edge: command line, HTTP, wiring.
pub mod settings;
