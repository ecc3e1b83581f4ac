//! The rules that decide whether a model's output may leave, and what leaves instead.
mod check;
mod compile;
mod document;
mod emergency_mode;
mod emergency_state;
mod history;
mod judge;
mod overrides;
mod policy;

pub use document::{CheckDocument, CheckKind, FallbackDocument, Operand, Operator, SafetyDocument};
pub use emergency_mode::{Behaviour, EmergencyEntry, InvalidScope, Scope};
pub use emergency_state::{Approval, EmergencyState, ReleaseApprovals, ReleaseDecision};
pub use history::{OTHER, ViolationCount, ViolationHistory, ViolationRecord};
pub use judge::{
    Failure, FallbackKind, FallbackUsed, LastGood, Reason, Release, Request, Source, ValidatedOutput,
    enforce_emergency, judge,
};
pub use overrides::{ActiveOverrides, Override};
pub use policy::{PolicyError, SafetyPolicy};
