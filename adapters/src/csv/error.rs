//! What can be wrong with a file; each message names file, line, column and remedy.

/// Why a file, or one of its rows, was refused. Lines count from 1, the header's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum CsvError {
    #[error("{file} cannot be opened: {why}; give the path of a readable CSV file")]
    NotOpened { file: String, why: String },
    #[error("{file} cannot be read on from line {line}: {why}; give a plain, readable CSV file")]
    NotRead { file: String, line: u64, why: String },
    #[error("{file} has no header: its first line must name the columns, as in ts,service,name,value")]
    NoHeader { file: String },
    #[error("{file} has no column \"{column}\" (it has {present}): rename or add it")]
    MissingColumn { file: String, column: String, present: String },
    #[error("{file} has {count} columns named \"{column}\": rename all but one")]
    AmbiguousColumn { file: String, column: String, count: usize },
    #[error("{file} line {line} is longer than {limit} bytes: look for a quote that is not closed, or cut the line")]
    LineTooLong { file: String, line: u64, limit: u64 },
    #[error("{file} line {line} has {got} cells instead of {expected}: give every row as many cells as the header")]
    RaggedRow { file: String, line: u64, got: usize, expected: usize },
    #[error("{file} line {line}, column \"{column}\" is no UTF-8 text: save the file as UTF-8")]
    NotUtf8 { file: String, line: u64, column: String },
    #[error("{file} line {line}, column \"{column}\" is empty: fill it in or remove the row")]
    EmptyCell { file: String, line: u64, column: String },
    #[error(
        "{file} line {line}, column \"{column}\" is \"{cell}\": give a number with a decimal point, or leave it empty"
    )]
    NotANumber { file: String, line: u64, column: String, cell: String },
    #[error("{file} line {line}, column \"{column}\" is \"{cell}\": give a finite number, or leave it empty")]
    Infinite { file: String, line: u64, column: String, cell: String },
    #[error(
        "{file} line {line}, column \"{column}\" is \"{cell}\": give a time as 2026-11-23T10:00:00Z or, in UTC, 2026-11-23 10:00:00"
    )]
    NotATime { file: String, line: u64, column: String, cell: String },
    #[error("{file} line {line}, column \"{column}\": {why}")]
    BadName { file: String, line: u64, column: String, why: String },
}

impl CsvError {
    /// Whether only one row is bad, so that the reader may go on with the next.
    #[must_use]
    pub const fn is_of_one_row(&self) -> bool {
        match self {
            Self::RaggedRow { .. }
            | Self::NotUtf8 { .. }
            | Self::EmptyCell { .. }
            | Self::NotANumber { .. }
            | Self::Infinite { .. }
            | Self::NotATime { .. }
            | Self::BadName { .. } => true,
            Self::NotOpened { .. }
            | Self::NotRead { .. }
            | Self::NoHeader { .. }
            | Self::MissingColumn { .. }
            | Self::AmbiguousColumn { .. }
            | Self::LineTooLong { .. } => false,
        }
    }
}
