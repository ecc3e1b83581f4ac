//! CSV files: a table reader that every command shares, and a recorded stream of observations played back.
mod error;
mod reader;
mod replay;
mod speed;
mod wire;

pub use error::CsvError;
pub use reader::{Column, CsvReader, Row};
pub use replay::{Malformed, Replay, ReplayError, ReplayOptions};
pub use speed::{Speed, UnknownSpeed};
