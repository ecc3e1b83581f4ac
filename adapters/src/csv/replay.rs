//! Plays a recorded file of observations (`ts,service,name,value`) as if it happened now.
use super::error::CsvError;
use super::reader::{Column, CsvReader, Row};
use super::speed::{Speed, played};
use bellwether_domain::ports::{Polled, SourceError, TelemetrySource};
use bellwether_domain::types::{FeatureName, InvalidName, Observation, ServiceId, Timestamp};
use std::collections::HashSet;
use std::hash::Hash;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Into how much of the past a file that is played at once is compressed at most.
const LONGEST_PAST: Duration = Duration::from_secs(3_600);
/// Memory that the rows of one file may take, in bytes.
const LARGEST: usize = 512 << 20;
/// How many bad rows are kept to be shown.
const SHOWN: usize = 5;
/// How many observations one poll gives at most; the rest comes with the next.
const LARGEST_POLL: usize = 100_000;
/// Distinct names up to which equal ones share their memory.
const SHARED_NAMES: usize = 10_000;

/// How a file is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplayOptions {
    /// How fast recorded time passes.
    pub speed: Speed,
    /// When the file's first row happens.
    pub wall_start: Timestamp,
    /// Whether an observation gets the time at which it is played, so that features are fresh; else it keeps the
    /// file's. At [`Speed::Max`] the file's times are shifted so that the last row falls on `wall_start`, and a file that
    /// spans more than an hour is compressed into one, so that no row comes too late to count.
    pub retime: bool,
}

impl ReplayOptions {
    /// Plays from `wall_start` at `speed`, with the time at which each row is played.
    #[must_use]
    pub const fn new(speed: Speed, wall_start: Timestamp) -> Self {
        Self { speed, wall_start, retime: true }
    }
}

/// Why a file cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ReplayError {
    #[error(transparent)]
    Csv(#[from] CsvError),
    #[error("{file} holds no observation ({malformed} bad rows{}): give rows of ts,service,name,value", .first.as_ref().map(|first| format!(", the first: {first}")).unwrap_or_default())]
    NoRows { file: String, malformed: u64, first: Option<CsvError> },
    #[error("{file} needs more than {} MiB from line {line} on: split it", LARGEST >> 20)]
    TooLarge { file: String, line: u64 },
}

/// Rows that were left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Malformed {
    /// How many.
    pub count: u64,
    /// The first few, with their lines.
    pub first: Vec<CsvError>,
}

/// [`TelemetrySource`] that gives the observations of a file as their time comes.
#[derive(Debug)]
pub struct Replay {
    options: ReplayOptions,
    rows: Vec<Observation>,
    given: usize,
    malformed: Malformed,
}

impl Replay {
    /// Reads the file whole (columns `ts,service,name,value`, others are ignored) and sorts it by time if need be.
    /// Bad rows are left out and counted.
    ///
    /// # Errors
    /// [`ReplayError`] if the file cannot be read, lacks a column, holds no good row or would take above 512 MiB.
    pub fn open(path: &Path, options: ReplayOptions) -> Result<Self, ReplayError> {
        Self::read(CsvReader::open(path)?, options)
    }

