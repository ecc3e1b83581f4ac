//! Pure algorithms: numbers in, numbers out. No IO, clock, logging or async lives here.
pub mod anomaly;
pub mod explain;
pub mod metrics;
mod moments;
pub mod optimize;
mod out_of_range;
pub mod tail;
mod unit;
