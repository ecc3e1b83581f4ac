//! The history of a model: who did what, when and why.
use super::{Comparison, VersionNumber};
use crate::types::Timestamp;
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A version came in; it is the challenger until it is promoted or a newer one comes.
    Registered,
    /// A version became the champion.
    Promoted,
    /// A former champion became the champion again.
    RolledBack,
}

impl Action {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// One entry of a model's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelEvent {
    /// What was done.
    pub action: Action,
    /// To which version.
    pub version: VersionNumber,
    /// When.
    pub at: Timestamp,
    /// By whom: the operating system's user for a command, the key's name over HTTP.
    pub by: String,
    /// Why, if it was said.
    pub reason: Option<String>,
    /// What the promotion was decided by.
    pub comparison: Option<Comparison>,
}
