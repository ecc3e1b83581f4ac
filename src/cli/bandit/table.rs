//! Files with limits, and refusals with their remedy.
use super::super::Refusal;
use bellwether_adapters::csv::{CsvError, CsvReader};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file beyond which its reading would take too long.
const MOST_BYTES: u64 = 384 << 20;
/// Rows of a file.
const MOST_ROWS: usize = 10_000_000;
/// Numbers kept of a file: a quarter of a gigabyte.
const MOST_NUMBERS: usize = 32 << 20;

/// A table being read.
pub(super) type Table = CsvReader<Limited>;

pub(super) fn open(path: &Path) -> Result<Table, Refusal> {
    let file = path.display().to_string();
    let source = File::open(path)
        .map_err(|error| refused(&CsvError::NotOpened { file: file.clone(), why: error.to_string() }))?;
    if source.metadata().is_ok_and(|facts| facts.len() > MOST_BYTES) {
        let what = format!("{file} is larger than {} MiB", MOST_BYTES >> 20);
        return Err(Refusal::new(what, "replay a part of it"));
    }
    CsvReader::new(Limited { source, left: MOST_BYTES }, file).map_err(|error| refused(&error))
}

/// Whether another row of so many numbers still fits.
pub(super) fn check_room(table_file: &str, rows: usize, width: usize) -> Result<(), Refusal> {
    if rows < MOST_ROWS && rows.saturating_mul(width) < MOST_NUMBERS {
        return Ok(());
    }
    let what = format!("{table_file} is too large: more than {rows} rows of {width} numbers");
    Err(Refusal::new(what, "replay a part of it"))
}

/// A message that ends in its remedy, as a refusal.
pub(super) fn refused(error: &dyn std::error::Error) -> Refusal {
    let message = error.to_string();
    match message.rfind(": ").max(message.rfind("; ")) {
        Some(end) => Refusal::new(&message[..end], &message[end + 2..]),
        None => Refusal::new(message, "`bellwether bandit replay --help` shows what is possible"),
    }
}

/// Ends with an error instead of reading on for minutes.
#[derive(Debug)]
pub(super) struct Limited {
    source: File,
    left: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!("it is larger than {} MiB", MOST_BYTES >> 20)));
        }
        let got = self.source.read(buffer)?;
        self.left = self.left.saturating_sub(got as u64);
        Ok(got)
    }
}
