//! A challenger against the baseline: is its mean reward, over all contexts, proven to be lower or higher?
//!
//! From each reward r of a decision that could have taken either arm follows X = (r - m) (1\[arm = a\] / p - 1\[arm =
//! baseline\] / p), p being the propensity: its mean is the difference of the two arms' mean rewards over all contexts,
//! whatever the policy did meanwhile and whatever m is, as long as m and the law were fixed before the reward came.
use super::confidence::{Betting, EmpiricalBernstein, Interval, asymptotic_half_width};
use super::law::CanaryPercent;
use crate::moments::Moments;
use crate::unit::finite;
use serde::{Deserialize, Serialize};

/// Rewards of either arm before an asymptotic sequence is believed.
pub(super) const FEWEST_REWARDS: u64 = 30;
/// Least propensity of a baseline that had challengers.
const LEAST_OF_BASELINE: f64 = 1.0 - CanaryPercent::MOST / 100.0;
/// By how much an outcome of the empirical Bernstein form may lie below its mean: 1 / p(baseline), and 1 for the mean.
const DEPTH: f64 = 1.0 / LEAST_OF_BASELINE + 1.0;

/// What all comparisons of an experiment have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    /// Probability that one challenger's bounds may ever be wrong.
    pub(super) error: f64,
    /// Propensity of a challenger that only exploration serves, under the usual canary.
    pub(super) rare: f64,
    /// Standard deviation of all rewards so far.
    pub(super) spread: f64,
}

impl Terms {
    /// An outcome of a rare arm is seldom and large. Bets that a few rounds of small outcomes would suggest are lost to the
    /// first large one, so the variance of shares evenly spread, 1 / (3 p), is assumed until the arm was due once.
    fn betting(self) -> Betting {
        Betting {
            log_inverse: log_inverse(self.error),
            middle: (-1.0 / DEPTH, 1.0 / DEPTH),
            variance: 1.0 / (3.0 * self.rare * DEPTH * DEPTH),
            worth: 1.0 / self.rare,
        }
    }
}

/// Which arm of the pair a reward belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Challenger,
    Baseline,
    /// Another challenger: the outcome is 0, and counts.
    Neither,
}

/// A reward as the comparisons see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observed {
    pub(super) side: Side,
    pub(super) propensity: f64,
    pub(super) reward: f64,
    /// Mean of all rewards before this one.
    pub(super) mean_before: f64,
}

/// What is known of the difference so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Comparison {
    /// Rewards of decisions up to this round do not count.
    pub(super) since: u64,
    /// Latched: the arm is not served any more.
    pub(super) is_worse: bool,
    challenger_rewards: u64,
    baseline_rewards: u64,
    evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Evidence {
    /// Rewards in \[0, 1\]. For the lower bound m = 0 and for the upper one m = 1: then no outcome lies far below its mean,
    /// however small the challenger's propensity, and the bound holds for every number of rewards.
    Bounded { gain: EmpiricalBernstein, loss: EmpiricalBernstein },
    /// Rewards without known bounds: m is their running mean; the bound holds as their number grows.
    ///
    /// The few outcomes of a challenger may all be alike by luck, as when a rare reward has not come yet. So their variance
    /// is taken to be no smaller than that of rewards which vary as all rewards do: spread² · mean(1 / p²).
    Unbounded { outcomes: Moments, squared_weights: Moments },
}

impl Comparison {
    pub(super) fn new(since: u64, is_bounded: bool) -> Self {
        let bounded = EmpiricalBernstein::default();
        let evidence = match is_bounded {
            true => Evidence::Bounded { gain: bounded, loss: bounded },
            false => Evidence::Unbounded { outcomes: Moments::default(), squared_weights: Moments::default() },
        };
        Self { since, is_worse: false, challenger_rewards: 0, baseline_rewards: 0, evidence }
    }

    pub(super) fn is_sound(&self, is_bounded: bool) -> bool {
        match &self.evidence {
            Evidence::Bounded { gain, loss } => is_bounded && gain.is_sound() && loss.is_sound(),
            Evidence::Unbounded { outcomes, squared_weights } => {
                !is_bounded && outcomes.is_sound() && squared_weights.is_sound()
            }
        }
    }

    /// Takes a reward into account.
    pub(super) fn add(&mut self, observed: Observed, terms: Terms) {
        let Observed { side, propensity, reward, mean_before } = observed;
        // A certain baseline had no challengers, and says nothing of a difference.
        let is_of_canary = side != Side::Baseline || (LEAST_OF_BASELINE - 1e-12..1.0).contains(&propensity);
        if self.is_worse || !is_of_canary {
            return;
        }
        let weight = match side {
            Side::Challenger => 1.0 / propensity,
            Side::Baseline => -1.0 / propensity,
            Side::Neither => 0.0,
        };
        self.challenger_rewards = self.challenger_rewards.saturating_add(u64::from(side == Side::Challenger));
        self.baseline_rewards = self.baseline_rewards.saturating_add(u64::from(side == Side::Baseline));
        match &mut self.evidence {
            Evidence::Bounded { gain, loss } => {
                let betting = terms.betting();
                gain.add(reward * weight / DEPTH, &betting);
                loss.add((1.0 - reward) * weight / DEPTH, &betting);
            }
            Evidence::Unbounded { outcomes, squared_weights } => {
                outcomes.add(finite(finite(reward - mean_before) * weight));
                squared_weights.add(finite(weight * weight));
            }
        }
        self.is_worse = self.difference(terms).is_some_and(|difference| difference.upper < 0.0);
    }

    /// Bounds of the challenger's mean reward minus the baseline's; `None` while too little is known.
    pub(super) fn difference(&self, terms: Terms) -> Option<Interval> {
        match &self.evidence {
            Evidence::Bounded { gain, loss } => {
                let lower = gain.lower(log_inverse(terms.error))? * DEPTH;
                let upper = -loss.lower(log_inverse(terms.error))? * DEPTH;
                Some(Interval { lower: lower.max(-1.0), upper: upper.min(1.0) })
            }
            Evidence::Unbounded { outcomes, squared_weights } => {
                let is_enough = self.challenger_rewards.min(self.baseline_rewards) >= FEWEST_REWARDS;
                let least = finite(terms.spread * squared_weights.mean().max(0.0).sqrt());
                is_enough.then(|| around(outcomes, least, terms.error))
            }
        }
    }
}

/// Asymptotic bounds around a mean, of numbers whose standard deviation is `least` at least.
pub(super) fn around(moments: &Moments, least: f64, error: f64) -> Interval {
    let deviation = moments.deviation().max(least);
    let (mean, half_width) = (moments.mean(), finite(deviation * asymptotic_half_width(moments.count(), error)));
    Interval { lower: finite(mean - half_width), upper: finite(mean + half_width) }
}

/// ln(1/δ) of one of two sides.
pub(super) fn log_inverse(error: f64) -> f64 {
    (2.0 / error).ln()
}
