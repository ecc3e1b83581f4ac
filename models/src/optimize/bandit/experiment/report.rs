//! What an experiment knows of its arms.
use super::super::comparison::{FEWEST_REWARDS, around, log_inverse};
use super::super::confidence::{Betting, EmpiricalBernstein, Interval};
use super::options::RewardRange;
use crate::moments::Moments;
use serde::{Deserialize, Serialize};

/// Where an arm stands against the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is the baseline.
    Baseline,
    /// It may be served; nothing is proven.
    Eligible,
    /// Its mean reward is below the baseline's: it is served no more until it is readmitted.
    ProvenWorse,
    /// Its mean reward is above the baseline's: it may be promoted.
    ProvenBetter,
}

/// One arm's record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArmReport {
    /// Decisions that served it.
    pub decisions: u64,
    /// Rewards of these.
    pub rewards: u64,
    /// Mean of its rewards where it was served; `None` without any.
    pub mean_reward: Option<f64>,
    /// Bounds of that mean that hold at every moment; `None` while too little is known.
    pub interval: Option<Interval>,
    /// Bounds of its mean reward minus the baseline's, over all contexts; `None` while too little is known.
    pub difference: Option<Interval>,
    /// Where it stands against the baseline.
    pub standing: Standing,
}

/// One arm's counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArmCounts {
    pub(super) decisions: u64,
    rewards: Moments,
    /// Bounds from below of r and of 1 - r, for rewards in \[0, 1\].
    bounds: Option<[EmpiricalBernstein; 2]>,
}

impl ArmCounts {
    pub(super) fn new(is_bounded: bool) -> Self {
        Self { decisions: 0, rewards: Moments::default(), bounds: is_bounded.then(Default::default) }
    }

    pub(super) fn is_sound(&self, is_bounded: bool) -> bool {
        self.rewards.is_sound()
            && self.bounds.is_some() == is_bounded
            && self.bounds.iter().flatten().all(EmpiricalBernstein::is_sound)
    }

    pub(super) fn add(&mut self, reward: f64, range: Option<RewardRange>, error: f64) {
        self.rewards.add(reward);
        if let (Some([below, above]), Some(range)) = (&mut self.bounds, range) {
            let share = range.share(reward);
            let betting = Betting::on_shares(log_inverse(error));
            below.add(share, &betting);
            above.add(1.0 - share, &betting);
        }
    }

    pub(super) const fn rewards(&self) -> u64 {
        self.rewards.count()
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.rewards.count() > 0).then(|| self.rewards.mean())
    }

    /// `spread` is the standard deviation of all arms' rewards: an arm's few may all be alike by luck.
    pub(super) fn interval(&self, range: Option<RewardRange>, spread: f64, error: f64) -> Option<Interval> {
        let (Some([below, above]), Some(range)) = (&self.bounds, range) else {
            return (self.rewards.count() >= FEWEST_REWARDS).then(|| around(&self.rewards, spread, error));
        };
        let lower = below.lower(log_inverse(error))?.max(0.0);
        let upper = 1.0 - above.lower(log_inverse(error))?.max(0.0);
        Some(Interval { lower: range.at(lower), upper: range.at(upper) })
    }
}
