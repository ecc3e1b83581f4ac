//! The values of a column of a file.
use super::super::{Refusal, input};
use super::{COMMAND, advised};
use bellwether_actors::models::Series;
use bellwether_adapters::csv::{CsvError, CsvReader};
use std::io::Read;
use std::path::Path;

/// Rows of a file beyond which its reading would take too long, or its values too much memory.
const MOST_ROWS: usize = 10_000_000;

/// The values of a column.
#[derive(Debug)]
pub(super) struct Values {
    /// In the file's order, without the missing ones.
    pub(super) values: Vec<f64>,
    /// Row of each missing one, counted from 0.
    pub(super) missing: Vec<usize>,
}

impl Values {
    pub(super) fn read(path: &Path, column: &str) -> Result<Self, Refusal> {
        Self::take(input::open(path, "split the file, or fit its latest part", COMMAND)?, column)
    }

    pub(super) fn take<R: Read>(mut table: CsvReader<R>, name: &str) -> Result<Self, Refusal> {
        let refused = |error: CsvError| advised(&error.to_string());
        let column = table.column(name).map_err(refused)?;
        let (mut values, mut missing) = (Vec::new(), Vec::new());
        while let Some(row) = table.next_row().map_err(refused)? {
            let rows = values.len() + missing.len();
            if rows == MOST_ROWS {
                let what = format!("more than {MOST_ROWS} rows are too many for one fit");
                return Err(Refusal::new(what, "split the file, or fit its latest part").at(table.file()));
            }
            match row.number(column).map_err(refused)? {
                Some(value) => values.push(value),
                None => missing.push(rows),
            }
        }
        Ok(Self { values, missing })
    }

    /// Rows, counted from 0, with their values.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, f64)> {
        let mut missing = self.missing.iter().copied().peekable();
        let mut row = 0;
        self.values.iter().map(move |value| {
            while missing.next_if_eq(&row).is_some() {
                row += 1;
            }
            row += 1;
            (row - 1, *value)
        })
    }

    pub(super) fn series(&self) -> Series<'_> {
        Series { values: &self.values, missing: &self.missing }
    }
}
