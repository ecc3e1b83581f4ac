//! The lowest layer: `config/default.toml`, built into the binary.
use super::error::{Origin, SettingsError};
use super::tree::{self, Node, Value};

/// The text of `config/default.toml`.
const TEXT: &str = include_str!("../../config/default.toml");

/// The layer.
pub(super) fn tree() -> Result<Node, SettingsError> {
    tree::parse(TEXT, &|line| Origin::Default { line }).map_err(|faults| SettingsError { faults })
}

/// The path of the only key of that last name, wherever it stands: somebody may have left out the section.
pub(super) fn homonym(name: &str) -> Option<String> {
    fn collect(node: &Node, path: &str, name: &str, found: &mut Vec<String>) {
        let Value::Table(table) = &node.value else { return };
        for (key, below) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect(below, &path, name, found);
            if key == name {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&tree().ok()?, "", name, &mut found);
    found.pop().filter(|_| found.is_empty())
}
