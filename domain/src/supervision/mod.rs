//! Rules of supervision, without a clock: restart intensity, back-off, strategies, circuit breaker, poison messages.
//!
//! Words are Erlang/OTP's. Time is the time since the process started.
mod backoff;
mod circuit_breaker;
mod poison;
mod restart_intensity;
mod supervisor_rules;

pub use backoff::{Backoff, InvalidBackoff};
pub use circuit_breaker::{BreakerState, CircuitBreaker};
pub use poison::PoisonLedger;
pub use restart_intensity::{RestartHistory, RestartIntensity};
pub use supervisor_rules::{ChildRule, Decision, Exit, RestartPolicy, Strategy, SupervisorRules};