    /// The same from an open table.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read<R: Read>(mut table: CsvReader<R>, options: ReplayOptions) -> Result<Self, ReplayError> {
        let mut names = Names {
            columns: [table.column("ts")?, table.column("service")?, table.column("name")?, table.column("value")?],
            services: HashSet::new(),
            names: HashSet::new(),
            bytes: 0,
        };
        let (mut rows, mut malformed): (Vec<Observation>, _) = (Vec::new(), Malformed::default());
        loop {
            let observation = match table.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => names.observation(&row).map(|observation| (observation, row.line())),
                Err(error) => Err(error),
            };
            match observation {
                Ok((observation, line)) => {
                    if rows.len().saturating_mul(size_of::<Observation>()).saturating_add(names.bytes) > LARGEST {
                        return Err(ReplayError::TooLarge { file: table.file().to_owned(), line });
                    }
                    rows.push(observation);
                }
                Err(error) if error.is_of_one_row() => {
                    malformed.count += 1;
                    if malformed.first.len() < SHOWN {
                        malformed.first.push(error);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        if rows.is_empty() {
            let (file, first) = (table.file().to_owned(), malformed.first.first().cloned());
            return Err(ReplayError::NoRows { file, malformed: malformed.count, first });
        }
        if !rows.is_sorted_by_key(|row| row.at) {
            rows.sort_by_key(|row| row.at); // stable: rows of one time keep the file's order
        }
        let mut replay = Self { options, rows, given: 0, malformed };
        replay.keep_the_time_of_play();
        Ok(replay)
    }

    /// The rows that were left out.
    #[must_use]
    pub const fn malformed(&self) -> &Malformed {
        &self.malformed
    }

    /// How many observations are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rows.len() - self.given
    }

    /// Replaces times by those of the play, if that was asked for. A later row never comes before an earlier one:
    /// division and rounding keep the order.
    fn keep_the_time_of_play(&mut self) {
        if !self.options.retime {
            return;
        }
        let (Some(first), Some(last)) = (self.rows.first().map(|row| row.at), self.rows.last().map(|row| row.at))
        else {
            return;
        };
        let start = self.options.wall_start;
        let compression = (last.since(first).as_secs_f64() / LONGEST_PAST.as_secs_f64()).max(1.0);
        for row in &mut self.rows {
            row.at = match self.options.speed {
                Speed::Times(times) => start.plus(played(row.at.since(first), times)),
                Speed::Max => start.minus(played(last.since(row.at), compression)),
            };
        }
    }

    /// How many rows have happened by `now`.
    fn due(&self, now: Timestamp) -> usize {
        if now < self.options.wall_start {
            return 0;
        }
        match (self.options.speed, self.rows.first()) {
            (Speed::Times(times), Some(first)) => self.rows.partition_point(|row| {
                let due = if self.options.retime {
                    row.at
                } else {
                    self.options.wall_start.plus(played(row.at.since(first.at), times))
                };
                due <= now
            }),
            _ => self.rows.len(),
        }
    }
}

impl TelemetrySource for Replay {
    fn poll(&mut self, now: Timestamp) -> Result<Polled, SourceError> {
        if self.left() == 0 {
            return Ok(Polled::Ended);
        }
        let end = self.due(now).max(self.given).min(self.given + LARGEST_POLL);
        let observations = self.rows.get(self.given..end).unwrap_or_default().to_vec();
        self.given = end;
        Ok(Polled::Observations(observations))
    }

