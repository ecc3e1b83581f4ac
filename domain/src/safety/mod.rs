//! The rules that decide whether a model's output may leave, and what leaves instead.
mod emergency_mode;
mod overrides;

pub use emergency_mode::{Behaviour, EmergencyEntry, InvalidScope, Scope};
pub use overrides::Override;
