//! Human overrides: fields that replace a model's until they expire.
use crate::types::{Capability, Fields, ServiceId, Timestamp};
use serde::{Deserialize, Serialize};

/// Fields that a human puts in place of a model's; the result is judged like any other output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// Identity, unique for ever.
    pub id: String,
    /// Whose output.
    pub model: Capability,
    /// For which service; all services when absent.
    pub service: Option<ServiceId>,
    /// The fields, top level, that replace the model's.
    pub output: Fields,
    /// Why, in the operator's words.
    pub reason: String,
    /// Name of the key that set it.
    pub by: String,
    /// When it was set.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}
