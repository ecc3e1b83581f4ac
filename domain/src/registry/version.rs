//! One immutable version of a model.
use super::{ContentHash, Evaluation, FeatureSchema};
use crate::types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which version of a model; they count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(pub u32);

impl std::fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of model a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Gradient-boosted trees that predict quantiles, in XGBoost's file format.
    QuantileBoosting,
}

impl ModelKind {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuantileBoosting => "quantile_boosting",
        }
    }
}

/// What a model was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingData {
    /// Name of the file, without its folder.
    pub file: String,
    /// Hash of the file's bytes.
    pub sha256: ContentHash,
    /// Rows behind the header.
    pub rows: u64,
    /// Names of all columns in the file's order.
    pub columns: Vec<String>,
    /// The column that is predicted.
    pub target: String,
    /// Hash of a sample of at most 1,000 rows (CSV with the file's header), kept beside the model.
    pub sample: ContentHash,
}

/// A version of a model. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// Which.
    #[serde(rename = "version")]
    pub number: VersionNumber,
    /// Hash of the file's bytes, which also names the file.
    pub sha256: ContentHash,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// What kind of model it is.
    pub kind: ModelKind,
    /// The levels that it predicts, ascending, above 0 and below 1.
    pub quantiles: Vec<f64>,
    /// Its inputs.
    pub features: FeatureSchema,
    /// Hash of the inputs' names and kinds.
    pub features_sha256: ContentHash,
    /// What it was trained on, if known.
    pub training: Option<TrainingData>,
    /// How it was trained, as far as known: names and values.
    pub parameters: BTreeMap<String, String>,
    /// How well it predicts a validation file, if one was given.
    pub validation: Option<Evaluation>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Who registered it.
    pub registered_by: String,
}
