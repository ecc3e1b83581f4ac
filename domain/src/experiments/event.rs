//! What happens to an experiment besides decisions and rewards.
use crate::types::{ExperimentName, Timestamp};

/// An experiment was created, paused, frozen, resumed, promoted or retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentEvent {
    /// Which experiment.
    pub experiment: ExperimentName,
    /// When.
    pub at: Timestamp,
    /// Name of the key that did it.
    pub by: String,
    /// What happened, as JSON in the learner's own words.
    pub document: String,
}
