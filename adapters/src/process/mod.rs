//! The process's own metrics, from `/proc/self`.
mod client;
mod wire;

pub use client::ProcessMetrics;
