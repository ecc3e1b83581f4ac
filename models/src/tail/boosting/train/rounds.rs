//! The rounds of boosting.
use super::super::{BoostedTrees, ModelParts, Objective};
use super::binned::BinnedTable;
use super::early_stopping::BestRound;
use super::gain::Regularization;
use super::grow::Limits;
use super::output::{Output, Shared};
use super::split::SplitRules;
use super::workers::Workers;
use super::{Monotone, Options, Parameters, TrainError, TrainingTable};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// How far training has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Which round this was, counted from 0.
    pub index: usize,
    /// Mean pinball loss on the training table, per quantile in the order of the options, in the target's unit.
    pub training: Vec<f64>,
    /// The same on the validation table, if there is one.
    pub validation: Option<Vec<f64>>,
}

/// What training made.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The model.
    pub model: BoostedTrees,
    /// The rounds, the first one first.
    pub curve: Vec<Round>,
    /// The round of the least validation loss, if there was a validation table, else the last one.
    pub best_round: usize,
}

/// Trains a model that predicts quantiles of the target.
///
/// - `validation`: rows to judge by, which training does not learn from; same features as `table`.
/// - `observe`: told about every round; its `Break` cancels.
/// - The result is the same, bit for bit, on any number of threads.
///
/// ```
/// use bellwether_models::tail::boosting::{Column, Options, Parameters, TrainingTable, train};
/// use std::ops::ControlFlow;
///
/// let load: Vec<f64> = (0..400).map(|row| f64::from(row % 20)).collect();
/// let latency: Vec<f64> = load.iter().zip(0..).map(|(load, row)| load * f64::from(1 + row % 7)).collect();
/// let table = TrainingTable::new(vec![Column::numbers("load", &load)?], &latency)?;
/// let options = Options::new(Parameters { quantiles: vec![0.5, 0.9], ..Parameters::default() })?;
/// let trained = train(&table, None, &options, &mut |_| ControlFlow::Continue(()))?;
/// let margins = trained.model.margins(&[2.0, 18.0])?;
/// assert!(margins[0] < margins[2] && margins[1] < margins[3], "a higher load takes longer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TrainError`] says which parts contradict each other, or `Cancelled`.
pub fn train(
    table: &TrainingTable,
    validation: Option<&TrainingTable>,
    options: &Options,
    observe: &mut dyn FnMut(&Round) -> ControlFlow<()>,
) -> Result<Trained, TrainError> {
    let parameters = options.parameters();
    check_validation(table, validation, parameters)?;
    let monotone = monotone(table, parameters)?;
    let workers = Workers::new(parameters.threads)?;
    let binned = BinnedTable::new(table, parameters.max_bin);
    let shared = Shared {
        table,
        binned: &binned,
        validation: validation.map(|validation| (validation, validation.by_rows())),
        parameters,
        limits: Limits {
            max_depth: parameters.max_depth,
            max_leaves: parameters.max_leaves,
            policy: parameters.grow_policy,
            threads: parameters.threads.get().div_ceil(parameters.quantiles.len()),
        },
    };
    let quantiles = 0..parameters.quantiles.len();
    let mut outputs: Vec<_> =
        quantiles.map(|index| Output::new(&shared, index, rules(parameters, monotone.clone()))).collect();
    let mut curve = Vec::with_capacity(parameters.rounds);
    let mut best = BestRound::new(parameters.early_stopping);
    for index in 0..parameters.rounds {
        let boosted = workers.each(&mut outputs, |output| output.boost(&shared, index));
        boosted.map_err(|error| TrainError::Inconsistent { why: error.to_string() })?;
        let round = Round {
            index,
            training: outputs.iter().map(|output| output.training_loss).collect(),
            validation: validation.map(|_| outputs.iter().map(|output| output.validation_loss).collect()),
        };
        let loss = round.validation.as_ref().map(|losses| losses.iter().sum::<f64>() / losses.len() as f64);
        let is_over = loss.is_some_and(|loss| best.should_stop(index, loss));
        let wish = observe(&round);
        curve.push(round);
        if wish.is_break() {
            return Err(TrainError::Cancelled);
        }
        if is_over {
            break;
        }
    }
    let best_round = if validation.is_some() { best.round } else { curve.len() - 1 };
    let model = model(table, parameters, outputs, best_round, &best)?;
    Ok(Trained { model, curve, best_round })
}

