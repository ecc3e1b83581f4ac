//! Names that come from outside: bounded in length, free of control characters, cheap to clone.
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::sync::Arc;

/// Longest accepted name, in bytes of UTF-8.
const LONGEST: usize = 200;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum InvalidName {
    #[error("the {what} is empty: give it at least one character")]
    Empty { what: &'static str },
    #[error("the {what} is {got} bytes long: use at most {LONGEST}")]
    TooLong { what: &'static str, got: usize },
    #[error("the {what} holds a control character at byte {at}: remove it")]
    ControlCharacter { what: &'static str, at: usize },
}

fn check(text: &str, what: &'static str) -> Result<(), InvalidName> {
    if text.is_empty() {
        return Err(InvalidName::Empty { what });
    }
    if text.len() > LONGEST {
        return Err(InvalidName::TooLong { what, got: text.len() });
    }
    match text.char_indices().find(|(_, character)| character.is_control()) {
        Some((at, _)) => Err(InvalidName::ControlCharacter { what, at }),
        None => Ok(()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks the text and takes it over.
            ///
            /// # Errors
            /// [`InvalidName`] if it is empty, longer than 200 bytes or holds a control character.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                check(text, $what)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(&text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl std::str::FromStr for $type {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A service of the watched fleet: 1 to 200 bytes without control characters.
    ServiceId,
    "service"
);
name!(
    /// A feature or an observed quantity: 1 to 200 bytes without control characters.
    FeatureName,
    "name"
);

name!(
    /// An experiment of the bandit: 1 to 200 bytes without control characters.
    ExperimentName,
    "experiment"
);
name!(
    /// An arm of an experiment: 1 to 200 bytes without control characters.
    ArmName,
    "arm"
);

impl Default for ServiceId {
    /// The service of a request that names none.
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

impl Default for ExperimentName {
    /// The experiment of a request that names none.
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_free_of_control_characters() {
        let long = "x".repeat(201);
        let cases = [
            ("order-gateway", Ok(())),
            ("Zürich 東京", Ok(())),
            ("", Err(InvalidName::Empty { what: "service" })),
            ("a\nb", Err(InvalidName::ControlCharacter { what: "service", at: 1 })),
            (long.as_str(), Err(InvalidName::TooLong { what: "service", got: 201 })),
        ];
        for (text, expected) in cases {
            assert_eq!(ServiceId::new(text).map(|_| ()), expected, "{text:?}");
        }
    }
}
