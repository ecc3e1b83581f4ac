//! Why there is no fit, or no figure from a fit.

use super::MINIMUM_EXCEEDANCES;
pub use crate::out_of_range::OutOfRange;

/// Why a tail could not be fitted, or a fitted tail could not answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ExtremesError {
    #[error(transparent)]
    Option(#[from] OutOfRange),
    #[error("value {index} is {value}: every value must be finite, leave missing ones out")]
    NonFinite { index: usize, value: f64 },
    #[error("the candidate is {value}: a judgement needs a finite number")]
    CandidateNotFinite { value: f64 },
    #[error("no values were given: a tail needs at least {MINIMUM_EXCEEDANCES} above its threshold")]
    Empty,
    #[error(
        "the {count} largest values all equal {value}: they hold no tail, give a threshold below them or more data"
    )]
    AllEqual { count: usize, value: f64 },
    #[error("threshold {threshold} is not below the largest value {maximum}: lower the threshold")]
    ThresholdAboveAll { threshold: f64, maximum: f64 },
    #[error(
        "{got} values above threshold {threshold} are too few, {need} are needed: lower the threshold or give more"
    )]
    TooFewExceedances { got: usize, need: usize, threshold: f64 },
    #[error("{got} clusters of extremes are too few, {need} are needed: lower the threshold or the run length")]
    TooFewClusters { got: usize, need: usize },
    #[error(
        "value {value} lies too far above threshold {threshold} for 64-bit numbers: divide all values by 2 or more"
    )]
    RangeTooWide { value: f64, threshold: f64 },
    #[error("exceedances from {smallest:e} to {largest:e} spread too wide for 64-bit numbers: move the threshold")]
    SpreadTooWide { smallest: f64, largest: f64 },
    #[error("the exceedances, up to {largest}, are too small for 64-bit precision: multiply all values by a constant")]
    Underflow { largest: f64 },
    #[error(
        "level {level} is below the tail, which starts at level {lowest}: ask for a higher one or lower the threshold"
    )]
    LevelBelowThreshold { level: f64, lowest: f64 },
    #[error("{quantity} is larger than any 64-bit number: ask for a lower level or divide all values by a constant")]
    Overflow { quantity: &'static str },
    #[error("shape {shape} is at least 1, so the mean beyond any level is infinite: use the value at risk")]
    InfiniteMean { shape: f64 },
    #[error("no delta interval: {0}; use the profile likelihood")]
    NoStandardErrors(#[from] NoStandardErrors),
}

/// Why a fit has no standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum NoStandardErrors {
    #[error("the shape lies on its limit -0.5, where the usual asymptotic theory ends")]
    ShapeAtLimit,
    #[error("the likelihood is flat at its optimum, so the observed information cannot be inverted")]
    FlatLikelihood,
}
