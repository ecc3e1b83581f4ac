//! Input that was refused: what, where, and what to do.
use std::fmt;

/// Ends a command with exit code 2 and at most three lines: what, where, `hint:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    what: String,
    place: Option<String>,
    hint: String,
}

impl Refusal {
    /// Line breaks are taken out of both texts.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        let line = |text: String| text.replace(['\n', '\r'], " ");
        Self { what: line(what.into()), place: None, hint: line(hint.into()) }
    }

    /// Says where: a file, a line, a column.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into().replace(['\n', '\r'], " "));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(f, "\n  at {place}")?;
        }
        write!(f, "\nhint: {}", self.hint)
    }
}

impl std::error::Error for Refusal {}
