//! The durable log of an online learner, and the snapshots that shorten its replay.
//!
//! A learner has one owner. The owner claims the log, which gives it an epoch; the store refuses what a former owner
//! (one that hung and woke up) still sends. What is in the log, in its order, is all that a learner's state depends on.
use crate::experiments::{Decision, DecisionId, ExperimentEvent, RewardRange, StreamValue};
use crate::types::Timestamp;

/// A learner with a log of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Learner {
    /// The contextual bandit: decisions, rewards, events of experiments.
    Bandit,
    /// Regime detection: values that requests append to streams.
    Regime,
}

impl Learner {
    /// Its name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandit => "bandit",
            Self::Regime => "regime",
        }
    }
}

/// Which ownership of a log: grows with each claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// A change to a learner's log or snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerWrite {
    /// Whose.
    pub learner: Learner,
    /// As which owner.
    pub epoch: Epoch,
    /// What.
    pub change: LearnerChange,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum LearnerChange {
    /// Adds entries behind all others.
    Append(Vec<Append>),
    /// Keeps parts of the learner's state.
    Snapshot(LearnerSnapshot),
}

/// An entry on its way into the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Append {
    /// A decision was made.
    Decision(Decision),
    /// A reward came; whether it counts is found out while it is written.
    Reward {
        /// Of which decision.
        decision: DecisionId,
        /// The reward; finite.
        value: f64,
        /// When it came.
        at: Timestamp,
    },
    /// An experiment changed.
    Event(ExperimentEvent),
    /// A request appended a value to a stream.
    Value(StreamValue),
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is in the log.
    Kept,
    /// The reward is in the log; it belongs to this decision.
    Rewarded(Box<Decision>),
    /// The decision has this very reward already; nothing changed.
    Repeated,
    /// The decision has another reward; nothing changed.
    Conflict {
        /// The reward that counts.
        known: f64,
    },
    /// The reward comes after the decision's time was up; nothing changed.
    Late {
        /// When it was up.
        until: Timestamp,
    },
    /// The experiment takes no such reward; nothing changed.
    OutOfRange(RewardRange),
    /// There is no such decision; nothing changed.
    Unknown,
}

/// A learner's state as of a position of its log: the parts that changed since the snapshot before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LearnerSnapshot {
    /// Position of the last entry that the state holds.
    pub position: u64,
    /// Parts, by name; each replaces the part of that name.
    pub parts: Vec<SnapshotPart>,
}

/// A part of a learner's state, such as one experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotPart {
    /// Its name.
    pub name: String,
    /// Its state in the learner's own encoding; `None` removes it.
    pub state: Option<Vec<u8>>,
}

/// What became of a learner's write.
#[derive(Debug, Clone, PartialEq)]
pub enum LearnerWritten {
    /// The entries were looked at, in order.
    Appended {
        /// Position of the log's last entry now.
        position: u64,
        /// One for each entry.
        outcomes: Vec<Appended>,
    },
    /// The snapshot is kept.
    Snapshot,
    /// The log belongs to a later owner; nothing changed.
    Superseded,
}

/// What an owner begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its ownership.
    pub epoch: Epoch,
    /// Every part of the last snapshot, and its position.
    pub snapshot: LearnerSnapshot,
}

/// An entry as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its position.
    pub position: u64,
    /// What happened.
    pub entry: LoggedEntry,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum LoggedEntry {
    /// A decision was made.
    Decision(Decision),
    /// A decision was rewarded.
    Reward {
        /// The decision.
        decision: Decision,
        /// Its reward.
        value: f64,
    },
    /// An experiment changed.
    Event(ExperimentEvent),
    /// A value was appended to a stream.
    Value(StreamValue),
}
