//! The law of an arm under a canary: a small, bounded share of the traffic leaves the baseline, and the probability of
//! every arm is known exactly.
use super::error::OutOfRange;
use super::options::inside;
use super::preference;
use serde::{Deserialize, Serialize};

/// Percentage of the decisions that may leave the baseline; from 0 to 10, by default 5.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct CanaryPercent(f64);

impl CanaryPercent {
    /// The most that may be risked.
    pub const MOST: f64 = 10.0;

    /// # Errors
    /// `OutOfRange` unless 0 <= `percent` <= 10 (NaN is refused).
    pub fn new(percent: f64) -> Result<Self, OutOfRange> {
        inside("canary percentage", percent, 0.0, Self::MOST, "[0, 10]").map(Self)
    }

    /// The percentage.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The same as a share of 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        self.0 / 100.0
    }
}

impl Default for CanaryPercent {
    fn default() -> Self {
        Self(5.0)
    }
}

impl TryFrom<f64> for CanaryPercent {
    type Error = OutOfRange;
    fn try_from(percent: f64) -> Result<Self, OutOfRange> {
        Self::new(percent)
    }
}

impl From<CanaryPercent> for f64 {
    fn from(percent: CanaryPercent) -> Self {
        percent.0
    }
}

/// With c the canary's share, S the challengers that may be chosen, e the share of exploration, and g(a) the probability
/// that the policy picks a: p(baseline) = 1 - c, p(a) = c \[(1 - e) g(a) + e / |S|\]; p(baseline) = 1 if S is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryLaw {
    baseline: usize,
    canary: f64,
    explore: f64,
    challengers: Vec<usize>,
    probabilities: Vec<f64>,
}

impl CanaryLaw {
    /// The law of one decision.
    ///
    /// - `eligible`: whether each arm may be chosen; the baseline always may, whatever stands there.
    /// - `shares`: the policy's own probability of each challenger; they sum to 1 over S. Those of others are not looked at.
    /// - `explore`: e, in (0, 1\].
    #[must_use]
    pub fn new(canary: CanaryPercent, explore: f64, baseline: usize, eligible: &[bool], shares: &[f64]) -> Self {
        let arms = eligible.len();
        let challengers: Vec<usize> = (0..arms).filter(|arm| *arm != baseline && eligible[*arm]).collect();
        let canary = if challengers.is_empty() { 0.0 } else { canary.share() };
        let mut probabilities = vec![0.0; arms];
        let even = explore / challengers.len() as f64;
        for arm in &challengers {
            let picked = shares.get(*arm).copied().unwrap_or(0.0);
            probabilities[*arm] = canary * ((1.0 - explore) * picked + even);
        }
        if let Some(probability) = probabilities.get_mut(baseline) {
            *probability = 1.0 - canary;
        }
        Self { baseline, canary, explore, challengers, probabilities }
    }

    /// Probability of every arm; they sum to 1.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The arm that `uniform`, in \[0, 1), decides on: the baseline in the first part, then the policy's `pick`, then each
    /// challenger in turn. With a pick drawn from the shares, an arm is drawn with its probability.
    #[must_use]
    pub fn draw(&self, uniform: f64, pick: Option<usize>) -> usize {
        let beyond = uniform - (1.0 - self.canary);
        let (Some(pick), true) = (pick, beyond >= 0.0 && self.canary > 0.0) else { return self.baseline };
        let share = beyond / self.canary;
        let explored = (share - (1.0 - self.explore)) / self.explore;
        if explored < 0.0 {
            return pick;
        }
        let place = (explored * self.challengers.len() as f64) as usize;
        self.challengers.get(place.min(self.challengers.len() - 1)).copied().unwrap_or(self.baseline)
    }
}

/// The policy's own arm among those with a share.
pub(super) fn pick(shares: &[f64], uniform: f64) -> Option<usize> {
    preference::pick(shares, uniform)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: f64) -> CanaryPercent {
        CanaryPercent::new(percent).unwrap()
    }

    #[test]
    fn more_than_ten_percent_is_refused() {
        for refused in [10.000_001, -0.1, f64::NAN, f64::INFINITY] {
            assert!(CanaryPercent::new(refused).is_err(), "{refused}");
        }
        assert_eq!((percent(0.0).share(), percent(10.0).share(), CanaryPercent::default().get()), (0.0, 0.1, 5.0));
        assert!(serde_json::from_str::<CanaryPercent>("11").is_err());
    }

    /// By hand: c = 0.05, e = 0.2, three challengers, so that the pick has 0.05 (0.8 + 0.2 / 3).
    #[test]
    fn probabilities_are_those_of_the_formula() {
        let eligible = [true, true, true, true];
        let shares = [0.0, 0.0, 1.0, 0.0];
        let law = CanaryLaw::new(percent(5.0), 0.2, 0, &eligible, &shares);
        let expected = [0.95, 0.01 / 3.0, 0.04 + 0.01 / 3.0, 0.01 / 3.0];
        for (got, expected) in law.probabilities().iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{law:?}");
        }
        for (uniform, arm) in [(0.0, 0), (0.9499, 0), (0.9501, 2), (0.9899, 2), (0.9901, 1), (0.995, 2), (0.9999, 3)] {
            assert_eq!(law.draw(uniform, Some(2)), arm, "{uniform}");
        }
    }

    #[test]
    fn without_challengers_or_without_a_canary_everything_stays_with_the_baseline() {
        let alone = CanaryLaw::new(percent(10.0), 0.2, 1, &[false, true, false], &[0.0; 3]);
        let closed = CanaryLaw::new(percent(0.0), 0.2, 1, &[true, true, true], &[0.5, 0.0, 0.5]);
        for law in [alone, closed] {
            assert_eq!(law.probabilities(), [0.0, 1.0, 0.0]);
            assert_eq!([0.0, 0.5, 0.999_999_999].map(|uniform| law.draw(uniform, Some(0))), [1, 1, 1]);
        }
    }
}
