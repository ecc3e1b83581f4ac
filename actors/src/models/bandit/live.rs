//! An experiment as its owner holds it, and what may happen to it.
use super::spec::ExperimentSpec;
use bellwether_domain::experiments::{Decision, DecisionMode};
use bellwether_domain::types::Timestamp;
use bellwether_models::optimize::bandit::{BanditError, DecisionRecord, Experiment, Mode, RewardRecord};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It decides and learns.
    Running,
    /// It serves the baseline alone; rewards of earlier decisions still count and teach.
    Paused,
    /// It decides by what it has learnt so far; rewards count but teach nothing.
    Frozen,
    /// It is over: the baseline for everybody, no more decisions; rewards still count.
    Retired,
}

impl Standing {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Frozen => "frozen",
            Self::Retired => "retired",
        }
    }
}

/// What a person does to an experiment. Arms go by their place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Its first request.
    Created(Box<ExperimentSpec>),
    /// See [`Standing::Paused`].
    Paused,
    /// See [`Standing::Frozen`].
    Frozen,
    /// Back to [`Standing::Running`].
    Resumed,
    /// See [`Standing::Retired`].
    Retired,
    /// An arm becomes the baseline.
    Promoted {
        /// Which.
        arm: usize,
        /// Also if it is not proven better.
        force: bool,
    },
    /// An arm that had left the eligible ones may be tried again.
    Readmitted {
        /// Which.
        arm: usize,
    },
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LiveExperiment {
    pub(super) spec: Arc<ExperimentSpec>,
    pub(super) standing: Standing,
    pub(super) created_at: Timestamp,
    pub(super) changed_at: Timestamp,
    pub(super) changed_by: String,
    pub(super) model: Experiment,
    /// Rewards that the policy has learnt from: the version of the model.
    pub(super) learnt: u64,
}

impl LiveExperiment {
    pub(super) fn new(spec: ExperimentSpec, at: Timestamp, by: &str) -> Result<Self, BanditError> {
        let model = Experiment::new(spec.options)?;
        let (spec, changed_by) = (Arc::new(spec), by.to_owned());
        Ok(Self { spec, standing: Standing::Running, created_at: at, changed_at: at, changed_by, model, learnt: 0 })
    }

    /// A decision is durable.
    pub(super) fn decided(&mut self, decision: &Decision) {
        let place = |arm: u32| arm as usize;
        let mode = match decision.mode {
            DecisionMode::Live => Mode::Live,
            DecisionMode::Shadow => Mode::Shadow,
            DecisionMode::BaselineOnly => Mode::BaselineOnly,
        };
        let (arm, pick) = (place(decision.arm), decision.pick.map(place));
        let record = DecisionRecord { arm, round: decision.round, mode, pick };
        // Only a log that was tampered with holds an arm that does not exist.
        if let Err(error) = self.model.record_decision(record) {
            tracing::error!(failure = %error, decision = %decision.id, "a decision of the log does not fit its experiment");
        }
    }

    /// A reward is durable.
    pub(super) fn rewarded(&mut self, decision: &Decision, reward: f64) {
        let Decision { arm, ref context, propensity, round, .. } = *decision;
        let learn = matches!(self.standing, Standing::Running | Standing::Paused);
        let record = RewardRecord { arm: arm as usize, context, propensity, round, reward };
        match self.model.record_reward(record, learn) {
            Ok(()) => self.learnt += u64::from(learn),
            Err(error) => {
                tracing::error!(failure = %error, decision = %decision.id, "a reward of the log does not fit its experiment");
            }
        }
    }

    /// What a change would do; nothing changes.
    pub(super) fn allows(&self, change: &Change) -> Result<(), ChangeRefused> {
        if self.standing == Standing::Retired && *change != Change::Retired {
            return Err(ChangeRefused::Retired);
        }
        match change {
            Change::Promoted { arm, force } => Ok(self.model.clone().promote(*arm, *force)?),
            Change::Readmitted { arm } => Ok(self.model.clone().readmit(*arm)?),
            _ => Ok(()),
        }
    }

    /// A change is durable.
    pub(super) fn change(&mut self, change: &Change, at: Timestamp, by: &str) {
        let outcome = match change {
            Change::Created(_) => return, // another one was first
            Change::Paused => self.stand(Standing::Paused),
            Change::Frozen => self.stand(Standing::Frozen),
            Change::Resumed => self.stand(Standing::Running),
            Change::Retired => self.stand(Standing::Retired),
            Change::Promoted { arm, force } => self.model.promote(*arm, *force),
            Change::Readmitted { arm } => self.model.readmit(*arm),
        };
        if let Err(error) = outcome {
            tracing::warn!(failure = %error, "a change came too late: another one was durable before");
            return;
        }
        (self.changed_at, self.changed_by) = (at, by.to_owned());
    }

    fn stand(&mut self, standing: Standing) -> Result<(), BanditError> {
        self.standing = standing;
        Ok(())
    }
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ChangeRefused {
    #[error("there is no such experiment")]
    Unknown,
    #[error("the experiment is retired: start one of another name")]
    Retired,
    #[error("there is no arm {0}")]
    UnknownArm(String),
    #[error(transparent)]
    Model(#[from] BanditError),
}
