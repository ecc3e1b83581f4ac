//! The edge: command line, HTTP, wiring.
