//! Circuit breaker of an outside system: after some failures in a row it is left alone for a while.
use std::time::Duration;

/// State of a breaker; the numbers of the gauge `telemetry_source_breaker_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through (0).
    Closed,
    /// One probe is allowed (1).
    HalfOpen,
    /// No call goes through (2).
    Open,
}

impl BreakerState {
    /// The number of the gauge.
    #[must_use]
    pub const fn gauge(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }

    /// The word in `/health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// Opens after `failures` in a row, stays open for `open_for`, then lets one probe through: its success closes the
/// breaker, its failure opens it again.
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    failures: u32,
    open_for: Duration,
    failed_in_a_row: u32,
    opened_at: Option<Duration>,
    probing: bool,
}

impl CircuitBreaker {
    /// A closed breaker; `failures` of 0 counts as 1.
    #[must_use]
    pub fn new(failures: u32, open_for: Duration) -> Self {
        Self { failures: failures.max(1), open_for, failed_in_a_row: 0, opened_at: None, probing: false }
    }

    /// Whether a call may be made at `now`; a probe counts as made.
    pub fn admit(&mut self, now: Duration) -> bool {
        match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => !std::mem::replace(&mut self.probing, true),
        }
    }

    /// A call succeeded.
    pub const fn succeeded(&mut self) {
        self.failed_in_a_row = 0;
        self.opened_at = None;
        self.probing = false;
    }

    /// A call failed at `now`.
    pub const fn failed(&mut self, now: Duration) {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        self.probing = false;
        if self.opened_at.is_some() || self.failed_in_a_row >= self.failures {
            self.opened_at = Some(now);
        }
    }

    /// The state at `now`.
    #[must_use]
    pub fn state(&self, now: Duration) -> BreakerState {
        match self.opened_at {
            None => BreakerState::Closed,
            Some(at) if now.saturating_sub(at) < self.open_for => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn opens_after_failures_in_a_row_and_a_success_between_counts_anew() {
        let mut breaker = CircuitBreaker::new(3, s(10));
        breaker.failed(s(1));
        breaker.failed(s(2));
        breaker.succeeded();
        breaker.failed(s(3));
        breaker.failed(s(4));
        assert_eq!(breaker.state(s(4)), BreakerState::Closed);
        breaker.failed(s(5));
        assert_eq!((breaker.state(s(5)), breaker.admit(s(14))), (BreakerState::Open, false));
    }

    #[test]
    fn half_open_lets_one_probe_through_whose_result_decides() {
        for (probe_succeeds, after) in [(true, BreakerState::Closed), (false, BreakerState::Open)] {
            let mut breaker = CircuitBreaker::new(1, s(10));
            breaker.failed(s(0));
            assert_eq!(breaker.state(s(10)), BreakerState::HalfOpen);
            assert!(breaker.admit(s(10)));
            assert!(!breaker.admit(s(10)), "a second call waits for the probe");
            if probe_succeeds {
                breaker.succeeded();
            } else {
                breaker.failed(s(11));
            }
            assert_eq!(breaker.state(s(12)), after);
        }
    }
}
