//! What can be wrong with options, with a stored state, or with a series.

pub use crate::out_of_range::OutOfRange;

/// Why a stored state was refused.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum SnapshotError {
    #[error(transparent)]
    Option(#[from] OutOfRange),
    #[error("the stored {what} contradict each other: start with a new detector")]
    Inconsistent { what: &'static str },
}

/// Why a series could not be segmented.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum SegmentError {
    #[error(transparent)]
    Option(#[from] OutOfRange),
    #[error("value {index} is {value}: the observation model needs {support}")]
    OutsideSupport { index: usize, value: f64, support: &'static str },
}

/// `value` if it lies strictly above `low` and at most at `high`.
pub(super) fn above(
    name: &'static str,
    value: f64,
    (low, high): (f64, f64),
    range: &'static str,
) -> Result<f64, OutOfRange> {
    if value > low && value <= high { Ok(value) } else { Err(OutOfRange { name, value, range }) }
}
