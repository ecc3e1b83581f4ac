//! The content of a configuration version.
use crate::safety::SafetyDocument;
use serde::{Deserialize, Serialize};

/// Everything that a configuration version fixes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigDocument {
    /// Checks and fallbacks.
    pub safety: SafetyDocument,
    /// The feature registry.
    pub features: serde_json::Value,
    /// The trading calendar.
    pub calendar: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_parts_are_wanted_and_no_other() {
        for (text, accepted) in [
            (r#"{"safety":{},"features":{},"calendar":{}}"#, true),
            (r#"{"safety":{},"features":{}}"#, false),
            (r#"{"safety":{},"features":{},"calendar":{},"extra":1}"#, false),
            (r#"{"safety":{"extra":1},"features":{},"calendar":{}}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<ConfigDocument>(text).is_ok(), accepted, "{text}");
        }
    }
}
