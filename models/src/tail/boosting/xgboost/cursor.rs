//! A place in a document that knows its path, so that whatever is wrong there can be named.
use super::error::{FileError, quotable};
use super::numbers::{BadEntry, integers, reals};
use super::value::Value;
use std::fmt::Write;
use std::str::FromStr;

#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'c> {
    value: &'c Value<'c>,
    above: Option<&'c Cursor<'c>>,
    step: Step<'c>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'c> {
    Root,
    Key(&'c str),
    Index(usize),
}

impl<'c> Cursor<'c> {
    pub(super) const fn root(value: &'c Value<'c>) -> Self {
        Self { value, above: None, step: Step::Root }
    }

    /// What is wrong here.
    pub(super) fn error(&self, what: impl Into<String>) -> FileError {
        FileError::Field { path: self.path(), what: what.into() }
    }

    fn path(&self) -> String {
        let mut path = self.above.map_or_else(String::new, Cursor::path);
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                let dot = if path.is_empty() { "" } else { "." };
                let _ = write!(path, "{dot}{}", quotable(key));
            }
            Step::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }

    fn expected(&self, what: &str) -> FileError {
        self.error(format!("is {}, not {what}", self.value.kind()))
    }

    /// An entry of an object, if it is there.
    pub(super) fn find<'q>(&'q self, key: &'q str) -> Result<Option<Cursor<'q>>, FileError> {
        let Value::Object(entries) = self.value else { return Err(self.expected("an object")) };
        let entry = entries.iter().find(|(name, _)| name == key);
        Ok(entry.map(|(_, value)| Cursor { value, above: Some(self), step: Step::Key(key) }))
    }

    /// An entry of an object.
    pub(super) fn field<'q>(&'q self, key: &'q str) -> Result<Cursor<'q>, FileError> {
        self.find(key)?.ok_or_else(|| self.error(format!("lacks `{key}`")))
    }

    /// The entries of an object.
    pub(super) fn entries(&self) -> Result<Vec<(&str, Cursor<'_>)>, FileError> {
        let Value::Object(entries) = self.value else { return Err(self.expected("an object")) };
        let each = |(key, value)| {
            let key: &str = key;
            (key, Cursor { value, above: Some(self), step: Step::Key(key) })
        };
        Ok(entries.iter().map(|(key, value)| each((key, value))).collect())
    }

    /// The entries of an array that holds no plain numbers.
    pub(super) fn items(&self) -> Result<impl ExactSizeIterator<Item = Cursor<'_>>, FileError> {
        let Value::Array(values) = self.value else { return Err(self.expected("an array of objects or texts")) };
        let each = |(index, value)| Cursor { value, above: Some(self), step: Step::Index(index) };
        Ok(values.iter().enumerate().map(each))
    }

    pub(super) const fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    pub(super) const fn is_array(&self) -> bool {
        matches!(self.value, Value::Array(_) | Value::Numbers(_))
    }

    pub(super) fn text(&self) -> Result<&'c str, FileError> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.expected("a text")),
        }
    }

    /// A number that the file holds as text (or, leniently, as a number).
    pub(super) fn number<T: FromStr + TryFrom<i64>>(&self) -> Result<T, FileError> {
        let number = match self.value {
            Value::Integer(number) => T::try_from(*number).ok(),
            Value::Text(text) => text.trim().parse().ok(),
            _ => return Err(self.expected("a number")),
        };
        number.ok_or_else(|| self.error("is no number in the range that is possible there"))
    }

    /// An array of numbers as f32.
    pub(super) fn reals(&self) -> Result<Vec<f32>, FileError> {
        self.decoded(reals(self.value), "an array of numbers")
    }

    /// An array of whole numbers.
    pub(super) fn integers(&self) -> Result<Vec<i64>, FileError> {
        self.decoded(integers(self.value), "an array of whole numbers")
    }

    fn decoded<T>(&self, decoded: Option<Result<Vec<T>, BadEntry>>, what: &str) -> Result<Vec<T>, FileError> {
        let decoded = decoded.ok_or_else(|| self.expected(what))?;
        decoded.map_err(|bad| self.error(format!("holds {} at index {}, not a number", bad.found, bad.index)))
    }
}
