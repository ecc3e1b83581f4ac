//! The durable store: changes that must be on disk before they are acknowledged, and what is read back.
use super::learner_log::{Claimed, Learner, LearnerWrite, LearnerWritten, Logged};
use crate::config::ConfigVersion;
use crate::safety::{EmergencyEntry, Override};
use crate::types::{FeatureName, KeyRecord, Observation, ServiceId, Timestamp};

/// One change that must be on disk before it is acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Keeps observations; one whose key is known already is a duplicate and changes nothing.
    Observations(Vec<Observation>),
    /// Sets the brake of one scope.
    Emergency(EmergencyEntry),
    /// Adds an override.
    AddOverride(Override),
    /// Removes an override.
    RemoveOverride {
        /// Its identity.
        id: String,
    },
    /// Adds an API key.
    AddKey(KeyRecord),
    /// Removes an API key.
    RemoveKey {
        /// Its identity.
        id: String,
    },
    /// Stores a configuration version as the active one if the store holds none yet.
    SeedConfig(ConfigVersion),
    /// Forgets observations older than this.
    ForgetObservationsBefore(Timestamp),
    /// Appends to a learner's log, or keeps its snapshot.
    Learner(LearnerWrite),
    /// Forgets decisions that were made before this, with their rewards, as far as the bandit's snapshot covers them; a
    /// store may do a part of it at a time, the oldest first.
    ForgetDecisionsBefore(Timestamp),
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// For each observation of the batch, whether it was new.
    Observations(Vec<bool>),
    /// The change took place.
    Done,
    /// There was nothing of that identity, or the store was seeded already.
    Unchanged,
    /// What became of a learner's write.
    Learner(LearnerWritten),
}

/// Which observations to read back, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationQuery {
    /// Of this service.
    pub service: ServiceId,
    /// Of this quantity; all when absent.
    pub name: Option<FeatureName>,
    /// At most so many.
    pub limit: usize,
    /// Only those behind this position (as a former page gave it).
    pub after: Option<String>,
}

/// A page of observations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObservationPage {
    /// Oldest first (event time, then name).
    pub observations: Vec<Observation>,
    /// Where the next page starts; absent on the last.
    pub next: Option<String>,
}

/// Everything that must survive a restart, read once at start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredState {
    /// The brake, one entry per scope ever set.
    pub emergency: Vec<EmergencyEntry>,
    /// Overrides, expired ones included until they are removed.
    pub overrides: Vec<Override>,
    /// API keys.
    pub keys: Vec<KeyRecord>,
    /// The active configuration version.
    pub config: Option<ConfigVersion>,
}

/// Why the store refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum StoreError {
    #[error(
        "the store at {place} cannot be written: {why}; free space or mend the permissions, writes resume by themselves"
    )]
    NotWritable { place: String, why: String },
    #[error("the store at {place} is damaged: {why}; restore it from a backup or move it away to start anew")]
    Damaged { place: String, why: String },
    #[error("the position \"{0}\" is none that a page gave: leave `after` out or take the last page's `next`")]
    UnknownPosition(String),
    #[error("the store at {place} failed: {why}")]
    Failed { place: String, why: String },
}

/// The durable store: blocking, owned by one thread.
pub trait StateStore: Send {
    /// Reads everything that the process needs at start.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn load(&mut self) -> Result<StoredState, StoreError>;

    /// Makes all changes in one transaction, in order, and flushes it to disk before it returns (group commit).
    /// Either all are durable or none took place.
    ///
    /// # Errors
    /// [`StoreError`] if the transaction failed; nothing has changed then.
    fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError>;

    /// Reads a page of observations.
    ///
    /// # Errors
    /// [`StoreError::UnknownPosition`] for a bad position, others if the store cannot be read.
    fn observations(&mut self, query: &ObservationQuery) -> Result<ObservationPage, StoreError>;

    /// Reads at most `limit` observations of any service since `since`, oldest first: what the feature store catches
    /// up with at start.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn observations_since(&mut self, since: Timestamp, limit: usize) -> Result<Vec<Observation>, StoreError>;

    /// Makes the caller the only writer of `learner`'s log, durably: writes of earlier epochs are refused from now on.
    /// Answers with the last snapshot.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written or read.
    fn claim(&mut self, learner: Learner) -> Result<Claimed, StoreError>;

    /// At most `limit` entries of `learner`'s log behind position `after`, in the order in which they became durable.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn log_after(&mut self, learner: Learner, after: u64, limit: usize) -> Result<Vec<Logged>, StoreError>;
}