    fn interval(&self) -> Duration {
        match self.options.speed {
            Speed::Max => Duration::from_millis(1), // the rest of a large file is due already
            Speed::Times(_) => Duration::from_millis(100),
        }
    }
}

/// Reads rows; equal names share their memory.
struct Names {
    columns: [Column; 4],
    services: HashSet<ServiceId>,
    names: HashSet<FeatureName>,
    /// Memory that names take so far, roughly.
    bytes: usize,
}

impl Names {
    fn observation(&mut self, row: &Row<'_>) -> Result<Observation, CsvError> {
        let [ts, service, name, value] = self.columns;
        Ok(Observation {
            at: row.time(ts)?.ok_or_else(|| row.empty(ts))?,
            service: shared(&mut self.services, &mut self.bytes, row, service)?,
            name: shared(&mut self.names, &mut self.bytes, row, name)?,
            value: row.number(value)?.ok_or_else(|| row.empty(value))?,
        })
    }
}

fn shared<T>(known: &mut HashSet<T>, bytes: &mut usize, row: &Row<'_>, column: Column) -> Result<T, CsvError>
where
    T: Clone + Eq + Hash + std::borrow::Borrow<str> + FromStr<Err = InvalidName>,
{
    let text = row.text(column)?.trim();
    if text.is_empty() {
        return Err(row.empty(column));
    }
    if let Some(name) = known.get(text) {
        return Ok(name.clone());
    }
    let name: T = text.parse().map_err(|error: InvalidName| {
        let (file, line, column) = row.place(column);
        CsvError::BadName { file, line, column, why: error.to_string() }
    })?;
    *bytes += text.len() + 64;
    if known.len() < SHARED_NAMES {
        known.insert(name.clone());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_milliseconds(1_000_000);

    fn replay(text: &str, options: ReplayOptions) -> Result<Replay, ReplayError> {
        Replay::read(CsvReader::new(text.as_bytes(), "f.csv")?, options)
    }

    fn options(speed: &str, retime: bool) -> ReplayOptions {
        ReplayOptions { retime, ..ReplayOptions::new(speed.parse().unwrap(), START) }
    }

    /// Milliseconds since `START`, and values, of what a poll gives so many milliseconds after `START`.
    fn poll(replay: &mut Replay, milliseconds: i64) -> Vec<(i64, f64)> {
        let now = Timestamp::from_milliseconds(1_000_000 + milliseconds);
        match replay.poll(now).unwrap() {
            Polled::Ended => vec![(i64::MAX, f64::INFINITY)],
            Polled::Observations(all) => {
                all.iter().map(|one| (one.at.milliseconds() - START.milliseconds(), one.value)).collect()
            }
        }
    }

    const UNSORTED: &str = "value,extra,name,service,ts\n3,x,load,a,2026-01-01 00:00:20\n1,x,load,a,2026-01-01T00:00:00Z\n2,,load,b,2026-01-01 00:00:10.000\n";

    #[test]
    fn rows_come_when_their_time_has_come_and_then_the_source_ends() {
        let mut replay = replay(UNSORTED, options("10", true)).unwrap();
        assert_eq!(poll(&mut replay, -1), []);
        assert_eq!(poll(&mut replay, 0), [(0, 1.0)]);
        assert_eq!(poll(&mut replay, 999), []);
        assert_eq!(poll(&mut replay, 5000), [(1000, 2.0), (2000, 3.0)]);
        assert_eq!(poll(&mut replay, 0), [(i64::MAX, f64::INFINITY)]);
    }

    #[test]
    fn rows_keep_the_times_of_the_file_if_asked() {
        let mut replay = replay(UNSORTED, options("10", false)).unwrap();
        assert!(
            matches!(replay.poll(START), Ok(Polled::Observations(all)) if all[0].at.to_string() == "2026-01-01T00:00:00Z")
        );
        assert_eq!(poll(&mut replay, 999), []);
        assert_eq!(poll(&mut replay, 1000).len(), 1);
    }

    #[test]
    fn at_full_speed_everything_is_due_and_the_last_row_is_now() {
        for speed in ["0", "max"] {
            let mut replay = replay(UNSORTED, options(speed, true)).unwrap();
            assert_eq!(poll(&mut replay, -1), []);
            assert_eq!(poll(&mut replay, 0), [(-20_000, 1.0), (-10_000, 2.0), (0, 3.0)]);
        }
    }

    #[test]
    fn bad_rows_are_counted_and_named_and_the_good_ones_kept() {
        let long = "n".repeat(201);
        let text = format!(
            "ts,service,name,value\n2026-01-01,a,x,1\nyesterday,a,x,1\n2026-01-01,,x,1\n2026-01-01,a,{long},1\n\
             2026-01-01,a,x,\n2026-01-01,a,x,inf\n2026-01-01,a,x\n2026-01-01,a,y,2\n"
        );
        let replay = replay(&text, options("1", true)).unwrap();
        assert_eq!((replay.left(), replay.malformed().count), (2, 6));
        let first: Vec<String> = replay.malformed().first.iter().map(ToString::to_string).collect();
        assert_eq!(first.len(), 5);
        for (said, start) in first.iter().zip([
            "f.csv line 3, column \"ts\" is \"yesterday\": give a time",
            "f.csv line 4, column \"service\" is empty",
            "f.csv line 5, column \"name\": the name is 201 bytes long",
            "f.csv line 6, column \"value\" is empty",
            "f.csv line 7, column \"value\" is \"inf\"",
        ]) {
            assert!(said.starts_with(start), "{said}");
        }
    }

    #[test]
    fn a_file_is_opened_by_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("day.csv");
        std::fs::write(&path, UNSORTED.replace('\n', "\r\n")).unwrap();
        assert_eq!(Replay::open(&path, options("1", true)).unwrap().left(), 3);
        let refusal = Replay::open(&directory.path().join("none.csv"), options("1", true)).unwrap_err().to_string();
        assert!(refusal.contains("none.csv cannot be opened"), "{refusal}");
    }

    #[test]
    fn a_file_without_a_good_row_or_a_column_is_refused() {
        let refusal = replay("ts,service,name,value\nx,a,b,1\n", options("1", true)).unwrap_err().to_string();
        assert!(
            refusal.starts_with("f.csv holds no observation (1 bad rows, the first: f.csv line 2, column"),
            "{refusal}"
        );
        let refusal = replay("ts,service,value\n", options("1", true)).unwrap_err().to_string();
        assert!(refusal.starts_with("f.csv has no column \"name\""), "{refusal}");
    }

    proptest! {
        #[test]
        fn however_it_is_polled_every_row_comes_once_in_order_and_never_early(
            seconds in prop::collection::vec(0_u32..50, 1..40),
            steps in prop::collection::vec(0_i64..20_000, 1..20),
            speed in prop::sample::select(&["0.5", "1", "3", "60", "max"][..]),
            retime in any::<bool>(),
        ) {
            let mut text = "ts,service,name,value\n".to_owned();
            for second in &seconds {
                text += &format!("2026-01-01 00:00:{second:02},a,x,{second}\n");
            }
            let mut replay = replay(&text, options(speed, retime)).unwrap();
            let (mut seen, mut now) = (Vec::new(), 0);
            for step in steps.into_iter().chain([1_000_000]) {
                now += step;
                for (at, value) in poll(&mut replay, now) {
                    prop_assert!(value.is_finite() || replay.left() == 0);
                    prop_assert!(!retime || at <= now || value.is_infinite());
                    seen.extend(value.is_finite().then_some(value));
                }
            }
            let mut expected: Vec<f64> = seconds.iter().copied().map(f64::from).collect();
            expected.sort_by(f64::total_cmp);
            prop_assert_eq!(seen, expected);
        }
    }
}
