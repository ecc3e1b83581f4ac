//! Why there is no correction.

/// Why intervals could not be calibrated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ConformalError {
    #[error("{got} calibration rows are too few for coverage {coverage}: give at least {need}, or ask for less")]
    TooFewRows { got: usize, need: usize, coverage: f64 },
    #[error("there are {found} {what} for {expected} intervals: give one for each")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("the {what} of row {index} is {value}: give finite numbers, and leave rows without one out")]
    NonFinite { what: &'static str, index: usize, value: f64 },
    #[error("target and interval of row {index} lie too far apart for 64-bit numbers: divide all by a constant")]
    TooFarApart { index: usize },
}
