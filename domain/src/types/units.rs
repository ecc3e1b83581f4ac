//! Numbers with a meaning and a range.
use serde::{Deserialize, Serialize};

/// A number outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} is {value}: it must lie in {range}")]
pub struct OutOfRange {
    /// What the number stands for.
    pub name: &'static str,
    /// The refused number.
    pub value: f64,
    /// The accepted range, in interval notation.
    pub range: &'static str,
}

/// Probability that an interval contains the truth; strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Coverage(f64);

/// A part of a whole, from 0 to 1 inclusive.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Coverage {
    /// The probability.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Share {
    /// The part.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Coverage {
    type Error = OutOfRange;
    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        let inside = value > 0.0 && value < 1.0; // false for NaN
        if inside { Ok(Self(value)) } else { Err(OutOfRange { name: "coverage", value, range: "(0, 1)" }) }
    }
}

impl TryFrom<f64> for Share {
    type Error = OutOfRange;
    fn try_from(value: f64) -> Result<Self, OutOfRange> {
        let inside = (0.0..=1.0).contains(&value); // false for NaN
        if inside { Ok(Self(value)) } else { Err(OutOfRange { name: "share", value, range: "[0, 1]" }) }
    }
}

impl From<Coverage> for f64 {
    fn from(coverage: Coverage) -> Self {
        coverage.0
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_strictly_inside_and_share_inclusive() {
        for (value, coverage, share) in
            [(0.0, false, true), (0.5, true, true), (1.0, false, true), (1.1, false, false), (f64::NAN, false, false)]
        {
            assert_eq!(
                (Coverage::try_from(value).is_ok(), Share::try_from(value).is_ok()),
                (coverage, share),
                "{value}"
            );
        }
    }
}
