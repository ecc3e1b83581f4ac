//! The edge: command line, HTTP, wiring.
pub mod http;
