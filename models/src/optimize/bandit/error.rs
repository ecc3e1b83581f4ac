//! What can be wrong with options, contexts and rewards; each message names input, place and remedy.

pub use crate::out_of_range::OutOfRange;

/// Why a bandit refused its options, a context or a reward.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum BanditError {
    #[error(transparent)]
    Option(#[from] OutOfRange),
    #[error("{arms} arms of {dimension} numbers are too large: arms x dimension^2 may be at most {limit}")]
    TooLarge { arms: usize, dimension: usize, limit: usize },
    #[error(
        "a window of {rounds} rounds of {dimension} numbers is too large: rounds x dimension may be at most {limit}"
    )]
    WindowTooLarge { rounds: u64, dimension: usize, limit: usize },
    #[error("arm {arm} does not exist: there are {arms}, counted from 0")]
    UnknownArm { arm: usize, arms: usize },
    #[error("a context holds {got} numbers instead of {expected}: give one for each feature")]
    Dimension { got: usize, expected: usize },
    #[error("number {index} of the context is {value}: every one must be finite")]
    NonFiniteContext { index: usize, value: f64 },
    #[error("number {index} of the context is {value:e}: scale the features until none exceeds 1e50 in magnitude")]
    ContextTooLarge { index: usize, value: f64 },
    #[error("the reward is {value}: it must be finite")]
    NonFiniteReward { value: f64 },
    #[error("the reward is {value:?}: it must lie between {lower:?} and {upper:?}, or the range must be made wider")]
    RewardOutOfRange { value: f64, lower: f64, upper: f64 },
    #[error("the propensity is {value}: it must be above 0 and at most 1")]
    Propensity { value: f64 },
    #[error("arm {arm} is not proven better than the baseline: wait for more rewards, or force the promotion")]
    NotProven { arm: usize },
    #[error("arm {arm} is the baseline already: name a challenger")]
    IsBaseline { arm: usize },
    #[error("the snapshot is damaged: {what}; start anew or restore another one")]
    Snapshot { what: &'static str },
}

/// A policy's name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no policy \"{given}\": choose one of lin_ucb, lin_ts, beta_ts, ucb1, epsilon_greedy")]
pub struct UnknownPolicy {
    /// The name given, shortened.
    pub given: String,
}

impl UnknownPolicy {
    pub(super) fn new(given: &str) -> Self {
        Self { given: given.chars().take(40).collect() }
    }
}
