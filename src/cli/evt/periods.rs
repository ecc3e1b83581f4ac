//! Return periods as they are typed: numbers of rows, or times such as `30d` once the time between rows is known.
use super::super::Refusal;
use bellwether_actors::models::AskedPeriod;
use bellwether_models::tail::peaks_over_threshold::ReturnPeriod;
use jiff::{Span, SpanRelativeTo, Unit};

/// A return period.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Rows(f64),
    Time { text: String, seconds: f64 },
}

pub(super) fn asked(text: &str) -> Result<Asked, String> {
    let text = text.trim();
    if let Ok(rows) = text.parse() {
        let hint = |_| "give a finite number of rows above 1, or a time such as 30d".to_owned();
        return ReturnPeriod::new(rows, 1.0).map(|_| Asked::Rows(rows)).map_err(hint);
    }
    Ok(Asked::Time { text: text.to_owned(), seconds: seconds(text)? })
}

/// A time such as `5min`, `1h30m` or `30d` in seconds; a day has 24 hours.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let span = text.trim().parse::<Span>().ok();
    let seconds = span.and_then(|span| span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).ok());
    let hint = || "give a time such as 5min, 1h or 30d (weeks are the longest unit)".to_owned();
    seconds.filter(|seconds| *seconds > 0.0).ok_or_else(hint)
}

impl Asked {
    /// In observations that follow each other after `period` seconds.
    pub(super) fn in_rows(&self, period: Option<f64>) -> Result<AskedPeriod, Refusal> {
        match (self, period) {
            (Self::Rows(rows), _) => Ok((*rows).into()),
            (Self::Time { text, .. }, None) => {
                let what = format!("--return-periods {text} is a time, but how far rows lie apart is not known");
                Err(Refusal::new(what, "say it, as in --period 5min, or give the period in rows"))
            }
            (Self::Time { text, seconds }, Some(period)) => match seconds / period {
                rows if rows > 1.0 => Ok(AskedPeriod { name: text.clone(), observations: rows }),
                _ => {
                    let what = format!("--return-periods {text} is no longer than one --period");
                    Err(Refusal::new(what, "ask for a longer one: a return level is exceeded once in several rows"))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_and_numbers_are_rows() {
        for (text, expected) in [
            ("5min", 300.0),
            ("1h30m", 5_400.0),
            ("30d", 2_592_000.0),
            ("1w", 604_800.0),
            ("250ms", 0.25),
            (" 1s ", 1.0),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "5", "min", "-1d", "0s", "1 fortnight", "1y", "1mo", "5min later"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!(asked("1e4"), Ok(Asked::Rows(10_000.0)));
        for text in ["1", "inf", "nan", "-5", "x"] {
            assert!(asked(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_becomes_rows_by_the_time_between_them() {
        let day = asked("1d").unwrap();
        let rows = day.in_rows(Some(300.0)).unwrap();
        assert_eq!((rows.name.as_str(), rows.observations), ("1d", 288.0));
        for (period, start) in [(None, "--return-periods 1d is a time"), (Some(86_400.0), "--return-periods 1d is no")]
        {
            let said = day.in_rows(period).unwrap_err().to_string();
            assert!(said.starts_with(start) && said.contains("\nhint: "), "{said}");
        }
    }
}
