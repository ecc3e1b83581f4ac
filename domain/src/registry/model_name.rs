//! Names of models: they stand in URLs, tables and log lines.
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::sync::Arc;

/// Longest name, in bytes.
const LONGEST: usize = 100;
/// Names that stand for something else in the paths of the API.
const TAKEN: [&str; 2] = ["list", "bandit"];

/// The name of a registered model, such as `tail-slo`: 1 to 100 letters, digits, `-`, `_` or `.`, a letter or digit first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(Arc<str>);

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum InvalidModelName {
    #[error("a model's name is 1 to {LONGEST} letters, digits, `-`, `_` or `.`, with a letter or digit first")]
    Form,
    #[error("the name is taken by another part of the API: choose another, such as tail-slo")]
    Taken,
}

impl ModelName {
    /// Checks the text and takes it over.
    ///
    /// # Errors
    /// [`InvalidModelName`].
    pub fn new(text: &str) -> Result<Self, InvalidModelName> {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let sound = (1..=LONGEST).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(inside);
        match sound {
            false => Err(InvalidModelName::Form),
            true if TAKEN.contains(&text) => Err(InvalidModelName::Taken),
            true => Ok(Self(Arc::from(text))),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModelName {
    type Error = InvalidModelName;
    fn try_from(text: String) -> Result<Self, InvalidModelName> {
        Self::new(&text)
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl std::str::FromStr for ModelName {
    type Err = InvalidModelName;
    fn from_str(text: &str) -> Result<Self, InvalidModelName> {
        Self::new(text)
    }
}

impl Borrow<str> for ModelName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ModelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_path_and_names_nothing_else_there() {
        let (longest, longer) = ("x".repeat(100), "x".repeat(101));
        for (text, expected) in [
            ("tail-slo", Ok(())),
            ("v1.2_b", Ok(())),
            (longest.as_str(), Ok(())),
            (longer.as_str(), Err(InvalidModelName::Form)),
            ("", Err(InvalidModelName::Form)),
            ("..", Err(InvalidModelName::Form)),
            ("-x", Err(InvalidModelName::Form)),
            ("a/b", Err(InvalidModelName::Form)),
            ("a b", Err(InvalidModelName::Form)),
            ("größe", Err(InvalidModelName::Form)),
            ("list", Err(InvalidModelName::Taken)),
            ("bandit", Err(InvalidModelName::Taken)),
        ] {
            assert_eq!(ModelName::new(text).map(|_| ()), expected, "{text:?}");
        }
    }
}
