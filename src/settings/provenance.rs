//! Every value in force and where it came from, for `bellwether settings show`; secrets are not in it.
use super::Settings;
use super::error::Origin;
use super::tree::Node;
use serde::Serialize;

/// Where each value came from.
#[derive(Debug, Clone)]
pub struct Provenance {
    tree: Node,
}

/// One key with its value and its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// The key, such as `server.listen`.
    pub key: String,
    /// The value in force; null if it is not set; a secret is `"***"`.
    pub value: serde_json::Value,
    /// `default`, `FILE line N`, `environment variable NAME` or `flag --NAME`.
    pub source: String,
}

impl Provenance {
    pub(super) const fn new(tree: Node) -> Self {
        Self { tree }
    }

    /// The place of one key's value; `None` if no layer mentions it.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.tree.find(key.split('.')).map(|node| &node.origin)
    }

    /// All keys, sorted.
    ///
    /// # Errors
    /// None that settings can cause.
    pub fn list(&self, settings: &Settings) -> Result<Vec<Setting>, serde_json::Error> {
        let mut all = Vec::new();
        collect(serde_json::to_value(settings)?, Some(&self.tree), String::new(), &mut all);
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }
}

/// Walks values and their places side by side: a feature's name may hold a dot.
fn collect(value: serde_json::Value, place: Option<&Node>, key: String, all: &mut Vec<Setting>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (name, value) in entries {
                let place = place.and_then(|node| node.find([name.as_str()]));
                let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
                let name = if bare { name } else { format!("{name:?}") };
                let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                collect(value, place, key, all);
            }
        }
        value => {
            let source = place.map_or_else(|| "default".to_owned(), |node| node.origin.to_string());
            all.push(Setting { key, value, source });
        }
    }
}

/// A value as TOML writes it on one line; JSON differs only for tables, which have no null here.
fn in_toml(value: &serde_json::Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

impl std::fmt::Display for Setting {
    /// A line of TOML with the source as a comment.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = if self.value.is_null() {
            format!("# {} is not set", self.key)
        } else {
            format!("{} = {}", self.key, in_toml(&self.value))
        };
        write!(f, "{line:<46} # {}", self.source)
    }
}
