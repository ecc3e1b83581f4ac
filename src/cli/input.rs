//! Files that commands read: bounded in size, and refused with their remedy.
use super::Refusal;
use bellwether_adapters::csv::{CsvError, CsvReader};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file beyond which its reading would take too long.
const MOST_BYTES: u64 = 384 << 20;

/// A table being read.
pub(super) type Table = CsvReader<Limited<File>>;

/// Opens a table; `too_large` is the remedy for one that is, `command` the one whose help shows what is possible.
pub(super) fn open(path: &Path, too_large: &str, command: &str) -> Result<Table, Refusal> {
    let file = path.display().to_string();
    let source = File::open(path)
        .map_err(|error| advised(&CsvError::NotOpened { file: file.clone(), why: error.to_string() }, command))?;
    if source.metadata().is_ok_and(|facts| facts.len() > MOST_BYTES) {
        return Err(Refusal::new(format!("{file} is larger than {} MiB", MOST_BYTES >> 20), too_large));
    }
    CsvReader::new(Limited { source, left: MOST_BYTES }, file).map_err(|error| advised(&error, command))
}

/// Ends with an error instead of reading on for minutes.
#[derive(Debug)]
pub(super) struct Limited<R> {
    pub(super) source: R,
    pub(super) left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!("it is larger than {} MiB", MOST_BYTES >> 20)));
        }
        let got = self.source.read(buffer)?;
        self.left = self.left.saturating_sub(got as u64);
        Ok(got)
    }
}

/// An error whose message ends in its remedy, as a refusal.
pub(super) fn advised(error: &dyn std::fmt::Display, command: &str) -> Refusal {
    let message = error.to_string();
    match message.rfind(": ").max(message.rfind("; ")) {
        Some(end) => Refusal::new(&message[..end], &message[end + 2..]),
        None => Refusal::new(message, format!("`{command} --help` shows what is possible")),
    }
}
