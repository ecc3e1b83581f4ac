//! Exponential back-off with jitter.
use std::time::Duration;

/// How long to wait before the n-th restart in a row.
///
/// The first restart is immediate; the second waits `initial`, each further one `factor` times as long as the one
/// before, never longer than `max`; then a random share of the wait, at most `jitter`, is taken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    factor: f64,
    jitter: f64,
}

/// Why a back-off was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum InvalidBackoff {
    #[error("the initial back-off {initial:?} is longer than the longest {max:?}: lower the one or raise the other")]
    InitialAboveMax { initial: Duration, max: Duration },
    #[error("the back-off factor is {0}: it must be finite and at least 1")]
    Factor(f64),
    #[error("the back-off jitter is {0}: it must lie in [0, 1]")]
    Jitter(f64),
}

impl Backoff {
    /// Checks and takes over.
    ///
    /// # Errors
    /// [`InvalidBackoff`] if `initial > max`, `factor < 1` or not finite, or `jitter` outside [0, 1].
    pub fn new(initial: Duration, max: Duration, factor: f64, jitter: f64) -> Result<Self, InvalidBackoff> {
        if initial > max {
            return Err(InvalidBackoff::InitialAboveMax { initial, max });
        }
        if !(factor.is_finite() && factor >= 1.0) {
            return Err(InvalidBackoff::Factor(factor));
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(InvalidBackoff::Jitter(jitter));
        }
        Ok(Self { initial, max, factor, jitter })
    }

    /// Wait before restart number `attempt` (0 is the first); `uniform` is a draw from [0, 1).
    #[must_use]
    pub fn delay(&self, attempt: u32, uniform: f64) -> Duration {
        if attempt == 0 {
            return Duration::ZERO;
        }
        let exponent = i32::try_from(attempt - 1).unwrap_or(i32::MAX);
        let wait = (self.initial.as_secs_f64() * self.factor.powi(exponent)).min(self.max.as_secs_f64());
        Duration::from_secs_f64(wait * (1.0 - self.jitter * uniform.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn first_restart_is_immediate_then_waits_double_up_to_the_longest() {
        let backoff = Backoff::new(ms(50), ms(1000), 2.0, 0.0).unwrap();
        for (attempt, wait) in [(0, 0), (1, 50), (2, 100), (3, 200), (5, 800), (6, 1000), (40, 1000), (u32::MAX, 1000)]
        {
            assert_eq!(backoff.delay(attempt, 0.5), ms(wait), "attempt {attempt}");
        }
    }

    #[test]
    fn jitter_only_shortens() {
        let backoff = Backoff::new(ms(100), ms(100), 2.0, 0.5).unwrap();
        assert_eq!([backoff.delay(1, 0.0), backoff.delay(1, 1.0)], [ms(100), ms(50)]);
    }

    #[test]
    fn impossible_settings_are_refused() {
        for (initial, max, factor, jitter) in
            [(2, 1, 2.0, 0.0), (1, 2, 0.5, 0.0), (1, 2, f64::NAN, 0.0), (1, 2, 2.0, 1.5), (1, 2, 2.0, f64::NAN)]
        {
            assert!(Backoff::new(ms(initial), ms(max), factor, jitter).is_err());
        }
    }
}
