//! The table reader that every command shares: header, columns by name, one row in memory at a time.
//!
//! LF, CR LF or CR end a line; a byte order mark and empty lines are skipped; cells may be quoted; empty, `NaN`, `nan`
//! and `NA` are missing.
use super::error::CsvError;
use super::wire::{self, Number, PlainLines};
use bellwether_domain::types::Timestamp;
use csv::{ByteRecord, ReaderBuilder};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longest accepted line, in bytes.
const LONGEST_LINE: u64 = 1 << 20;
/// Longest part of a cell, a file name or a list of columns that a message repeats, in characters.
const SHOWN: usize = 60;

/// A column of one file, found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(usize);

/// Reads a table row by row.
#[derive(Debug)]
pub struct CsvReader<R> {
    file: String,
    columns: Vec<String>,
    source: csv::Reader<PlainLines<R>>,
    record: ByteRecord,
    /// Line on which the record starts.
    line: u64,
}

/// A row; valid until the next is read.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    file: &'a str,
    columns: &'a [String],
    record: &'a ByteRecord,
    line: u64,
}

impl CsvReader<File> {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`CsvError::NotOpened`], [`CsvError::NoHeader`], or as [`Self::next_row`].
    pub fn open(path: &Path) -> Result<Self, CsvError> {
        let file = path.display().to_string();
        match File::open(path) {
            Ok(source) => Self::new(source, file),
            Err(error) => Err(CsvError::NotOpened { file, why: error.to_string() }),
        }
    }
}

impl<R: Read> CsvReader<R> {
    /// Reads the header from `source`; `file` is what messages call it.
    ///
    /// # Errors
    /// [`CsvError::NoHeader`], or as [`Self::next_row`].
    pub fn new(source: R, file: impl Into<String>) -> Result<Self, CsvError> {
        // Counting cells is our task, so that a message can name the line and reading can go on behind it.
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true);
        let source = builder.from_reader(PlainLines::new(source, LONGEST_LINE));
        let mut reader = Self { file: file.into(), columns: Vec::new(), source, record: ByteRecord::new(), line: 0 };
        if !reader.advance()? {
            return Err(CsvError::NoHeader { file: reader.file });
        }
        let line = reader.line;
        let mut columns = Vec::with_capacity(reader.record.len());
        for (index, cell) in reader.record.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(cell) else {
                let column = format!("number {}", index + 1);
                return Err(CsvError::NotUtf8 { file: reader.file, line, column });
            };
            columns.push(name.trim().to_owned());
        }
        reader.columns = columns;
        Ok(reader)
    }

    /// What messages call the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The columns' names in the file's order, without surrounding space.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The column of that name.
    ///
    /// # Errors
    /// [`CsvError::MissingColumn`], which names those that exist, or [`CsvError::AmbiguousColumn`].
    pub fn column(&self, name: &str) -> Result<Column, CsvError> {
        self.find(name)?.ok_or_else(|| CsvError::MissingColumn {
            file: self.file.clone(),
            column: name.to_owned(),
            present: shortened(&self.columns.join(",")),
        })
    }

    /// The column of that name, if there is one.
    ///
    /// # Errors
    /// [`CsvError::AmbiguousColumn`] if there are several.
    pub fn find(&self, name: &str) -> Result<Option<Column>, CsvError> {
        let mut found = self.columns.iter().enumerate().filter(|(_, column)| *column == name);
        let first = found.next().map(|(index, _)| Column(index));
        match found.count() {
            0 => Ok(first),
            more => {
                let (file, column) = (self.file.clone(), name.to_owned());
                Err(CsvError::AmbiguousColumn { file, column, count: more + 1 })
            }
        }
    }

    /// The column at `index`, counted from 0, if the table is that wide.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<Column> {
        (index < self.columns.len()).then_some(Column(index))
    }

    /// The next row; `None` behind the last. After an error [`CsvError::is_of_one_row`] reading may go on.
    ///
    /// # Errors
    /// [`CsvError::RaggedRow`] if the row is not as wide as the header; [`CsvError::LineTooLong`] beyond 1 MiB;
    /// [`CsvError::NotRead`] if the source fails.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, CsvError> {
        if !self.advance()? {
            return Ok(None);
        }
        let (got, expected) = (self.record.len(), self.columns.len());
        if got != expected {
            return Err(CsvError::RaggedRow { file: self.file.clone(), line: self.line, got, expected });
        }
        Ok(Some(Row { file: &self.file, columns: &self.columns, record: &self.record, line: self.line }))
    }

    /// Reads a record; whether there was one.
    fn advance(&mut self) -> Result<bool, CsvError> {
        self.source.get_mut().new_allowance();
        let is_row = self.source.read_byte_record(&mut self.record).map_err(|error| {
            let (file, line) = (self.file.clone(), self.source.position().line());
            match error.kind() {
                csv::ErrorKind::Io(_) if self.source.get_ref().is_exhausted() => {
                    CsvError::LineTooLong { file, line, limit: LONGEST_LINE }
                }
                _ => CsvError::NotRead { file, line, why: error.to_string() },
            }
        })?;
        // The record's own position lies before the empty lines that were skipped, so count back from its end.
        let end = self.source.position();
        let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let behind = within + u64::from(!self.source.get_ref().is_open_end(end.byte()));
        self.line = end.line().saturating_sub(behind);
        Ok(is_row)
    }
}

