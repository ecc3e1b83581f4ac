//! The latest values of one observed quantity, for models that look at the values themselves.
use super::point_log::PointLog;
use crate::types::Timestamp;
use std::sync::{Arc, OnceLock};

/// Up to 5,000 latest values of a series in event-time order, whatever their age; immutable and cheap to clone.
///
/// Publishing one costs about twenty pointer copies. The slice is built when it is first asked for (a few microseconds),
/// once for all readers of the same publication.
#[derive(Debug, Clone)]
pub struct RecentValues(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: PointLog,
    values: OnceLock<Arc<[f64]>>,
}

impl RecentValues {
    pub(super) fn new(log: PointLog) -> Self {
        Self(Arc::new(Inner { log, values: OnceLock::new() }))
    }

    /// The values, oldest first, all finite.
    #[must_use]
    pub fn values(&self) -> Arc<[f64]> {
        self.0.values.get_or_init(|| Arc::from(self.0.log.values())).clone()
    }

    /// How many values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.log.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the last of them was measured; absent if there is none.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.0.log.newest().map(|point| point.at)
    }

    /// When the first of them was measured; absent if there is none.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.0.log.oldest().map(|point| point.at)
    }

    /// Value and time of each, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        self.0.log.iter().map(|point| (point.at, point.value))
    }
}
