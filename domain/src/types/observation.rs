//! One measured value of one service.
use super::{FeatureName, ServiceId, Timestamp};

/// A measured value. `service`, `name` and `at` together are its key: the same key again is a duplicate.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Who was measured.
    pub service: ServiceId,
    /// What was measured; its unit is the feature registry's.
    pub name: FeatureName,
    /// When it was measured (event time, not arrival).
    pub at: Timestamp,
    /// The value, finite.
    pub value: f64,
}
