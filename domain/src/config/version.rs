//! One immutable configuration version.
use crate::types::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a version stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VersionState {
    /// Answers requests now.
    Active,
}

/// A configuration version: its document never changes, its hash names the content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigVersion {
    /// Identity.
    pub id: String,
    /// SHA-256 of the document's canonical JSON, in hex.
    pub hash: String,
    /// Where it stands.
    pub state: VersionState,
    /// Name of the key that drafted it; `baseline` for the first.
    pub author: String,
    /// When it was drafted.
    pub created_at: Timestamp,
    /// The document as JSON text.
    pub document: String,
}
