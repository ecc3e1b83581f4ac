//! What the process says of itself: log lines and metrics.
mod log_line;
pub mod logging;
pub mod metrics;
mod process;
