//! The trading session of one venue: what part of the day a moment lies in, on the venue's own clock.
//!
//! One fixed session on fixed weekdays; public holidays and half days are not known. Clock changes are those of the IANA
//! time zone.
use crate::types::Timestamp;
use serde::{Deserialize, Serialize};

/// The calendar as it is written (`config/baseline/calendar.toml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDocument {
    /// Name of the venue (ISO 10383 market identifier code).
    pub venue: String,
    /// IANA name of the venue's time zone.
    pub time_zone: String,
    /// Start of continuous trading, `HH:MM` on the venue's clock.
    pub open: String,
    /// End of trading, `HH:MM`, after `open` on the same day.
    pub close: String,
    /// Break in the session; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lunch: Option<LunchDocument>,
    /// Trading days: 1 (Monday) to 7 (Sunday).
    pub weekdays: Vec<i64>,
    /// Length of the pre-open phase before `open`, in minutes.
    pub pre_open_minutes: i64,
    /// Length of the opening phase after `open`, in minutes.
    pub opening_minutes: i64,
    /// Length of the closing phase before `close`, in minutes.
    pub closing_minutes: i64,
    /// Length of the phase after `close`, in minutes.
    pub after_close_minutes: i64,
}

/// A break in the session, during which the venue counts as closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LunchDocument {
    /// `HH:MM` on the venue's clock.
    pub start: String,
    /// `HH:MM`, after `start`.
    pub end: String,
}

/// What is wrong with one field of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar: {field} {message}")]
pub struct CalendarError {
    /// The field.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Part of the trading day; its code is the value of the feature `session_phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionPhase {
    /// 0: no trading (night, weekend, lunch).
    Closed = 0,
    /// 1: shortly before the open.
    PreOpen = 1,
    /// 2: first part of trading.
    Opening = 2,
    /// 3: the body of the day.
    Continuous = 3,
    /// 4: last part of trading.
    Closing = 4,
    /// 5: shortly after the close.
    AfterClose = 5,
}

/// A calendar feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarField {
    /// Hour of the venue's clock, 0 to 23.
    HourOfDay,
    /// 1 (Monday) to 7 (Sunday).
    DayOfWeek,
    /// 1 while the venue trades, else 0.
    IsBusinessHours,
    /// Code of the [`SessionPhase`], 0 to 5.
    SessionPhase,
}

impl CalendarField {
    /// All fields with their names in documents.
    pub const ALL: [(&'static str, Self); 4] = [
        ("hour_of_day", Self::HourOfDay),
        ("day_of_week", Self::DayOfWeek),
        ("is_business_hours", Self::IsBusinessHours),
        ("session_phase", Self::SessionPhase),
    ];
}

/// What the calendar says about a moment; it says the same from `from` until before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMoment {
    hour_of_day: u8,
    day_of_week: u8,
    phase: SessionPhase,
    from: Timestamp,
    until: Timestamp,
}

impl CalendarMoment {
    /// The value of a feature.
    #[must_use]
    pub fn value(&self, field: CalendarField) -> f64 {
        match field {
            CalendarField::HourOfDay => f64::from(self.hour_of_day),
            CalendarField::DayOfWeek => f64::from(self.day_of_week),
            CalendarField::IsBusinessHours => {
                let trading =
                    matches!(self.phase, SessionPhase::Opening | SessionPhase::Continuous | SessionPhase::Closing);
                f64::from(u8::from(trading))
            }
            CalendarField::SessionPhase => f64::from(self.phase as u8),
        }
    }

    /// Part of the trading day.
    #[must_use]
    pub fn phase(&self) -> SessionPhase {
        self.phase
    }

    /// Whether it holds for `time` too.
    #[must_use]
    pub fn covers(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.until
    }
}

/// A checked calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: jiff::tz::TimeZone,
    weekdays: [bool; 7],
    /// In minutes of the day.
    open: i64,
    close: i64,
    lunch: Option<(i64, i64)>,
    pre_open: i64,
    opening_ends: i64,
    closing_starts: i64,
    after_close_ends: i64,
}

/// `HH:MM` as minutes of the day.
fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
    two_digits(hour).and(two_digits(minute))?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

