//! Sources of observations that are asked at intervals.
use crate::types::{Observation, Timestamp};
use std::time::Duration;

/// What a source says when it is asked for the observations up to a point in time.
#[derive(Debug, Clone, PartialEq)]
pub enum Polled {
    /// Observations in the order of their time; perhaps none.
    Observations(Vec<Observation>),
    /// The source has given all it will ever give.
    Ended,
}

/// Why a source failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name} failed: {why}")]
pub struct SourceError {
    /// Which source.
    pub source_name: &'static str,
    /// What went wrong and how to mend it.
    pub why: String,
}

/// A source of observations that is asked at intervals: simulator, replay of a file.
pub trait TelemetrySource: Send {
    /// Everything that happened up to `now` and was not given yet.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot answer now; it may be asked again.
    fn poll(&mut self, now: Timestamp) -> Result<Polled, SourceError>;

    /// How long to wait between two polls at most.
    fn interval(&self) -> Duration;
}
