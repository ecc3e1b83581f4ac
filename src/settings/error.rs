//! What can be wrong with settings, each fault with its key, its place and a remedy.
use std::fmt;
use std::sync::Arc;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The file built into the binary (`config/default.toml`).
    Default {
        /// Line in it, from 1.
        line: usize,
    },
    /// The file given by `--config`.
    File {
        /// Its path, as given.
        path: Arc<str>,
        /// Line in it, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: Arc<str>,
    },
    /// A flag on the command line.
    Flag {
        /// With its dashes.
        name: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default { .. } => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path} line {line}"),
            Self::Environment { variable } => write!(f, "environment variable {variable}"),
            Self::Flag { name } => write!(f, "flag {name}"),
        }
    }
}

/// Keys whose values are never printed.
pub(super) const SECRETS: [&str; 1] = ["auth.admin_key"];

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub(super) path: Vec<String>,
    pub(super) origin: Option<Origin>,
    pub(super) kind: FaultKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FaultKind {
    /// Nobody reads this key.
    UnknownKey { known: Vec<String> },
    /// The value has another type or is out of range.
    WrongValue { found: String, wanted: String },
    /// The value is none of a few words.
    NotAChoice { found: String, choices: Vec<String> },
    /// A key that must be there is not.
    MissingKey,
    /// The value was refused for a reason of its own.
    Refused { reason: String, remedy: Option<String> },
    /// The file or variable could not be read as settings at all.
    Unreadable { reason: String, remedy: &'static str },
}

impl Fault {
    pub(super) const fn new(kind: FaultKind) -> Self {
        Self { path: Vec::new(), origin: None, kind }
    }

    pub(super) fn refused(path: &str, reason: String, remedy: &str) -> Self {
        let kind = FaultKind::Refused { reason, remedy: Some(remedy.to_owned()) };
        Self { path: path.split('.').map(str::to_owned).collect(), origin: None, kind }
    }

    pub(super) fn at(mut self, origin: Origin) -> Self {
        self.origin.get_or_insert(origin);
        self
    }

    /// The same, seen from one level further out.
    pub(super) fn within(mut self, key: &str, origin: &Origin) -> Self {
        self.path.insert(0, key.to_owned());
        self.at(origin.clone())
    }

    /// The key, such as `server.listen`; empty if the fault concerns no single key.
    #[must_use]
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// The file and line, the environment variable or the flag.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        self.origin.as_ref().map(ToString::to_string)
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn what(&self) -> String {
        let key = self.key();
        match &self.kind {
            FaultKind::UnknownKey { .. } => format!("unknown key `{key}`"),
            FaultKind::WrongValue { wanted, .. } if SECRETS.contains(&key.as_str()) => {
                format!("`{key}` is not {wanted}")
            }
            FaultKind::WrongValue { found, wanted } => format!("`{key}` is {found}, not {wanted}"),
            FaultKind::NotAChoice { found, choices } => {
                format!("`{key}` is \"{}\", not {}", printable(found), alternatives(choices))
            }
            FaultKind::MissingKey => format!("key `{key}` is missing"),
            FaultKind::Refused { reason, .. } => format!("`{key}`: {reason}"),
            FaultKind::Unreadable { reason, .. } => reason.clone(),
        }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub fn hint(&self) -> String {
        let section = self.path.split_last().map_or(&[][..], |(_, section)| section).join(".");
        match &self.kind {
            FaultKind::UnknownKey { known } => {
                let name = self.path.last().map_or("", String::as_str);
                let full =
                    |known: &str| if section.is_empty() { known.to_owned() } else { format!("{section}.{known}") };
                match nearest(name, known) {
                    Some(meant) => format!("did you mean `{}`?", full(meant)),
                    None => match super::defaults::homonym(name) {
                        Some(elsewhere) => format!("did you mean `{elsewhere}`?"),
                        None if section.is_empty() => format!("the sections are {}", known.join(", ")),
                        None => format!("the keys of `{section}` are {}", known.join(", ")),
                    },
                }
            }
            FaultKind::WrongValue { wanted, .. } => format!("give {wanted}"),
            FaultKind::NotAChoice { found, choices } => match nearest(found, choices) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("use {}", alternatives(choices)),
            },
            FaultKind::MissingKey => "add it".to_owned(),
            FaultKind::Refused { remedy, .. } => remedy
                .clone()
                .unwrap_or_else(|| "`bellwether settings show` prints every key with its value".to_owned()),
            FaultKind::Unreadable { remedy, .. } => (*remedy).to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.what())
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(FaultKind::Refused { reason: message.to_string(), remedy: None })
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        Self::invalid_value(found, wanted)
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        use serde::de::Unexpected;
        let found = match found {
            Unexpected::Str(text) => format!("\"{}\"", printable(text)),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Float(number) => number.to_string(),
            Unexpected::Bool(flag) => flag.to_string(),
            Unexpected::Map => "a table".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            other => other.to_string(),
        };
        let wanted = match wanted.to_string().as_str() {
            "a boolean" => "true or false".to_owned(),
            "a string" => "text in quotes".to_owned(),
            "f64" => "a number".to_owned(),
            other => other.to_owned(),
        };
        Self::new(FaultKind::WrongValue { found, wanted })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let known = known.iter().map(|&name| name.to_owned()).collect();
        Self { path: vec![field.to_owned()], origin: None, kind: FaultKind::UnknownKey { known } }
    }

    fn unknown_variant(found: &str, choices: &'static [&'static str]) -> Self {
        let choices = choices.iter().map(|&name| name.to_owned()).collect();
        Self::new(FaultKind::NotAChoice { found: found.to_owned(), choices })
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: vec![field.to_owned()], origin: None, kind: FaultKind::MissingKey }
    }
}

/// Why the settings were refused: every fault that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsError {
    pub(super) faults: Vec<Fault>,
}

impl SettingsError {
    /// All faults, at least one.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for SettingsError {
    /// One fault: what, where, `hint:`. Several: one line each, its remedy behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [fault] = self.faults.as_slice() {
            write!(f, "{}", fault.what())?;
            if let Some(place) = fault.place() {
                write!(f, "\n  at {place}")?;
            }
            return write!(f, "\nhint: {}", fault.hint());
        }
        write!(f, "{} settings are refused", self.faults.len())?;
        for fault in &self.faults {
            write!(f, "\n  {fault}: {}", fault.hint())?;
        }
        write!(f, "\nhint: `bellwether settings show` prints every key with its value and where it is from")
    }
}

impl std::error::Error for SettingsError {}

/// A value as one short line: control characters escaped, at most 80 characters.
pub(super) fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

fn alternatives(choices: &[String]) -> String {
    match choices {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => choices.concat(),
    }
}

/// The candidate that a slip of the finger separates from `name`.
fn nearest<'a>(name: &str, candidates: &'a [String]) -> Option<&'a str> {
    let longest = 40; // a name of a megabyte is nobody's slip
    let limit = (name.len() / 3).clamp(1, 3);
    candidates
        .iter()
        .filter(|_| name.len() <= longest)
        .map(|candidate| (distance(name, candidate), candidate.as_str()))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_slip_away() {
        let names: Vec<String> = ["listen", "workers", "drain_ms"].map(str::to_owned).into();
        for (name, meant) in [
            ("lisen", Some("listen")),
            ("lsiten", Some("listen")),
            ("worker", Some("workers")),
            ("drain", None),
            ("drainms", Some("drain_ms")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &names), meant, "{name}");
        }
    }

    #[test]
    fn distance_counts_a_swap_once() {
        for (a, b, expected) in [("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
