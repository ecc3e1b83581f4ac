//! Pure algorithms: numbers in, numbers out. No IO, clock, logging or async lives here.
pub mod anomaly;
pub mod optimize;
pub mod tail;
