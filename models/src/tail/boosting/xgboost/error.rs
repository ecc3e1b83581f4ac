//! Why bytes are no model that can be used.
use crate::tail::boosting::ModelError;

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum FileError {
    #[error("it is {what}, not XGBoost's JSON or UBJSON: save the model with save_model(\"model.json\")")]
    OtherFormat { what: &'static str },
    #[error("{what} at {place}: copy or save the model again")]
    Syntax { what: String, place: Place },
    #[error("{} {what}: save the model again with save_model(\"model.json\")", named(path))]
    Field { path: String, what: String },
    #[error("{what} cannot be used: {remedy}")]
    Unsupported { what: String, remedy: &'static str },
    #[error("{error}: save the model again with save_model(\"model.json\")")]
    Model { error: ModelError },
}

/// The path of a field; the document itself has none.
fn named(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") }
}

/// Where reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In text: line and column, counted from 1 (columns in bytes).
    Line {
        /// The line.
        line: usize,
        /// The byte in the line.
        column: usize,
    },
    /// In binary: bytes before it.
    Byte(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
            Self::Byte(offset) => write!(f, "byte {offset}"),
        }
    }
}

impl From<ModelError> for FileError {
    fn from(error: ModelError) -> Self {
        Self::Model { error }
    }
}

/// The start of a text from a file, on one line.
pub(super) fn quotable(text: &str) -> String {
    text.chars().take(60).map(|one| if one.is_control() { '?' } else { one }).collect()
}