fn check_validation(
    table: &TrainingTable,
    validation: Option<&TrainingTable>,
    parameters: &Parameters,
) -> Result<(), TrainError> {
    let Some(validation) = validation else {
        return if parameters.early_stopping.is_some() { Err(TrainError::NoValidation) } else { Ok(()) };
    };
    let (expected, found) = (table.features(), validation.features());
    let why = match expected.names.iter().zip(&found.names).position(|(expected, found)| expected != found) {
        Some(index) => format!("\"{}\" where \"{}\" is needed", found.names[index], expected.names[index]),
        None if expected.count != found.count => format!("{} instead of {}", found.count, expected.count),
        None if expected != found => "their categories differ".to_owned(),
        None => return Ok(()),
    };
    Err(TrainError::ValidationFeatures { why })
}

/// Per feature; empty if none is constrained.
fn monotone(table: &TrainingTable, parameters: &Parameters) -> Result<Vec<Option<Monotone>>, TrainError> {
    let mut directions = if parameters.monotone.is_empty() { Vec::new() } else { vec![None; table.columns().len()] };
    for (feature, direction) in &parameters.monotone {
        let index = table.columns().iter().position(|column| column.name() == feature);
        let index = index.ok_or_else(|| TrainError::NoSuchFeature { feature: feature.clone() })?;
        if table.columns()[index].is_categorical() {
            return Err(TrainError::MonotoneCategory { feature: feature.clone() });
        }
        directions[index] = Some(*direction);
    }
    Ok(directions)
}

#[expect(clippy::cast_possible_truncation, reason = "parameters are f32 where models are written down")]
fn rules(parameters: &Parameters, monotone: Vec<Option<Monotone>>) -> SplitRules {
    let single = |value: f64| f64::from(value as f32);
    SplitRules {
        regularization: Regularization { lambda: single(parameters.lambda), alpha: single(parameters.alpha) },
        min_child_weight: 0.0,
        min_split_loss: parameters.min_split_loss as f32,
        monotone,
        max_cat_to_onehot: parameters.max_cat_to_onehot,
        max_cat_threshold: parameters.max_cat_threshold,
    }
}

/// The model of all trees, round by round.
#[expect(clippy::cast_possible_truncation, reason = "the model holds f32")]
fn model(
    table: &TrainingTable,
    parameters: &Parameters,
    outputs: Vec<Output>,
    best_round: usize,
    best: &BestRound,
) -> Result<BoostedTrees, TrainError> {
    let count = outputs.len();
    let base_scores = outputs.iter().map(|output| output.base_score).collect();
    let rounds = outputs.first().map_or(0, |output| output.trees.len());
    let mut by_output: Vec<_> = outputs.into_iter().map(|output| output.trees.into_iter()).collect();
    let trees: Vec<_> =
        (0..rounds).flat_map(|_| by_output.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>()).collect();
    let mut attributes = BTreeMap::new();
    if parameters.early_stopping.is_some() {
        attributes.insert("best_iteration".to_owned(), best_round.to_string());
        attributes.insert("best_score".to_owned(), best.loss().to_string());
    }
    let parts = ModelParts {
        objective: Objective::Quantile { levels: parameters.quantiles.iter().map(|level| *level as f32).collect() },
        base_scores,
        features: table.features(),
        tree_outputs: (0..trees.len()).map(|tree| u32::try_from(tree % count).unwrap_or(u32::MAX)).collect(),
        trees,
        tree_weights: None,
        round_starts: (0..=rounds).map(|round| round * count).collect(),
        best_round: parameters.early_stopping.map(|_| best_round),
        attributes,
    };
    BoostedTrees::new(parts).map_err(|error| TrainError::Inconsistent { why: error.to_string() })
}
