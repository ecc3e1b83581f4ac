//! From a document to the parts of a model.
mod categories;
mod objective;
mod tree;

use super::cursor::Cursor;
use super::error::{FileError, quotable};
use crate::tail::boosting::{BoostedTrees, FeatureKind, Features, Link, ModelParts, Tree};
use std::collections::BTreeMap;

/// Features of a model, at most: what is kept per feature must fit into memory.
const MOST_FEATURES: usize = 1 << 24;
/// Outputs of a model, at most.
const MOST_OUTPUTS: usize = 1 << 16;
/// Nodes of a model, at most.
const MOST_NODES: usize = 5_000_000;

/// The model of a document.
pub(super) fn model(document: &Cursor<'_>) -> Result<BoostedTrees, FileError> {
    let learner = document.field("learner")?;
    let parameters = learner.field("learner_model_param")?;
    let booster_at = learner.field("gradient_booster")?;
    let outputs = outputs(&parameters)?;
    let objective = objective::read(&learner.field("objective")?, outputs)?;
    if Link::of(&objective).is_none() {
        let what = format!("a model with objective `{}`", quotable(objective.name()));
        return Err(FileError::Unsupported { what, remedy: "its prediction is not defined here; train with another" });
    }
    let base_scores = base_scores(&parameters.field("base_score")?, outputs)?;
    let mut features = features(&learner, &parameters)?;
    let name = booster_at.field("name")?;
    let wrapped;
    let model_at = match name.text()? {
        "gbtree" => booster_at.field("model")?,
        "dart" => {
            wrapped = booster_at.find("gbtree")?.unwrap_or(booster_at);
            wrapped.field("model")?
        }
        "gblinear" => {
            let what = "a linear model (gblinear)".to_owned();
            return Err(FileError::Unsupported { what, remedy: "train with booster gbtree or dart" });
        }
        _ => return Err(name.error("is no booster that is known (gbtree, dart)")),
    };
    if let Some(dictionary) = model_at.find("cats")? {
        features.categories = categories::read(&dictionary, features.count, version(document)?)?;
    }
    let booster = Booster::read(&model_at, outputs, features.count)?;
    let tree_weights = weights(&[booster_at, model_at], &booster)?;
    let (best_round, attributes) = attributes(&learner, booster.round_starts.len() - 1)?;
    Ok(BoostedTrees::new(ModelParts {
        objective,
        base_scores,
        features,
        trees: booster.trees,
        tree_outputs: booster.tree_outputs,
        tree_weights,
        round_starts: booster.round_starts,
        best_round,
        attributes,
    })?)
}

/// Major and minor version of the writer.
fn version(document: &Cursor<'_>) -> Result<(i64, i64), FileError> {
    let Some(at) = document.find("version")? else { return Ok((1, 0)) };
    let numbers = at.integers()?;
    Ok((numbers.first().copied().unwrap_or(1), numbers.get(1).copied().unwrap_or(0)))
}

fn outputs(parameters: &Cursor<'_>) -> Result<usize, FileError> {
    let mut most = 1;
    for key in ["num_class", "num_target"] {
        if let Some(at) = parameters.find(key)? {
            let number: usize = at.number()?;
            if number > MOST_OUTPUTS {
                return Err(at.error(format!("is {number}, more than {MOST_OUTPUTS}")));
            }
            most = most.max(number);
        }
    }
    Ok(most)
}

/// One number for all outputs, or a list of one per output.
fn base_scores(at: &Cursor<'_>, outputs: usize) -> Result<Vec<f32>, FileError> {
    let mut scores = objective::list(at)?;
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(at.error("is not finite"));
    }
    if scores.len() == 1 {
        scores.resize(outputs, scores[0]);
    }
    if scores.len() != outputs {
        return Err(at.error(format!("has {} numbers for {outputs} outputs", scores.len())));
    }
    Ok(scores)
}

fn features(learner: &Cursor<'_>, parameters: &Cursor<'_>) -> Result<Features, FileError> {
    let count_at = parameters.field("num_feature")?;
    let count: usize = count_at.number()?;
    if count == 0 || count > MOST_FEATURES {
        return Err(count_at.error(format!("is {count}, not between 1 and {MOST_FEATURES}")));
    }
    let mut features = Features { count, ..Features::default() };
    if let Some(at) = learner.find("feature_names")? {
        for name in at.items()? {
            features.names.push(name.text()?.to_owned());
        }
    }
    if let Some(at) = learner.find("feature_types")? {
        for kind in at.items()? {
            features.kinds.push(match kind.text()? {
                "float" => FeatureKind::Float,
                "int" => FeatureKind::Integer,
                "i" => FeatureKind::Indicator,
                "q" => FeatureKind::Quantitative,
                "c" => FeatureKind::Categorical,
                _ => return Err(kind.error("is no feature type that is known (float, int, i, q, c)")),
            });
        }
    }
    Ok(features)
}