impl<'a> Row<'a> {
    /// The line on which the row starts, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The cell as it stands in the file, without quotes; empty if it is missing there.
    ///
    /// # Errors
    /// [`CsvError::NotUtf8`].
    pub fn text(&self, column: Column) -> Result<&'a str, CsvError> {
        std::str::from_utf8(self.record.get(column.0).unwrap_or_default()).map_err(|_| {
            let (file, line, column) = self.place(column);
            CsvError::NotUtf8 { file, line, column }
        })
    }

    /// The cell as a finite number; `None` if it is missing.
    ///
    /// # Errors
    /// [`CsvError::NotANumber`], [`CsvError::Infinite`], [`CsvError::NotUtf8`].
    pub fn number(&self, column: Column) -> Result<Option<f64>, CsvError> {
        match self.number_or_infinity(column)? {
            Some(value) if value.is_infinite() => {
                let (file, line, name) = self.place(column);
                Err(CsvError::Infinite { file, line, column: name, cell: shortened(self.text(column)?) })
            }
            other => Ok(other),
        }
    }

    /// The cell as a number that may be infinite, for models that can take it; `None` if it is missing.
    ///
    /// # Errors
    /// [`CsvError::NotANumber`], [`CsvError::NotUtf8`].
    pub fn number_or_infinity(&self, column: Column) -> Result<Option<f64>, CsvError> {
        let cell = self.text(column)?;
        match wire::number(cell) {
            Number::Missing => Ok(None),
            Number::Finite(value) | Number::Infinite(value) => Ok(Some(value)),
            Number::Refused => {
                let (file, line, column) = self.place(column);
                Err(CsvError::NotANumber { file, line, column, cell: shortened(cell) })
            }
        }
    }

    /// The cell as a point in time (RFC 3339; without an offset, or a date alone, in UTC); `None` if it is missing.
    ///
    /// # Errors
    /// [`CsvError::NotATime`], [`CsvError::NotUtf8`].
    pub fn time(&self, column: Column) -> Result<Option<Timestamp>, CsvError> {
        let cell = self.text(column)?;
        if wire::is_missing(cell) {
            return Ok(None);
        }
        wire::time(cell).map(Some).ok_or_else(|| {
            let (file, line, column) = self.place(column);
            CsvError::NotATime { file, line, column, cell: shortened(cell) }
        })
    }

    /// The refusal of an empty cell, for columns that need one.
    #[must_use]
    pub fn empty(&self, column: Column) -> CsvError {
        let (file, line, column) = self.place(column);
        CsvError::EmptyCell { file, line, column }
    }

    /// File, line and column's name, as messages want them.
    pub(super) fn place(&self, column: Column) -> (String, u64, String) {
        let name = self.columns.get(column.0).map(|name| shortened(name)).unwrap_or_default();
        (self.file.to_owned(), self.line(), name)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{self, repeat};

    fn reader(text: &[u8]) -> CsvReader<&[u8]> {
        CsvReader::new(text, "f.csv").unwrap()
    }

    /// Line, text of `a` and number of `b` of every row.
    fn rows(text: &str) -> Vec<(u64, String, Option<f64>)> {
        let mut reader = reader(text.as_bytes());
        let (a, b) = (reader.column("a").unwrap(), reader.column("b").unwrap());
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row().unwrap() {
            rows.push((row.line(), row.text(a).unwrap().to_owned(), row.number(b).unwrap()));
        }
        rows
    }

    #[test]
    fn any_line_end_a_byte_order_mark_quotes_and_column_order_make_no_difference() {
        let expected = vec![(2, "x,\"y\"".to_owned(), Some(1.5)), (3, "z".to_owned(), None)];
        for text in [
            "a,b\n\"x,\"\"y\"\"\",1.5\nz,NA\n",
            "a,b\r\n\"x,\"\"y\"\"\",1.5\r\nz,nan",
            "a,b\r\"x,\"\"y\"\"\",1.5\rz,\r",
            "\u{feff}a,b\n\"x,\"\"y\"\"\",1.5\nz,NaN\n",
            "\u{feff}\"b\", a ,extra\n 1.5,\"x,\"\"y\"\"\",9\n,z,\n",
        ] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_are_those_of_the_file_despite_empty_lines_and_line_ends_in_cells() {
        let text = "a,b\n\n\n\"two\nlines\",1\n\nnext,2\nlast,3";
        for text in [text.to_owned(), text.replace('\n', "\r"), text.replace('\n', "\r\n"), format!("{text}\n\n")] {
            assert_eq!(rows(&text).iter().map(|row| row.0).collect::<Vec<_>>(), [4, 7, 8], "{text:?}");
        }
    }

    #[test]
    fn what_is_refused_is_named_by_file_line_and_column() {
        let text = b"a,b\n1,inf\n2,1e999\n3,x\n4\n\xff,5\n6,6\n";
        let mut reader = reader(text);
        let (a, b) = (reader.column("a").unwrap(), reader.column("b").unwrap());
        let mut said = Vec::new();
        loop {
            let row = match reader.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => row.text(a).and_then(|_| row.number(b)).map(|_| ()),
                Err(error) => Err(error),
            };
            said.extend(row.err().map(|error| {
                assert!(error.is_of_one_row());
                error.to_string()
            }));
        }
        let expected = [
            "f.csv line 2, column \"b\" is \"inf\": give a finite number, or leave it empty",
            "f.csv line 3, column \"b\" is \"1e999\": give a finite number, or leave it empty",
            "f.csv line 4, column \"b\" is \"x\": give a number with a decimal point, or leave it empty",
            "f.csv line 5 has 1 cells instead of 2: give every row as many cells as the header",
            "f.csv line 6, column \"a\" is no UTF-8 text: save the file as UTF-8",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn columns_are_found_by_name_or_refused() {
        let reader = reader(b"ds,y,y\n");
        let refusal = reader.column("x").unwrap_err().to_string();
        assert_eq!(refusal, "f.csv has no column \"x\" (it has ds,y,y): rename or add it");
        assert!(matches!(reader.find("y"), Err(CsvError::AmbiguousColumn { count: 2, .. })));
        assert_eq!((reader.find("x"), reader.find("ds")), (Ok(None), Ok(reader.nth(0))));
        for empty in ["", "\n\n", "\u{feff}", "\r\n"] {
            assert!(matches!(CsvReader::new(empty.as_bytes(), "f"), Err(CsvError::NoHeader { .. })), "{empty:?}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_the_memory() {
        for head in ["", "a,b\n1,2\n\"", "a,b\n1,2\n"] {
            for byte in [b'x', 0, b',', b'"'] {
                let source = io::Read::chain(head.as_bytes(), repeat(byte).take(1 << 40));
                let refusal = CsvReader::new(source, "f").and_then(|mut reader| {
                    while reader.next_row()?.is_some() {}
                    Ok(())
                });
                assert!(matches!(refusal, Err(CsvError::LineTooLong { limit: LONGEST_LINE, .. })), "{refusal:?}");
            }
        }
    }

    #[test]
    fn a_folder_or_nothing_in_place_of_the_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let missing = CsvReader::open(&directory.path().join("none.csv")).map(|_| ());
        assert!(matches!(missing, Err(CsvError::NotOpened { .. })));
        assert!(matches!(CsvReader::open(directory.path()).map(|_| ()), Err(CsvError::NotRead { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_go_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let Ok(mut reader) = CsvReader::new(bytes.as_slice(), "f") else { return Ok(()) };
            let mut turns = 0;
            loop {
                turns += 1;
                prop_assert!(turns < 400);
                match reader.next_row() {
                    Ok(None) => break,
                    Err(error) if !error.is_of_one_row() => break,
                    Err(_) => {}
                    Ok(Some(row)) => {
                        let first = Column(0);
                        let _ = (row.text(first), row.number(first), row.time(first));
                    }
                }
            }
        }
    }
}
