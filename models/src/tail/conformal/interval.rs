//! An interval, as a model predicts it and as it is served.
use crate::unit::finite;
use serde::{Deserialize, Serialize};

/// Ends of an interval, in the target's unit; both belong to it.
///
/// A model's quantiles may cross (`lower` above `upper`); whoever uses an interval here sorts its ends first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end; -∞ if it is bounded above alone.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

impl Interval {
    /// The interval from `lower` to `upper`.
    #[must_use]
    pub const fn new(lower: f64, upper: f64) -> Self {
        Self { lower, upper }
    }

    /// Everything up to `upper`.
    #[must_use]
    pub const fn up_to(upper: f64) -> Self {
        Self { lower: f64::NEG_INFINITY, upper }
    }

    /// Whether the lower end lies above the upper one.
    #[must_use]
    pub fn is_crossed(self) -> bool {
        self.lower > self.upper
    }

    /// The same with its ends in order.
    #[must_use]
    pub fn sorted(self) -> Self {
        if self.is_crossed() { Self { lower: self.upper, upper: self.lower } } else { self }
    }

    /// How far `target` lies outside, max(lower - y, y - upper): the conformity score of CQR, negative inside.
    #[must_use]
    pub fn score(self, target: f64) -> f64 {
        let Self { lower, upper } = self.sorted();
        finite((lower - target).max(target - upper))
    }

    /// Whether `value` lies in it, the ends included.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        let Self { lower, upper } = self.sorted();
        (lower..=upper).contains(&value)
    }
}
