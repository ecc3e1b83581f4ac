//! Identity of a decision.
use std::str::FromStr;
use ulid::Ulid;

/// A ULID: its first 48 bits are the time in milliseconds, so that identities of later decisions are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionId(Ulid);

/// Text that is no identity of a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no decision id: it has 26 letters and digits, as `decision_id` of an answer gives it")]
pub struct InvalidDecisionId(pub String);

impl DecisionId {
    /// Takes a ULID over.
    #[must_use]
    pub const fn new(ulid: Ulid) -> Self {
        Self(ulid)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0.0
    }

    /// The bytes, the most significant first: they sort as the identities do.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.bits().to_be_bytes()
    }

    /// From such bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid(u128::from_be_bytes(bytes)))
    }
}

impl std::fmt::Display for DecisionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DecisionId {
    type Err = InvalidDecisionId;

    fn from_str(text: &str) -> Result<Self, InvalidDecisionId> {
        Ulid::from_string(text).map(Self).map_err(|_| InvalidDecisionId(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_reads_back_from_text_and_bytes_and_other_text_is_refused() {
        let id: DecisionId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(id.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(DecisionId::from_bytes(id.to_bytes()), id);
        for text in ["", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "01ARZ3NDEKTSV4RRFFQ69G5FA!"] {
            assert_eq!(text.parse::<DecisionId>(), Err(InvalidDecisionId(text.to_owned())));
        }
    }
}
