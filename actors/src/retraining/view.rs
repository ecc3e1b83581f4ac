//! How each retraining stands, for everybody to read.
use bellwether_domain::types::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The new version is the champion.
    Promoted,
    /// The new version is the challenger.
    Registered,
    /// It gave the very bytes of a version that there is.
    Unchanged,
    /// Somebody cancelled it.
    Cancelled,
    /// It failed.
    Failed,
}

impl Outcome {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::Registered => "registered",
            Self::Unchanged => "unchanged",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// What is going on.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Nothing until the next start.
    Waiting,
    /// It starts when the run under way has ended.
    Queued,
    /// It runs.
    Running {
        /// Boosting rounds that are done.
        rounds: Arc<AtomicUsize>,
    },
}

impl Stage {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running { .. } => "running",
        }
    }

    /// Boosting rounds that are done, of a run under way.
    #[must_use]
    pub fn rounds(&self) -> Option<usize> {
        match self {
            Self::Running { rounds } => Some(rounds.load(Ordering::Relaxed)),
            _ => None,
        }
    }
}

/// The run that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// How.
    pub outcome: Outcome,
    /// The version that it gave, if any.
    pub version: Option<u32>,
    /// What went wrong, if it failed.
    pub failure: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
}

/// One retraining.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What is going on.
    pub stage: Stage,
    /// Rounds of a whole run.
    pub rounds: usize,
    /// When it starts next by itself.
    pub next_at: Timestamp,
    /// The run that ended last, in this process.
    pub last: Option<LastRun>,
}

/// All of them, by the model's name.
pub type RetrainingView = BTreeMap<String, Standing>;
