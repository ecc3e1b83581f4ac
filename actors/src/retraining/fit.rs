//! One retraining from rows to a version with its evidence: blocking, for minutes perhaps, and cancellable.
use super::RetrainingPlan;
use crate::registry::{
    JudgingError, LoadedModel, NotAModel, ValidationRows, compare_models, described, evaluate_model,
};
use bellwether_domain::ports::NewVersion;
use bellwether_domain::registry::{Comparison, ModelKind, TrainingData, VersionNumber};
use bellwether_models::tail::boosting::xgboost::to_ubjson;
use bellwether_models::tail::boosting::{BoostedTrees, TrainError, TrainingTable, train};
use std::ops::ControlFlow;

/// What there is to learn from.
#[derive(Debug)]
pub struct TrainingInput {
    /// The rows.
    pub table: TrainingTable,
    /// Their fingerprint.
    pub data: TrainingData,
    /// A sample of them, as CSV.
    pub sample: Vec<u8>,
}

/// Where rows come from: read anew for each retraining.
pub trait TrainingSource: Send + Sync {
    /// The rows to learn from.
    ///
    /// # Errors
    /// What is wrong with them, and where.
    fn training(&self) -> Result<TrainingInput, String>;

    /// The rows to judge a model by, as the model reads them; the same rows for every model.
    ///
    /// # Errors
    /// What is wrong with them, and where.
    fn validation(&self, model: &BoostedTrees) -> Result<ValidationRows, String>;
}

/// A version that was fitted, and how it compares.
#[derive(Debug)]
pub struct Fitted {
    /// The version, ready to be registered.
    pub version: NewVersion,
    /// The champion that it was compared with, and the comparison.
    pub comparison: Option<(VersionNumber, Comparison)>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum FitError {
    #[error("the retraining was cancelled")]
    Cancelled,
    #[error("{0}")]
    Input(String),
    #[error("{0}")]
    Training(TrainError),
    #[error("{0}")]
    Model(#[from] NotAModel),
    #[error("{0}")]
    Judging(#[from] JudgingError),
}

/// Reads, trains, and judges the result beside the champion.
///
/// - `observe`: told about every boosting round by its number from 1; its `Break` cancels.
///
/// # Errors
/// [`FitError`].
pub fn fit(
    plan: &RetrainingPlan,
    champion: Option<&LoadedModel>,
    observe: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Fitted, FitError> {
    let input = plan.source.training().map_err(FitError::Input)?;
    let trained = train(&input.table, None, &plan.options, &mut |round| observe(round.index + 1));
    let trained = trained.map_err(|error| match error {
        TrainError::Cancelled => FitError::Cancelled,
        other => FitError::Training(other),
    })?;
    // Judged as it will be read.
    let file = to_ubjson(&trained.model);
    let (trees, quantiles, features) = described(&file)?;
    let rows = plan.source.validation(&trees).map_err(FitError::Input)?;
    let validation = Some(evaluate_model(&trees, &rows)?);
    let comparison = match champion {
        Some(champion) => {
            let champion_rows = plan.source.validation(&champion.trees).map_err(FitError::Input)?;
            let compared = compare_models((&trees, &rows), (&champion.trees, &champion_rows))?;
            Some((champion.version.number, compared))
        }
        None => None,
    };
    let (kind, parameters) = (ModelKind::QuantileBoosting, plan.parameters.clone());
    let (training, sample) = (Some(input.data), Some(input.sample));
    let version = NewVersion { kind, file, quantiles, features, training, sample, parameters, validation };
    Ok(Fitted { version, comparison })
}
