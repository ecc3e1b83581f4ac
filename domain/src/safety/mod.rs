//! The rules that decide whether a model's output may leave, and what leaves instead.
mod check;
mod compile;
mod document;
mod emergency_mode;
mod emergency_state;
mod history;
mod overrides;
mod policy;

pub use document::{CheckDocument, CheckKind, FallbackDocument, Operand, Operator, SafetyDocument};
pub use emergency_mode::{Behaviour, EmergencyEntry, InvalidScope, Scope};
pub use emergency_state::{Approval, EmergencyState, ReleaseApprovals, ReleaseDecision};
pub use history::{OTHER, ViolationCount, ViolationHistory, ViolationRecord};
pub use overrides::{ActiveOverrides, Override};
pub use policy::{PolicyError, SafetyPolicy};
