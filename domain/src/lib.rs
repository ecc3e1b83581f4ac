//! The words everybody shares, the ports of the outside world, and the pure rules of each stage.
//!
//! Nothing here does IO, reads a clock, logs or awaits: time is always a parameter.
pub mod config;
pub mod experiments;
pub mod features;
pub mod ports;
pub mod registry;
pub mod safety;
pub mod supervision;
pub mod types;
