//! Features as they are written: in `config/baseline/features.toml` or in a configuration version.
use serde::{Deserialize, Serialize};

/// All declared features.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesDocument {
    /// Time to live of observed names that no feature declares, in milliseconds; 60,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_ttl_ms: Option<i64>,
    /// The features, in any order.
    #[serde(default)]
    pub features: Vec<FeatureDocument>,
}

/// One feature as it is written. Which fields belong to which type is checked by
/// [`FeatureRegistry::from_document`](super::FeatureRegistry::from_document), all errors at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureDocument {
    /// Its name, unique.
    pub name: String,
    /// `REAL_TIME`, `BATCH` or `DERIVED`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unit of its values, as in `ms`; `1` for a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Team that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Age beyond which a value is stale, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<i64>,
    /// Observed name that it is computed from (`REAL_TIME`: its own name when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How it is computed; `REAL_TIME`: `last` (when absent), `mean`, `sum`, `rate`, `max`; `BATCH`: `mean`, `std`, `p50`,
    /// `p95`, `p99`, `min`, `max`, `count`; `DERIVED`: `calendar` or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<String>,
    /// Length of the window, in seconds (`REAL_TIME`: 60 when absent, none for `last`; `BATCH`: 3,600 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<i64>,
    /// Formula over other features (`DERIVED`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// With aggregate `calendar`: `hour_of_day`, `day_of_week`, `is_business_hours`, `session_phase`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// How current a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeatureType {
    /// The latest observations.
    RealTime,
    /// A statistic over a longer window.
    Batch,
    /// Computed from other features or from the calendar.
    Derived,
}

/// What is wrong with one field of one feature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("feature \"{feature}\": {field} {message}")]
pub struct FeatureError {
    /// The feature's name, or its place in the document when it has none.
    pub feature: String,
    /// The field.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}
