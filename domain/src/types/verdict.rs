//! What the safety layer says of an output.
use super::FieldValue;
use serde::{Deserialize, Serialize};

/// How bad it is; the order is the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Nothing to say.
    #[default]
    Safe,
    /// The answer may be used; somebody should look.
    Warning,
    /// The model's output was replaced.
    Unsafe,
    /// The model's output was replaced and an operator is wanted, or the emergency brake is on.
    Critical,
}

impl Level {
    /// All levels, mildest first.
    pub const ALL: [Self; 4] = [Self::Safe, Self::Warning, Self::Unsafe, Self::Critical];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "SAFE",
            Self::Warning => "WARNING",
            Self::Unsafe => "UNSAFE",
            Self::Critical => "CRITICAL",
        }
    }
}

/// One check that an output did not pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// Name of the check, as declared.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, in words.
    pub message: String,
    /// What was seen.
    pub observed: FieldValue,
    /// What was allowed.
    pub limit: FieldValue,
}

/// The judgement on one output.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Verdict {
    /// The worst level met.
    pub level: Level,
    /// Whether the model's own output could leave.
    pub is_safe: bool,
    /// Everything that was violated.
    pub violations: Vec<Violation>,
}
