//! The edge: command line, HTTP, wiring.
pub mod cli;
pub mod http;
pub mod observability;
pub mod settings;
pub mod startup;
