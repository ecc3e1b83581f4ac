//! What training refuses.
use crate::out_of_range::OutOfRange;

/// Why there is no table to train on. Rows are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum TableError {
    #[error("the table has no row")]
    NoRows,
    #[error("the table has no feature")]
    NoFeatures,
    #[error("{rows} rows are more than training takes: {most}")]
    TooManyRows { rows: usize, most: usize },
    #[error("{what} has {found} rows, but the target has {expected}")]
    Length { what: String, found: usize, expected: usize },
    #[error("feature \"{feature}\" is there twice")]
    FeatureTwice { feature: String },
    #[error("row {row}: feature \"{feature}\" is {value}: it must be finite and within 1e38 of zero")]
    FeatureBeyondRange { row: usize, feature: String, value: f64 },
    #[error("feature \"{feature}\" varies by less than a millionth of its size, below 32-bit resolution")]
    FeatureBelowResolution { feature: String },
    #[error("row {row}: category {code} of feature \"{feature}\" is not one of its {categories}")]
    UnknownCategory { row: usize, feature: String, code: u32, categories: usize },
    #[error("feature \"{feature}\" has {categories} categories, more than training takes: {most}")]
    TooManyCategories { feature: String, categories: usize, most: usize },
    #[error("row {row}: the target is {value}: it must be finite and within 1e37 of zero")]
    Target { row: usize, value: f64 },
    #[error("the target varies by less than a millionth of its size, below 32-bit resolution")]
    TargetBelowResolution,
    #[error("row {row}: the weight is {value}: it must be in [0, 1e30]")]
    Weight { row: usize, value: f32 },
    #[error("every weight is 0")]
    NoWeight,
}

/// Why parameters are no options.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum OptionError {
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    #[error("there is no quantile to predict")]
    NoQuantile,
    #[error("quantile {0} is there twice")]
    QuantileTwice(f64),
    #[error("{quantiles} quantiles in {rounds} rounds make more trees than training takes: {most}")]
    TooManyTrees { quantiles: usize, rounds: usize, most: usize },
}

/// Why training did not succeed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum TrainError {
    #[error("the validation table has other features: {why}")]
    ValidationFeatures { why: String },
    #[error("early stopping needs a validation table")]
    NoValidation,
    #[error("there is no feature \"{feature}\" to constrain")]
    NoSuchFeature { feature: String },
    #[error("feature \"{feature}\" is categorical: only numbers can be constrained to be monotone")]
    MonotoneCategory { feature: String },
    #[error("threads could not be started: {why}")]
    Threads { why: String },
    #[error("training made trees that contradict each other: {why}")]
    Inconsistent { why: String },
    #[error("training was cancelled")]
    Cancelled,
}
