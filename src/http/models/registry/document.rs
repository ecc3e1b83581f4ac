//! Registered models as JSON; the commands print the same.
use bellwether_actors::registry::ModelView;
use bellwether_domain::registry::{
    Comparison, Evaluation, LossDifference, ModelEvent, ModelVersion, RegisteredModel, TrainingData,
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A registered model in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegisteredSummary {
    /// Its name.
    pub name: String,
    /// `quantile_boosting`; that of the newest version.
    pub kind: Option<&'static str>,
    /// How many versions there are.
    pub versions: usize,
    /// The version that is to answer; null before the first promotion.
    pub champion: Option<u32>,
    /// The version that would be champion; null if there is none.
    pub challenger: Option<u32>,
    /// The version that answers in this process, and its content; null if none does.
    pub in_force: Option<InForce>,
    /// Why the champion is not in force; null if it is.
    pub fault: Option<String>,
}

/// A version in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InForce {
    /// Which.
    pub version: u32,
    /// SHA-256 of its file, verified before it was read.
    pub sha256: String,
}

/// A registered model with its versions and its history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelDetails {
    /// Its name.
    pub name: String,
    /// The version that is to answer; null before the first promotion.
    pub champion: Option<u32>,
    /// The version that would be champion; null if there is none.
    pub challenger: Option<u32>,
    /// The versions, the first one first.
    pub versions: Vec<VersionDetails>,
    /// What was done, the oldest first.
    pub history: Vec<EventDetails>,
}

/// A version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionDetails {
    /// Which.
    pub version: u32,
    /// `champion` or `challenger`; null for others.
    pub alias: Option<&'static str>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Length of its file, in bytes.
    pub bytes: u64,
    /// `quantile_boosting`.
    pub kind: &'static str,
    /// The levels that it predicts, ascending.
    pub quantiles: Vec<f64>,
    /// Its inputs.
    pub features: Vec<FeatureDetails>,
    /// SHA-256 of the inputs' names and kinds: equal for models that take the same inputs.
    pub features_sha256: String,
    /// What it was trained on; null if not known.
    pub training: Option<TrainingDetails>,
    /// How it was trained.
    pub parameters: BTreeMap<String, String>,
    /// How well it predicted a validation file when it was registered; null if none was given.
    pub validation: Option<EvaluationDetails>,
    /// When it was registered.
    #[schema(format = DateTime)]
    pub registered_at: String,
    /// Who registered it.
    pub registered_by: String,
}

/// An input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeatureDetails {
    /// Its name.
    pub name: String,
    /// `float`, `int`, `i` (0 or 1), `q` (a quantity) or `c` (a category).
    #[schema(value_type = String)]
    pub kind: bellwether_domain::registry::ColumnKind,
}

/// What a model was trained on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrainingDetails {
    /// Name of the file.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its rows.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<String>,
    /// The column that is predicted.
    pub target: String,
    /// SHA-256 of the sample that is kept beside the model.
    pub sample: String,
}

/// How well a version predicts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EvaluationDetails {
    /// Rows that were predicted.
    pub rows: u64,
    /// Mean over the quantiles, in the target's unit.
    pub mean_pinball_loss: f64,
    /// Per quantile.
    pub quantiles: Vec<QuantileDetails>,
}

/// How well a quantile is predicted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuantileDetails {
    /// Its level.
    pub quantile: f64,
    /// Mean pinball loss, in the target's unit.
    pub pinball_loss: f64,
    /// Share of the rows whose target is at most the prediction.
    pub coverage: f64,
}

/// An entry of the history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventDetails {
    /// `registered`, `promoted` or `rolled_back`.
    pub action: &'static str,
    /// Which version.
    pub version: u32,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why; null if it was not said.
    pub reason: Option<String>,
    /// What the promotion was decided by; null if there was no comparison.
    pub comparison: Option<ComparisonDetails>,
}

/// A version beside another, on the same rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ComparisonDetails {
    /// Rows that were predicted.
    pub rows: u64,
    /// Over all quantiles.
    pub mean: LossDetails,
    /// Per quantile.
    pub quantiles: Vec<QuantileComparisonDetails>,
}

/// Two mean pinball losses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LossDetails {
    /// The version's, in the target's unit.
    pub loss: f64,
    /// That of the version it is compared with: the champion, where a promotion was decided.
    pub reference_loss: f64,
    /// The first over the second; null where the second is 0.
    pub ratio: Option<f64>,
    /// The first less the second: below 0 if the version is better.
    pub difference: f64,
    /// Standard error of the difference, rows taken as independent; null for a single row.
    pub standard_error: Option<f64>,
}

