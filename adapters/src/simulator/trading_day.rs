//! How busy the market is by the clock of New York: quiet nights, a surge at the open, a dip at lunch, a surge at the close.
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// Minute of the day at which continuous trading starts.
const OPEN: f64 = 9.5 * 60.0;
/// Minute of the day at which it ends.
const CLOSE: f64 = 16.0 * 60.0;
/// Load outside the session, as a share of the opening peak.
const NIGHT: f64 = 0.05;

/// A moment on the venue's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LocalTime {
    /// Days since 1970-01-01 on the venue's calendar.
    pub(super) day: i64,
    /// Minute of the day, with its fraction.
    pub(super) minute: f64,
    /// Whether the venue trades on that day.
    pub(super) trades: bool,
}

impl LocalTime {
    /// The same clock `minutes` later, on the same day (midnight is quiet on both sides).
    pub(super) fn shifted(self, minutes: f64) -> Self {
        Self { minute: (self.minute + minutes).clamp(0.0, 24.0 * 60.0), ..self }
    }
}

/// The clock of the venue.
#[derive(Debug, Clone)]
pub(super) struct VenueClock(TimeZone);

impl VenueClock {
    /// New York's clock; UTC if the time zone database lacks it.
    pub(super) fn new() -> Self {
        Self(TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC))
    }

    /// The venue's time at `nanoseconds` since 1970.
    pub(super) fn at(&self, nanoseconds: i64) -> LocalTime {
        let instant = bellwether_domain::types::Timestamp::from_nanoseconds(nanoseconds).into();
        let local = self.0.to_datetime(instant);
        let second = f64::from(local.second()) + f64::from(local.subsec_nanosecond()) / 1e9;
        LocalTime {
            day: i64::from((local.date() - jiff::civil::date(1970, 1, 1)).get_days()),
            minute: f64::from(local.hour()) * 60.0 + f64::from(local.minute()) + second / 60.0,
            trades: !matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }
}

/// Load of the market as a share of the opening peak, from 0.03 (weekend) to 1.
pub(super) fn market_load(time: LocalTime) -> f64 {
    let minute = time.minute;
    if !time.trades {
        return 0.03;
    }
    if minute < OPEN - 90.0 {
        return NIGHT;
    }
    if minute < OPEN {
        // Orders gather before the open, faster towards its end.
        return NIGHT + 0.35 * ((minute - (OPEN - 90.0)) / 90.0).powi(2);
    }
    if minute < CLOSE {
        let opening = 0.52 * (-(minute - OPEN) / 25.0).exp();
        let lunch = 0.20 * (-((minute - 12.75 * 60.0) / 45.0).powi(2)).exp();
        let closing = 0.42 * (-(CLOSE - minute) / 18.0).exp();
        return 0.48 + opening - lunch + closing;
    }
    NIGHT + 0.45 * (-(minute - CLOSE) / 25.0).exp()
}

/// Load of what happens after the close (clearing, settlement), as a share of its peak.
pub(super) fn after_close_load(time: LocalTime) -> f64 {
    if !time.trades || time.minute < CLOSE {
        return 0.08;
    }
    0.08 + 0.92 * (-((time.minute - (CLOSE + 75.0)) / 50.0).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(hour: f64) -> f64 {
        market_load(LocalTime { day: 0, minute: hour * 60.0, trades: true })
    }

    #[test]
    fn the_day_has_surges_at_open_and_close_a_dip_at_lunch_and_a_quiet_night() {
        let (night, open, lunch, afternoon, close) = (load(3.0), load(9.51), load(12.75), load(14.5), load(15.98));
        assert!(night < 0.3 * lunch && lunch < afternoon && afternoon < 0.7 * close && close < open, "{night} {lunch}");
        for minute in 0..1_440 {
            let load = load(f64::from(minute) / 60.0);
            assert!((0.03..=1.001).contains(&load), "minute {minute}: {load}");
        }
    }

    #[test]
    fn the_clock_is_new_yorks() {
        // 2026-07-06 is a Monday; 13:30 UTC is 09:30 in New York in summer, 14:30 UTC is 09:30 in winter.
        for (time, minute, trades) in [
            ("2026-07-06T13:30:00Z", 570.0, true),
            ("2026-12-07T14:30:30Z", 570.5, true),
            ("2026-07-05T13:30:00Z", 570.0, false),
        ] {
            let time: bellwether_domain::types::Timestamp = time.parse().unwrap();
            let local = VenueClock::new().at(time.nanoseconds());
            assert_eq!((local.minute, local.trades), (minute, trades), "{time}");
        }
    }
}