impl Calendar {
    /// Checks a document.
    ///
    /// # Errors
    /// One [`CalendarError`] for each thing that is wrong.
    pub fn from_document(document: &CalendarDocument) -> Result<Self, Vec<CalendarError>> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: String| errors.push(CalendarError { field, message });
        let shorten = |text: &str| text.chars().take(64).collect::<String>();
        let zone = jiff::tz::TimeZone::get(&document.time_zone);
        if zone.is_err() {
            let message = "is no IANA time zone: use one like America/New_York";
            wrong("time_zone", format!("\"{}\" {message}", shorten(&document.time_zone)));
        }
        let mut clock = |field, text: &str| {
            minute_of_day(text).unwrap_or_else(|| {
                wrong(field, format!("\"{}\" is no time of day: use HH:MM from 00:00 to 23:59", shorten(text)));
                -1
            })
        };
        let (open, close) = (clock("open", &document.open), clock("close", &document.close));
        let lunch =
            document.lunch.as_ref().map(|lunch| (clock("lunch.start", &lunch.start), clock("lunch.end", &lunch.end)));
        let mut weekdays = [false; 7];
        for day in &document.weekdays {
            match usize::try_from(day - 1).ok().and_then(|index| weekdays.get_mut(index)) {
                Some(slot) => *slot = true,
                None => wrong("weekdays", format!("holds {day}: use 1 (Monday) to 7 (Sunday)")),
            }
        }
        let length = |minutes: i64| minutes.clamp(0, 24 * 60);
        for (field, minutes) in [
            ("pre_open_minutes", document.pre_open_minutes),
            ("opening_minutes", document.opening_minutes),
            ("closing_minutes", document.closing_minutes),
            ("after_close_minutes", document.after_close_minutes),
        ] {
            if minutes != length(minutes) {
                wrong(field, format!("is {minutes}: use 0 to 1440"));
            }
        }
        let calendar = |zone| Self {
            zone,
            weekdays,
            open,
            close,
            lunch,
            pre_open: open - length(document.pre_open_minutes),
            opening_ends: open + length(document.opening_minutes),
            closing_starts: close - length(document.closing_minutes),
            after_close_ends: close + length(document.after_close_minutes),
        };
        let calendar = calendar(zone.unwrap_or(jiff::tz::TimeZone::UTC));
        if open >= 0 && close >= 0 {
            if open >= close {
                wrong(
                    "close",
                    format!("{} is not after open {}: a session ends on its day", document.close, document.open),
                );
            } else if calendar.opening_ends > calendar.closing_starts {
                wrong("opening_minutes", "overlaps closing_minutes: shorten one of them".to_owned());
            }
            if calendar.pre_open < 0 {
                wrong("pre_open_minutes", "reaches into the day before: shorten it".to_owned());
            }
            if calendar.after_close_ends > 24 * 60 {
                wrong("after_close_minutes", "reaches into the next day: shorten it".to_owned());
            }
            if lunch.is_some_and(|(start, end)| start >= 0 && end >= 0 && !(open < start && start < end && end < close))
            {
                wrong("lunch", "does not lie inside the session: use open < start < end < close".to_owned());
            }
        }
        if errors.is_empty() { Ok(calendar) } else { Err(errors) }
    }

    /// What the calendar says about `time`.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> CalendarMoment {
        let local = self.zone.to_datetime(time.into());
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let day_of_week = local.date().weekday().to_monday_one_offset().unsigned_abs();
        // Every boundary lies on a full minute of the venue's clock, clock changes too.
        let into_minute = i64::from(local.second()) * 1_000_000_000 + i64::from(local.subsec_nanosecond());
        let from = Timestamp::from_nanoseconds(time.nanoseconds().saturating_sub(into_minute));
        CalendarMoment {
            hour_of_day: local.hour().unsigned_abs(),
            day_of_week,
            phase: self.phase(usize::from(day_of_week), minute),
            from,
            until: from.plus(std::time::Duration::from_secs(60)),
        }
    }

    fn phase(&self, day_of_week: usize, minute: i64) -> SessionPhase {
        let trading_day = self.weekdays.get(day_of_week.wrapping_sub(1)).copied().unwrap_or(false);
        let lunch = self.lunch.is_some_and(|(start, end)| (start..end).contains(&minute));
        if !trading_day || lunch || minute < self.pre_open || minute >= self.after_close_ends {
            SessionPhase::Closed
        } else if minute < self.open {
            SessionPhase::PreOpen
        } else if minute < self.opening_ends {
            SessionPhase::Opening
        } else if minute < self.closing_starts {
            SessionPhase::Continuous
        } else if minute < self.close {
            SessionPhase::Closing
        } else {
            SessionPhase::AfterClose
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::features) fn baseline() -> Calendar {
        let text = include_str!("../../../config/baseline/calendar.toml");
        Calendar::from_document(&toml::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_session_follows_new_york_through_both_clock_changes() {
        let calendar = baseline();
        // 2026-03-06 is a Friday before the clocks go forward (8 March), 2026-11-02 the Monday after they went back.
        for (time, hour, day, business, phase) in [
            ("2026-03-06T14:29:59Z", 9.0, 5.0, 0.0, SessionPhase::PreOpen),
            ("2026-03-06T14:30:00Z", 9.0, 5.0, 1.0, SessionPhase::Opening),
            ("2026-03-09T13:29:59.999Z", 9.0, 1.0, 0.0, SessionPhase::PreOpen),
            ("2026-03-09T13:30:00Z", 9.0, 1.0, 1.0, SessionPhase::Opening),
            ("2026-03-09T14:00:00Z", 10.0, 1.0, 1.0, SessionPhase::Continuous),
            ("2026-03-09T19:30:00Z", 15.0, 1.0, 1.0, SessionPhase::Closing),
            ("2026-03-09T20:00:00Z", 16.0, 1.0, 0.0, SessionPhase::AfterClose),
            ("2026-03-09T21:00:00Z", 17.0, 1.0, 0.0, SessionPhase::Closed),
            ("2026-03-09T12:29:00Z", 8.0, 1.0, 0.0, SessionPhase::Closed),
            ("2026-03-08T15:00:00Z", 11.0, 7.0, 0.0, SessionPhase::Closed),
            ("2026-11-02T14:30:00Z", 9.0, 1.0, 1.0, SessionPhase::Opening),
            ("2026-11-01T05:30:00Z", 1.0, 7.0, 0.0, SessionPhase::Closed),
            ("2026-11-01T06:30:00Z", 1.0, 7.0, 0.0, SessionPhase::Closed),
            ("1969-12-31T23:59:59.5Z", 18.0, 3.0, 0.0, SessionPhase::Closed),
        ] {
            let time: Timestamp = time.parse().unwrap();
            let moment = calendar.at(time);
            let got = CalendarField::ALL.map(|(_, field)| moment.value(field));
            assert_eq!(got, [hour, day, business, f64::from(phase as u8)], "{time}");
            assert!(moment.covers(time) && calendar.at(moment.from) == moment, "{time}");
            assert_ne!(calendar.at(moment.until).from, moment.from, "{time}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let mut document: CalendarDocument =
            toml::from_str(include_str!("../../../config/baseline/calendar.toml")).unwrap();
        document.time_zone = "Mars/Olympus".to_owned();
        document.close = "25:00".to_owned();
        document.weekdays = vec![0, 8, 3];
        document.after_close_minutes = -5;
        let fields: Vec<&str> =
            Calendar::from_document(&document).unwrap_err().iter().map(|error| error.field).collect();
        assert_eq!(fields, ["time_zone", "close", "weekdays", "weekdays", "after_close_minutes"]);
        document = toml::from_str(include_str!("../../../config/baseline/calendar.toml")).unwrap();
        document.close = "09:00".to_owned();
        document.pre_open_minutes = 600;
        let fields: Vec<&str> =
            Calendar::from_document(&document).unwrap_err().iter().map(|error| error.field).collect();
        assert_eq!(fields, ["close", "pre_open_minutes"]);
    }

    #[test]
    fn a_lunch_break_counts_as_closed() {
        let mut document: CalendarDocument =
            toml::from_str(include_str!("../../../config/baseline/calendar.toml")).unwrap();
        document.lunch = Some(LunchDocument { start: "12:00".to_owned(), end: "13:00".to_owned() });
        let calendar = Calendar::from_document(&document).unwrap();
        for (time, phase) in
            [("2026-03-09T16:30:00Z", SessionPhase::Closed), ("2026-03-09T17:00:00Z", SessionPhase::Continuous)]
        {
            assert_eq!(calendar.at(time.parse().unwrap()).phase(), phase, "{time}");
        }
    }
}
