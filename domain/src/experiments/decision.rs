//! A decision of an experiment, with everything that learning from its reward will need.
use super::DecisionId;
use crate::types::{ExperimentName, Timestamp};
use std::sync::Arc;

/// Rewards that an experiment takes, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RewardRange {
    /// The least.
    pub lower: f64,
    /// The greatest; above the least.
    pub upper: f64,
}

impl RewardRange {
    /// Whether it takes `reward`.
    #[must_use]
    pub fn holds(&self, reward: f64) -> bool {
        self.lower <= reward && reward <= self.upper
    }
}

/// What a decision was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecisionMode {
    /// The canary's share might leave the baseline.
    Live,
    /// The baseline was served while the policy said what it would have taken.
    Shadow,
    /// The baseline was served and the policy was not asked.
    BaselineOnly,
}

/// One decision. Arms go by their place in the experiment's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its identity.
    pub id: DecisionId,
    /// Of which experiment.
    pub experiment: ExperimentName,
    /// When it was made.
    pub at: Timestamp,
    /// What it was for.
    pub mode: DecisionMode,
    /// Until when a reward counts.
    pub rewardable_until: Timestamp,
    /// Rewards that count.
    pub reward_range: Option<RewardRange>,
    /// The arm that was served.
    pub arm: u32,
    /// What the policy itself would have served; absent when it was not asked.
    pub pick: Option<u32>,
    /// Probability with which the arm was served, in (0, 1].
    pub propensity: f64,
    /// Number of the decision within its experiment, from 1.
    pub round: u64,
    /// Rewards that the policy had learnt from when it decided.
    pub model_version: u64,
    /// The context that it saw, in the experiment's order of names.
    pub context: Arc<[f64]>,
}
