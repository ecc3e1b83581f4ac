//! A value that a request appended to a stream.
use crate::types::{FeatureName, ServiceId, Timestamp};

/// The next value of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamValue {
    /// Whose stream.
    pub service: ServiceId,
    /// Of which quantity.
    pub quantity: FeatureName,
    /// When it was appended.
    pub at: Timestamp,
    /// The value; finite.
    pub value: f64,
}
