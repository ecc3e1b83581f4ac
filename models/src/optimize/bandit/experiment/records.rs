//! What an experiment is asked and told. These are what a log has to hold.
use serde::{Deserialize, Serialize};

/// What a decision is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The canary's share may leave the baseline.
    #[default]
    Live,
    /// The baseline is served; the pick says what the policy would have taken, the baseline included.
    Shadow,
    /// The baseline is served and the policy is not asked.
    BaselineOnly,
}

/// A decision that was made; [`record`](Self::record) is what the experiment must be told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The arm to serve, counted from 0.
    pub arm: usize,
    /// Probability with which it was taken, in (0, 1\].
    pub propensity: f64,
    /// Whether a challenger is served that is not the policy's own pick.
    pub explored: bool,
    /// The arm the policy itself would take: of the eligible challengers in live mode, of these and the baseline in shadow
    /// mode; `None` without any, or if the policy was not asked.
    pub pick: Option<usize>,
    /// The decision's number, counted from 1.
    pub round: u64,
    /// What it was for.
    pub mode: Mode,
    /// What the policy ranks every arm by, in units of the reward; empty if it was not asked. It does not know of standings.
    pub scores: Vec<f64>,
}

impl Decided {
    /// What the experiment must be told of it.
    #[must_use]
    pub const fn record(&self) -> DecisionRecord {
        DecisionRecord { arm: self.arm, round: self.round, mode: self.mode, pick: self.pick }
    }
}

/// A decision as the log holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The arm served.
    pub arm: usize,
    /// The decision's number.
    pub round: u64,
    /// What it was for.
    pub mode: Mode,
    /// The policy's own pick.
    pub pick: Option<usize>,
}

/// A reward with the decision it belongs to, all as of the decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RewardRecord<'a> {
    /// The arm served.
    pub arm: usize,
    /// The context of the decision.
    pub context: &'a [f64],
    /// Probability with which the arm was taken, in (0, 1\].
    pub propensity: f64,
    /// The decision's number.
    pub round: u64,
    /// What the arm paid.
    pub reward: f64,
}

impl<'a> RewardRecord<'a> {
    /// The reward of a decision that was made for `context`.
    #[must_use]
    pub const fn of(decided: &Decided, context: &'a [f64], reward: f64) -> Self {
        Self { arm: decided.arm, context, propensity: decided.propensity, round: decided.round, reward }
    }
}
