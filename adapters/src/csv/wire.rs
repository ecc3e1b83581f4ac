//! What bytes and cells mean: line ends, missing values, numbers, times. No files here.
use bellwether_domain::types::Timestamp;
use std::io::{self, Read};

/// A cell read as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Missing,
    Finite(f64),
    Infinite(f64),
    Refused,
}

/// Whether the cell says that there is no value.
pub(super) fn is_missing(cell: &str) -> bool {
    matches!(cell.trim(), "" | "NaN" | "nan" | "NA")
}

/// Reads a cell as a number; every spelling of NaN is missing, a number too large for `f64` is infinite.
pub(super) fn number(cell: &str) -> Number {
    if is_missing(cell) {
        return Number::Missing;
    }
    match cell.trim().parse::<f64>() {
        Ok(value) if value.is_nan() => Number::Missing,
        Ok(value) if value.is_finite() => Number::Finite(value),
        Ok(value) => Number::Infinite(value),
        Err(_) => Number::Refused,
    }
}

/// Reads RFC 3339, or a date with or without a time of day, which is taken as UTC.
pub(super) fn time(cell: &str) -> Option<Timestamp> {
    let cell = cell.trim();
    if let Ok(time) = cell.parse() {
        return Some(time);
    }
    // A civil time would swallow an offset or a zone: with either the text is no time in UTC.
    let (date, time_of_day) = cell.split_at_checked(10)?;
    let is_plain = time_of_day.bytes().all(|byte| byte.is_ascii_digit() || b"T :.".contains(&byte));
    if !is_plain || !date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let civil: jiff::civil::DateTime = cell.parse().ok()?;
    let instant = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?;
    i64::try_from(instant.as_nanosecond()).ok().map(Timestamp::from_nanoseconds)
}

/// Turns CR LF and CR into LF (within quoted cells too) and refuses to pass on more than `limit` bytes between two
/// calls of [`Self::new_allowance`], so that one endless line cannot fill the memory.
#[derive(Debug)]
pub(super) struct PlainLines<R> {
    source: R,
    limit: u64,
    left: u64,
    /// Whether the last byte was a CR, so that a LF belongs to it.
    after_cr: bool,
    passed_on: u64,
    last: u8,
}

impl<R> PlainLines<R> {
    pub(super) const fn new(source: R, limit: u64) -> Self {
        Self { source, limit, left: limit, after_cr: false, passed_on: 0, last: 0 }
    }

    /// Says that a line has ended.
    pub(super) const fn new_allowance(&mut self) {
        self.left = self.limit;
    }

    /// Whether the first `bytes` bytes passed on are all and lack a line end.
    pub(super) const fn is_open_end(&self, bytes: u64) -> bool {
        bytes == self.passed_on && self.last != b'\n'
    }

    /// Whether the limit was met.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.left == 0
    }
}

impl<R: Read> Read for PlainLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the line is too long"));
        }
        loop {
            let got = self.source.read(buffer)?;
            let mut kept = 0;
            for index in 0..got {
                let byte = buffer[index];
                let belongs_to_cr = self.after_cr && byte == b'\n';
                self.after_cr = byte == b'\r';
                if !belongs_to_cr {
                    self.last = if byte == b'\r' { b'\n' } else { byte };
                    buffer[kept] = self.last;
                    kept += 1;
                }
            }
            if kept > 0 || got == 0 {
                self.left = self.left.saturating_sub(kept as u64);
                self.passed_on += kept as u64;
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_numbers_missing_or_refused() {
        for (cell, expected) in [
            ("1.5", Number::Finite(1.5)),
            (" -2e3 ", Number::Finite(-2000.0)),
            ("", Number::Missing),
            ("  ", Number::Missing),
            ("NaN", Number::Missing),
            ("nan", Number::Missing),
            ("-nan", Number::Missing),
            ("NA", Number::Missing),
            ("inf", Number::Infinite(f64::INFINITY)),
            ("-Infinity", Number::Infinite(f64::NEG_INFINITY)),
            ("1e999", Number::Infinite(f64::INFINITY)),
            ("1,5", Number::Refused),
            ("0x10", Number::Refused),
            ("null", Number::Refused),
        ] {
            assert_eq!(number(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn times_are_rfc_3339_or_utc() {
        for (cell, expected) in [
            ("1970-01-01T00:00:01Z", Some(1_000_000_000)),
            ("1970-01-01T01:00:01+01:00", Some(1_000_000_000)),
            ("1970-01-01 00:00:01", Some(1_000_000_000)),
            ("1970-01-01 00:00:01.25", Some(1_250_000_000)),
            ("1970-01-01T00:00:01", Some(1_000_000_000)),
            ("1970-01-02", Some(86_400_000_000_000)),
            ("1970-01-01 00:00:01 [Asia/Tokyo]", None),
            ("1970-01-01T00:00:01[Asia/Tokyo]", None),
            ("3000-01-01 00:00:00", None),
            ("3000-01-01T00:00:00+05:00", None),
            ("01.02.2026", None),
            ("12345", None),
            ("é", None),
        ] {
            assert_eq!(time(cell).map(Timestamp::nanoseconds), expected, "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn line_ends_become_lf_however_the_bytes_arrive(text in "[a\r\n]{0,40}", piece in 1_usize..5) {
            let mut lines = PlainLines::new(text.as_bytes(), 1000);
            let (mut got, mut buffer) = (Vec::new(), [0; 5]);
            loop {
                match lines.read(&mut buffer[..piece]).unwrap() {
                    0 => break,
                    count => got.extend_from_slice(&buffer[..count]),
                }
            }
            prop_assert_eq!(String::from_utf8(got).unwrap(), text.replace("\r\n", "\n").replace('\r', "\n"));
        }
    }
}
