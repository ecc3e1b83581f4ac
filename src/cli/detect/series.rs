//! A column of a file with what labels its rows, as every detector reads it.
use super::super::{Refusal, input};
use bellwether_adapters::csv::{CsvError, CsvReader};
use std::io::Read;
use std::path::Path;

/// As it is typed, but for the detector.
const COMMAND: &str = "bellwether detect";
/// Rows beyond which a file would take too long.
pub(super) const MOST_ROWS: usize = 2_000_000;
/// Columns that label rows, the best first.
const LABELS: [&str; 6] = ["timestamp", "time", "ts", "date", "ds", "index"];

/// Values in the file's order with the label of each.
#[derive(Debug)]
pub(super) struct Series {
    /// Name of the labels' column; `index` if the file has none.
    label: String,
    /// The labels one behind the other; empty if rows are counted.
    labels: String,
    /// Where each label ends.
    ends: Vec<usize>,
    pub(super) values: Vec<Option<f64>>,
}

impl Series {
    /// Reads `column`; values that `refused` gives a reason against are refused by row.
    pub(super) fn read(
        path: &Path,
        column: &str,
        refused: impl Fn(f64) -> Option<&'static str>,
    ) -> Result<Self, Refusal> {
        Self::take(input::open(path, "split the file, or look at its latest part", COMMAND)?, column, refused)
    }

    pub(super) fn take<R: Read>(
        mut table: CsvReader<R>,
        name: &str,
        refused: impl Fn(f64) -> Option<&'static str>,
    ) -> Result<Self, Refusal> {
        let bad = |error: CsvError| input::advised(&error, COMMAND);
        let file = table.file().to_owned();
        let column = table.column(name).map_err(bad)?;
        let found = LABELS.into_iter().filter(|label| *label != name);
        let label = found.into_iter().find(|label| table.columns().iter().any(|column| column == label));
        let label_column = label.map(|label| table.column(label)).transpose().map_err(bad)?;
        let mut series = Self {
            label: label.unwrap_or("index").to_owned(),
            labels: String::new(),
            ends: Vec::new(),
            values: Vec::new(),
        };
        while let Some(row) = table.next_row().map_err(bad)? {
            if series.values.len() == MOST_ROWS {
                let what = format!("more than {MOST_ROWS} rows are too many at once");
                return Err(Refusal::new(what, "split the file, or look at its latest part").at(file));
            }
            let value = row.number(column).map_err(bad)?;
            if let Some((value, needed)) = value.and_then(|value| Some((value, refused(value)?))) {
                let what = format!("the model cannot explain {value}");
                let place = format!("{file} line {}, column \"{name}\"", row.line());
                return Err(Refusal::new(what, format!("give {needed}, or choose another --model")).at(place));
            }
            if let Some(label) = label_column {
                series.labels.push_str(row.text(label).map_err(bad)?);
                series.ends.push(series.labels.len());
            }
            series.values.push(value);
        }
        Ok(series)
    }

    /// Name of the labels' column.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The label of a row, fit for a CSV cell.
    pub(super) fn labelled(&self, row: usize) -> String {
        let Some(end) = self.ends.get(row) else { return row.to_string() };
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let label = &self.labels[start..*end];
        if label.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", label.replace('"', "\"\""))
        } else {
            label.to_owned()
        }
    }
}

/// A number so that it is read back with the same bits, without hundreds of digits.
pub(super) fn written(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) { value.to_string() } else { format!("{value:e}") }
}
