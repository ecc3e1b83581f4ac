//! Section `[[retraining]]`: models that are trained anew on a schedule.
use super::{Count, Seconds};
use bellwether_domain::registry::ModelName;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One model that is trained anew on a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Retraining {
    /// The registered model.
    pub model: ModelName,
    /// CSV file to learn from, read anew each time.
    pub data: PathBuf,
    /// Column that is predicted.
    pub target: String,
    /// Columns that hold categories.
    #[serde(default)]
    pub categorical: Vec<String>,
    /// Columns to leave out; all others but the target are predicted from.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Levels to predict, each between 0 and 1.
    pub quantiles: Vec<f64>,
    /// CSV file by which a new version is compared with the champion; training does not see it.
    pub validation: PathBuf,
    /// Time from one start to the next.
    pub every_s: Seconds<1, 31_536_000>,
    /// When a new version becomes champion.
    #[serde(default)]
    pub promote: Promote,
    /// How it is trained.
    #[serde(default)]
    pub parameters: BoostingParameters,
}

/// When a new version becomes champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promote {
    /// When its mean pinball loss on the validation file is below the champion's.
    #[default]
    IfBetter,
    /// Never: it stays the challenger.
    Never,
}

/// Section `retraining.parameters`: what differs from training's defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct BoostingParameters {
    /// Rounds of boosting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Count<1, 100_000>>,
    /// What leaves are multiplied by, above 0, at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Levels of splits on the way to a leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<Count<1, 64>>,
    /// Weight of the rows that a leaf has at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_child_weight: Option<f64>,
    /// Bins into which a feature is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bin: Option<Count<2, 256>>,
    /// Share of the rows that a tree sees, above 0, at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsample: Option<f64>,
    /// Where the drawing of rows starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}
