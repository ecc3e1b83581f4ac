//! What a replay reads, and how it refuses.
use super::super::{Refusal, input};
use std::path::Path;

pub(super) use super::super::input::Table;

/// As it is typed.
const COMMAND: &str = "bellwether bandit replay";
/// Rows of a file.
const MOST_ROWS: usize = 10_000_000;
/// Numbers kept of a file: a quarter of a gigabyte.
const MOST_NUMBERS: usize = 32 << 20;

pub(super) fn open(path: &Path) -> Result<Table, Refusal> {
    input::open(path, "replay a part of it", COMMAND)
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
    input::advised(&error, COMMAND)
}
