//! Who may do what.
use super::Timestamp;
use serde::{Deserialize, Serialize};

/// What a key may do; each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also sends observations and pulls the brake.
    Operator,
    /// Also releases the brake, overrides, manages keys and faults.
    Admin,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// A stored API key: never the key itself, only its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Identity.
    pub id: String,
    /// Name of the person or system, shown in states and audit.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRecord")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
