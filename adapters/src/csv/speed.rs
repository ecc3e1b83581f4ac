//! How fast recorded time passes.
use std::str::FromStr;
use std::time::Duration;

/// How fast recorded time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many recorded seconds per second; finite and above 0.
    Times(f64),
    /// Everything at once.
    Max,
}

/// Text that is no speed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no speed: give a positive number such as 1 or 60, or max (also 0) for everything at once")]
pub struct UnknownSpeed(pub String);

impl TryFrom<f64> for Speed {
    type Error = UnknownSpeed;

    fn try_from(times: f64) -> Result<Self, UnknownSpeed> {
        match times {
            0.0 => Ok(Self::Max),
            _ if times > 0.0 && times.is_finite() => Ok(Self::Times(times)),
            _ => Err(UnknownSpeed(times.to_string())),
        }
    }
}

impl FromStr for Speed {
    type Err = UnknownSpeed;

    fn from_str(text: &str) -> Result<Self, UnknownSpeed> {
        let refused = || UnknownSpeed(text.chars().take(40).collect());
        match text.trim() {
            "max" => Ok(Self::Max),
            number => number.parse().ok().and_then(|times: f64| Self::try_from(times).ok()).ok_or_else(refused),
        }
    }
}

/// How long it takes to play `recorded`; the longest duration if that is beyond all time.
pub(super) fn played(recorded: Duration, times: f64) -> Duration {
    #[expect(clippy::float_cmp, reason = "real time must be exact, and 1 is")]
    if times == 1.0 {
        return recorded;
    }
    Duration::try_from_secs_f64(recorded.as_secs_f64() / times).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_positive_number_or_everything_at_once() {
        for (text, speed) in
            [("1", Speed::Times(1.0)), (" 0.5 ", Speed::Times(0.5)), ("max", Speed::Max), ("0", Speed::Max)]
        {
            assert_eq!(text.parse(), Ok(speed), "{text:?}");
        }
        for text in ["-1", "inf", "nan", "fast", ""] {
            assert_eq!(text.parse::<Speed>(), Err(UnknownSpeed(text.to_owned())));
        }
    }

    #[test]
    fn playing_is_exact_at_real_time_and_never_overflows() {
        let odd = Duration::from_nanos(u64::MAX - 1);
        assert_eq!(played(odd, 1.0), odd);
        assert_eq!(played(Duration::from_secs(60), 60.0), Duration::from_secs(1));
        assert_eq!(played(odd, f64::MIN_POSITIVE), Duration::MAX);
    }
}
