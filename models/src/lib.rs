//! Pure algorithms: numbers in, numbers out. No IO, clock, logging or async lives here.
pub mod tail;
