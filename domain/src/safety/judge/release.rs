//! What may leave: an output that was judged, or nothing.
use super::super::emergency_mode::Scope;
use crate::types::{Fields, Level, Timestamp, Verdict, Violation};
use serde::{Serialize, Serializer};

/// Where an output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The model.
    Model,
    /// The fallback.
    Fallback,
    /// A human's fields over the model's output or the fallback.
    Override,
}

/// Why the model's output did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It did not answer in time.
    Deadline,
    /// Its queue was full.
    Overloaded,
    /// It was being restarted.
    Restarting,
    /// It panicked.
    Panic,
    /// It refused or failed.
    Error,
    /// It said NaN or infinity.
    Nan,
    /// Its output violated a check.
    Unsafe,
    /// The emergency brake is on.
    Emergency,
}

/// Which fallback served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FallbackKind {
    /// The last answer of the model that was good.
    LastGood,
    /// The output that a human approved.
    Approved,
}

macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
words!(Source { Model => "model", Fallback => "fallback", Override => "override" });
words!(FallbackKind { LastGood => "last_good", Approved => "approved" });
words!(Reason {
    Deadline => "deadline",
    Overloaded => "overloaded",
    Restarting => "restarting",
    Panic => "panic",
    Error => "error",
    Nan => "nan",
    Unsafe => "unsafe",
    Emergency => "emergency",
});

/// That a fallback took the model's place, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct FallbackUsed {
    /// Why.
    pub reason: Reason,
    /// Which.
    pub kind: FallbackKind,
}

/// An output that was judged: only `judge` and `enforce_emergency` make one, so whoever holds one may let it leave.
///
/// Invariants: no number in it is NaN or infinite; it violates no check of level UNSAFE or CRITICAL; the verdict's level
/// is the worst of its violations, and it is safe if that is below UNSAFE. The violations may be those of an output
/// that was replaced.
///
/// ```compile_fail,E0451
/// use bellwether_domain::safety::{Source, ValidatedOutput};
/// let unjudged = ValidatedOutput { source: Source::Model, ..todo!() };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ValidatedOutput {
    output: Fields,
    source: Source,
    fallback: Option<FallbackUsed>,
    verdict: Verdict,
}

impl ValidatedOutput {
    pub(super) fn new(
        output: Fields,
        source: Source,
        fallback: Option<FallbackUsed>,
        violations: Vec<Violation>,
    ) -> Self {
        let level = worst(&violations);
        Self { output, source, fallback, verdict: Verdict { level, is_safe: level < Level::Unsafe, violations } }
    }

    /// The fields that leave.
    #[must_use]
    pub const fn output(&self) -> &Fields {
        &self.output
    }

    /// The fields that leave, taken out.
    #[must_use]
    pub fn into_output(self) -> Fields {
        self.output
    }

    /// Where they come from.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whether a fallback took the model's place (or lies below an override).
    #[must_use]
    pub const fn fallback(&self) -> Option<FallbackUsed> {
        self.fallback
    }

    /// The judgement.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Whether it may serve as the last good answer: the model's own, not rejected.
    #[must_use]
    pub fn is_last_good_candidate(&self) -> bool {
        self.source == Source::Model && self.verdict.is_safe
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.verdict.violations
    }
}

/// The worst level among the violations.
pub(super) fn worst(violations: &[Violation]) -> Level {
    violations.iter().map(|one| one.level).max().unwrap_or_default()
}

/// What the caller gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Release {
    /// An output.
    Answer(ValidatedOutput),
    /// Nothing: the brake is on and says so.
    Blocked {
        /// What the brake covers.
        scope: Scope,
        /// Why, in the operator's words.
        reason: String,
        /// Since when.
        since: Timestamp,
    },
}
