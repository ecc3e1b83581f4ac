//! What the bandit's owner takes, and what it answers.
use super::live::ChangeRefused;
use super::spec::{ExperimentSpec, Misfit, Terms};
use crate::learning::NotKept;
use crate::runtime::Slot;
use actix::Message;
use bellwether_domain::experiments::{DecisionId, RewardRange};
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{ArmName, ExperimentName, Timestamp};
use bellwether_models::optimize::bandit::CanaryPercent;
use std::sync::Arc;

/// Asks for an arm.
#[derive(Debug, Message)]
#[rtype(result = "Result<Decided, Refused>")]
pub struct Decide {
    /// Place in the queue.
    pub slot: Slot,
    /// Which experiment; the first request creates it.
    pub experiment: ExperimentName,
    /// What the request says of it.
    pub terms: Arc<Terms>,
    /// Share of traffic that may leave the baseline.
    pub canary: CanaryPercent,
    /// The baseline is served while the policy learns.
    pub shadow: bool,
    /// Callers of one key get one arm as long as the law stays the same.
    pub bucket_key: Option<String>,
    /// Who asks, for the record of a new experiment.
    pub by: String,
}

/// A decision that is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Its identity; absent when the experiment is retired and nothing was decided.
    pub id: Option<DecisionId>,
    /// The experiment's fixed part.
    pub spec: Arc<ExperimentSpec>,
    /// Place of the arm to serve.
    pub arm: usize,
    /// What the policy itself would have served.
    pub pick: Option<usize>,
    /// Probability with which the arm was served.
    pub propensity: f64,
    /// Share of traffic that may leave the baseline now, in percent.
    pub canary_pct: f64,
    /// The arm is not the policy's own pick but drawn to learn.
    pub explored: bool,
    /// How the policy rates each arm.
    pub scores: Vec<f64>,
    /// Rewards that the policy had learnt from.
    pub model_version: u64,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The request does not fit the experiment, or makes none: the asker's to mend.
    Misfit(Misfit),
    /// The model's failure.
    Failure(Failure),
}

/// Gives a decision its reward.
#[derive(Debug, Message)]
#[rtype(result = "Result<RewardOutcome, NotKept>")]
pub struct Reward {
    /// Place in the queue.
    pub slot: Slot,
    /// Which decision.
    pub decision: DecisionId,
    /// Finite.
    pub value: f64,
}

/// What became of a reward.
#[derive(Debug, Clone, PartialEq)]
pub enum RewardOutcome {
    /// It counts, and is on disk.
    Counted,
    /// It counts already.
    Repeated,
    /// Another one counts.
    Conflict {
        /// Which.
        known: f64,
    },
    /// The decision's time was up.
    Late {
        /// When.
        until: Timestamp,
    },
    /// The experiment takes no such reward.
    OutOfRange(RewardRange),
    /// There is no such decision.
    Unknown,
}

/// Changes an experiment; answered when the change is on disk.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<(), ChangeRefused>, NotKept>")]
pub struct ChangeExperiment {
    /// Place in the queue.
    pub slot: Slot,
    /// Which.
    pub experiment: ExperimentName,
    /// How.
    pub command: Command,
    /// Who.
    pub by: String,
}

/// What a person may do to an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve the baseline alone; rewards still teach.
    Pause,
    /// Go on deciding, learn nothing more.
    Freeze,
    /// Back to deciding and learning.
    Resume,
    /// End it.
    Retire,
    /// Make an arm the baseline.
    Promote {
        /// Which.
        arm: ArmName,
        /// Also if it is not proven better.
        force: bool,
    },
    /// Let an arm that was proven worse be tried again.
    Readmit {
        /// Which.
        arm: ArmName,
    },
}

/// Keeps a snapshot of what changed; answered when it is on disk, or not possible.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SaveExperiments {
    /// Place in the queue.
    pub slot: Slot,
}
