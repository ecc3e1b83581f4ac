//! Why an online correction cannot begin, or cannot learn from a label.
use crate::out_of_range::OutOfRange;

/// Why an online correction was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum OnlineError {
    #[error(transparent)]
    Option(#[from] OutOfRange),
    #[error("there are no scores to begin with: give those of some calibration rows")]
    NoScores,
    #[error("score {index} is {value}: give finite numbers, and leave rows without a label out")]
    NonFinite { index: usize, value: f64 },
    #[error("the score of a label is {value}: give a finite number, and leave predictions without a label out")]
    ScoreNotFinite { value: f64 },
    #[error("what was issued holds {what} {value}: give back what `issue` gave")]
    NotIssued { what: &'static str, value: f64 },
    #[error("the saved state is damaged: {what}")]
    Damaged { what: &'static str },
}