/// Two versions at one quantile.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuantileComparisonDetails {
    /// Its level.
    pub quantile: f64,
    /// The losses.
    #[serde(flatten)]
    pub losses: LossDetails,
    /// Share of the rows whose target is at most the version's prediction.
    pub coverage: f64,
    /// The same of the version it is compared with.
    pub reference_coverage: f64,
}

impl From<&ModelView> for RegisteredSummary {
    fn from(view: &ModelView) -> Self {
        let in_force = view
            .in_force
            .as_ref()
            .map(|loaded| InForce { version: loaded.version.number.0, sha256: loaded.version.sha256.to_string() });
        Self { in_force, fault: view.fault.clone(), ..Self::from(&*view.model) }
    }
}

impl From<&RegisteredModel> for RegisteredSummary {
    fn from(model: &RegisteredModel) -> Self {
        Self {
            name: model.name.to_string(),
            kind: model.versions.last().map(|version| version.kind.as_str()),
            versions: model.versions.len(),
            champion: model.champion().map(|version| version.0),
            challenger: model.challenger().map(|version| version.0),
            in_force: None,
            fault: None,
        }
    }
}

impl From<&RegisteredModel> for ModelDetails {
    fn from(model: &RegisteredModel) -> Self {
        let (champion, challenger) = (model.champion(), model.challenger());
        let alias = |version: &ModelVersion| match Some(version.number) {
            number if number == champion => Some("champion"),
            number if number == challenger => Some("challenger"),
            _ => None,
        };
        let version = |version| VersionDetails { alias: alias(version), ..VersionDetails::from(version) };
        Self {
            name: model.name.to_string(),
            champion: champion.map(|version| version.0),
            challenger: challenger.map(|version| version.0),
            versions: model.versions.iter().map(version).collect(),
            history: model.history.iter().map(EventDetails::from).collect(),
        }
    }
}

impl From<&ModelVersion> for VersionDetails {
    fn from(version: &ModelVersion) -> Self {
        let columns = version.features.columns().iter();
        Self {
            version: version.number.0,
            alias: None,
            sha256: version.sha256.to_string(),
            bytes: version.bytes,
            kind: version.kind.as_str(),
            quantiles: version.quantiles.clone(),
            features: columns.map(|column| FeatureDetails { name: column.name.clone(), kind: column.kind }).collect(),
            features_sha256: version.features_sha256.to_string(),
            training: version.training.as_ref().map(TrainingDetails::from),
            parameters: version.parameters.clone(),
            validation: version.validation.as_ref().map(EvaluationDetails::from),
            registered_at: version.registered_at.to_string(),
            registered_by: version.registered_by.clone(),
        }
    }
}

impl From<&TrainingData> for TrainingDetails {
    fn from(data: &TrainingData) -> Self {
        let TrainingData { file, sha256, rows, columns, target, sample } = data.clone();
        Self { file, sha256: sha256.to_string(), rows, columns, target, sample: sample.to_string() }
    }
}

impl From<&Evaluation> for EvaluationDetails {
    fn from(evaluation: &Evaluation) -> Self {
        let quantiles = evaluation.quantiles.iter().map(|one| QuantileDetails {
            quantile: one.quantile,
            pinball_loss: one.pinball_loss,
            coverage: one.coverage,
        });
        Self { rows: evaluation.rows, mean_pinball_loss: evaluation.mean_pinball_loss, quantiles: quantiles.collect() }
    }
}

impl From<&ModelEvent> for EventDetails {
    fn from(event: &ModelEvent) -> Self {
        Self {
            action: event.action.as_str(),
            version: event.version.0,
            at: event.at.to_string(),
            by: event.by.clone(),
            reason: event.reason.clone(),
            comparison: event.comparison.as_ref().map(ComparisonDetails::from),
        }
    }
}

impl From<&Comparison> for ComparisonDetails {
    fn from(comparison: &Comparison) -> Self {
        let quantiles = comparison.quantiles.iter().map(|one| QuantileComparisonDetails {
            quantile: one.quantile,
            losses: LossDetails::from(one.losses),
            coverage: one.coverage,
            reference_coverage: one.reference_coverage,
        });
        Self { rows: comparison.rows, mean: LossDetails::from(comparison.mean), quantiles: quantiles.collect() }
    }
}

impl From<LossDifference> for LossDetails {
    fn from(losses: LossDifference) -> Self {
        let LossDifference { loss, reference_loss, ratio, difference, standard_error } = losses;
        Self { loss, reference_loss, ratio, difference, standard_error }
    }
}
