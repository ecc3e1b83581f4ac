//! Points in time: RFC 3339 in UTC outside, nanoseconds since 1970 inside.
use serde::{Deserialize, Serialize};

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z (years 1678 to 2262).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no point in time: use RFC 3339 between the years 1678 and 2262, as in 2026-11-23T10:00:00.250Z")]
pub struct InvalidTimestamp(pub String);

impl Timestamp {
    /// From nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// From milliseconds since 1970; clamped to the range.
    #[must_use]
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Later by `duration`, clamped to the range.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// Earlier by `duration`, clamped to the range.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// Time since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let refused = || InvalidTimestamp(text.chars().take(64).collect());
        let instant: jiff::Timestamp = text.parse().map_err(|_| refused())?;
        i64::try_from(instant.as_nanosecond()).map(Self).map_err(|_| refused())
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;
    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

impl From<Timestamp> for jiff::Timestamp {
    fn from(timestamp: Timestamp) -> Self {
        // Every i64 of nanoseconds lies inside jiff's range (years -9999 to 9999).
        Self::from_nanosecond(i128::from(timestamp.0)).unwrap_or(Self::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        jiff::Timestamp::from(*self).fmt(f)
    }
}

impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_to_the_nanosecond_and_offsets_become_utc() {
        for (text, nanoseconds, printed) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("1970-01-01T00:00:01.000000001Z", 1_000_000_001, "1970-01-01T00:00:01.000000001Z"),
            ("1970-01-01T01:00:00+01:00", 0, "1970-01-01T00:00:00Z"),
        ] {
            let parsed: Timestamp = text.parse().unwrap();
            assert_eq!((parsed.nanoseconds(), parsed.to_string().as_str()), (nanoseconds, printed));
        }
        for text in ["", "yesterday", "9999-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
    }
}