/// The trees and how they belong together.
struct Booster {
    trees: Vec<Tree>,
    tree_outputs: Vec<u32>,
    round_starts: Vec<usize>,
    /// How many trees each tree of the file became.
    copies: Vec<usize>,
}

impl Booster {
    fn read(at: &Cursor<'_>, outputs: usize, features: usize) -> Result<Self, FileError> {
        let (info_at, trees_at) = (at.field("tree_info")?, at.field("trees")?);
        let info = info_at.integers()?;
        let items = trees_at.items()?;
        let parameters = at.field("gbtree_model_param")?;
        let number_at = parameters.field("num_trees")?;
        let count: usize = number_at.number()?;
        if items.len() != count || info.len() != count {
            return Err(number_at.error(format!("is {count}, but the file has {} trees", items.len())));
        }
        // By its own number, whatever the order in the file.
        let mut by_number = vec![None; count];
        for (index, item) in items.enumerate() {
            let id = match item.find("id")? {
                None => index,
                Some(at) => {
                    let id: usize = at.number()?;
                    if id >= count || by_number[id].is_some() {
                        return Err(at.error(format!("is {id}, which is taken or none of {count} trees")));
                    }
                    id
                }
            };
            by_number[id] = Some(item);
        }
        let (mut trees, mut tree_outputs, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        let mut allowance = tree::Allowance { nodes: MOST_NODES, category_words: tree::MOST_CATEGORY_WORDS };
        for (item, output) in by_number.iter().flatten().zip(&info) {
            let read = tree::read(item, outputs, features, &mut allowance)?;
            copies.push(read.len());
            if let [_] = read.as_slice() {
                let output = u32::try_from(*output).ok().filter(|output| (*output as usize) < outputs);
                tree_outputs.push(output.ok_or_else(|| info_at.error("names an output that the model does not have"))?);
            } else {
                tree_outputs.extend((0_u32..).take(read.len()));
            }
            trees.extend(read);
        }
        let round_starts = rounds(at, &parameters, &copies, outputs)?;
        Ok(Self { trees, tree_outputs, round_starts, copies })
    }
}

/// Where each round starts, in trees as they are here; old files do not say and have rounds of one size.
fn rounds(at: &Cursor<'_>, parameters: &Cursor<'_>, copies: &[usize], outputs: usize) -> Result<Vec<usize>, FileError> {
    let count = copies.len();
    let (place, starts) = match at.find("iteration_indptr")? {
        Some(place) if !place.integers()?.is_empty() => (place, place.integers()?),
        _ => {
            let place = parameters.field("num_parallel_tree")?;
            let parallel: usize = place.number()?;
            let size = if copies.iter().all(|copies| *copies == 1) { outputs } else { 1 };
            let size = parallel.max(1).saturating_mul(size);
            let starts = (0..=count).step_by(size).filter_map(|start| i64::try_from(start).ok());
            (place, starts.collect())
        }
    };
    let mut offsets = vec![0];
    for copies in copies {
        offsets.push(offsets.last().copied().unwrap_or(0) + copies);
    }
    let each = starts.iter().map(|start| usize::try_from(*start).ok().and_then(|start| offsets.get(start).copied()));
    let translated: Option<Vec<usize>> = each.collect();
    match translated {
        Some(starts)
            if starts.first() == Some(&0)
                && starts.last() == offsets.last()
                && starts.windows(2).all(|pair| pair[0] <= pair[1]) =>
        {
            Ok(starts)
        }
        _ => Err(place.error(format!("does not divide the {count} trees into rounds"))),
    }
}

/// What each tree's leaves are multiplied by; where it stands depends on the writer's version.
fn weights(places: &[Cursor<'_>], booster: &Booster) -> Result<Option<Vec<f32>>, FileError> {
    for place in places {
        let Some(at) = place.find("weight_drop")? else { continue };
        let weights = at.reals()?;
        if weights.len() != booster.copies.len() {
            return Err(at.error(format!("has {} entries for {} trees", weights.len(), booster.copies.len())));
        }
        let each = weights.iter().zip(&booster.copies);
        return Ok(Some(each.flat_map(|(weight, copies)| std::iter::repeat_n(*weight, *copies)).collect()));
    }
    Ok(None)
}

/// The best round, if training stopped early, and all other attributes.
fn attributes(learner: &Cursor<'_>, rounds: usize) -> Result<(Option<usize>, BTreeMap<String, String>), FileError> {
    let (mut best, mut others) = (None, BTreeMap::new());
    let Some(at) = learner.find("attributes")? else { return Ok((best, others)) };
    for (key, value) in at.entries()? {
        let text = value.text()?;
        match text.parse().ok().filter(|round| key == "best_iteration" && *round < rounds) {
            Some(round) => best = Some(round),
            // A slice of a model keeps the attributes of the whole.
            None => {
                others.insert(key.to_owned(), text.to_owned());
            }
        }
    }
    Ok((best, others))
}
