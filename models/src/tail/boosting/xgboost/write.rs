//! From the parts of a model to a document that XGBoost loads; keys stand in its order, the alphabet's.
mod categories;
mod json;
mod sink;
mod tree;
mod ubjson;

pub(super) use json::Json;
pub(super) use ubjson::Ubjson;

use crate::tail::boosting::{FeatureKind, ModelParts, Objective, ObjectiveParameter};
use sink::Sink;

/// The version whose format this is.
const VERSION: [i64; 3] = [3, 2, 0];
/// The first version that takes names of categories beyond ASCII as they are.
const VERSION_OF_ANY_NAME: [i64; 3] = [3, 4, 0];

pub(super) fn model(parts: &ModelParts, sink: &mut impl Sink) {
    sink.open();
    sink.key("learner");
    sink.open();
    sink.key("attributes");
    attributes(parts, sink);
    sink.key("feature_names");
    sink.texts(parts.features.names.iter().map(String::as_str));
    sink.key("feature_types");
    sink.texts(parts.features.kinds.iter().map(|kind| name_of(*kind)));
    sink.key("gradient_booster");
    booster(parts, sink);
    sink.key("learner_model_param");
    parameters(parts, sink);
    sink.key("objective");
    objective(&parts.objective, sink);
    sink.close();
    sink.key("version");
    sink.integers(if categories::are_ascii(&parts.features.categories) { &VERSION } else { &VERSION_OF_ANY_NAME });
    sink.close();
}

fn attributes(parts: &ModelParts, sink: &mut impl Sink) {
    let mut all = parts.attributes.clone();
    if let Some(round) = parts.best_round {
        all.insert("best_iteration".to_owned(), round.to_string());
    }
    sink.open();
    for (key, value) in &all {
        sink.pair(key, value);
    }
    sink.close();
}

const fn name_of(kind: FeatureKind) -> &'static str {
    match kind {
        FeatureKind::Float => "float",
        FeatureKind::Integer => "int",
        FeatureKind::Indicator => "i",
        FeatureKind::Quantitative => "q",
        FeatureKind::Categorical => "c",
    }
}

fn booster(parts: &ModelParts, sink: &mut impl Sink) {
    sink.open();
    let Some(weights) = &parts.tree_weights else {
        sink.key("model");
        trees(parts, sink);
        sink.pair("name", "gbtree");
        return sink.close();
    };
    sink.key("gbtree");
    sink.open();
    sink.key("model");
    trees(parts, sink);
    sink.pair("name", "gbtree");
    sink.close();
    sink.pair("name", "dart");
    sink.key("weight_drop");
    sink.array(weights.len());
    for weight in weights {
        sink.element();
        sink.real(*weight);
    }
    sink.end();
    sink.close();
}

fn trees(parts: &ModelParts, sink: &mut impl Sink) {
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    sink.open();
    sink.key("cats");
    categories::write(&parts.features.categories, sink);
    sink.key("gbtree_model_param");
    sink.open();
    sink.pair("num_parallel_tree", &parallel_trees(parts).to_string());
    sink.pair("num_trees", &parts.trees.len().to_string());
    sink.close();
    sink.key("iteration_indptr");
    sink.integers(&parts.round_starts.iter().map(|start| whole(*start)).collect::<Vec<_>>());
    sink.key("tree_info");
    sink.integers(&parts.tree_outputs.iter().map(|output| i64::from(*output)).collect::<Vec<_>>());
    sink.key("trees");
    sink.array(parts.trees.len());
    for (id, tree) in parts.trees.iter().enumerate() {
        sink.element();
        tree::write(tree, whole(id), parts.features.count, sink);
    }
    sink.end();
    sink.close();
}

/// Trees of an output in the first round.
fn parallel_trees(parts: &ModelParts) -> usize {
    let first = parts.round_starts.get(1).copied().unwrap_or(0);
    (first / parts.base_scores.len().max(1)).max(1)
}

fn parameters(parts: &ModelParts, sink: &mut impl Sink) {
    let outputs = parts.base_scores.len();
    let is_multiclass = parts.objective.name().starts_with("multi:");
    let (classes, targets) = if is_multiclass { (outputs, 1) } else { (0, outputs) };
    sink.open();
    sink.pair("base_score", &base_score(&parts.base_scores));
    sink.pair("boost_from_average", "1");
    sink.pair("num_class", &classes.to_string());
    sink.pair("num_feature", &parts.features.count.to_string());
    sink.pair("num_target", &targets.to_string());
    sink.close();
}

/// One number if all outputs share it, which versions before 3.1 can read too.
fn base_score(scores: &[f32]) -> String {
    match scores {
        [first, others @ ..] if others.iter().all(|score| score.to_bits() == first.to_bits()) => format!("{first:E}"),
        _ => list(scores),
    }
}

fn list(numbers: &[f32]) -> String {
    format!("[{}]", numbers.iter().map(|number| format!("{number:E}")).collect::<Vec<_>>().join(","))
}

fn objective(objective: &Objective, sink: &mut impl Sink) {
    sink.open();
    match objective {
        Objective::Quantile { levels } => {
            sink.pair("name", objective.name());
            sink.key("quantile_loss_param");
            sink.open();
            sink.pair("quantile_alpha", &list(levels));
            sink.close();
        }
        Objective::Other { name, parameters } => {
            for (key, parameter) in parameters.iter().filter(|(key, _)| key.as_str() < "name") {
                entry(key, parameter, sink);
            }
            sink.pair("name", name);
            for (key, parameter) in parameters.iter().filter(|(key, _)| key.as_str() > "name") {
                entry(key, parameter, sink);
            }
        }
    }
    sink.close();
}

fn entry(key: &str, parameter: &ObjectiveParameter, sink: &mut impl Sink) {
    sink.key(key);
    match parameter {
        ObjectiveParameter::Text(text) => sink.text(text),
        ObjectiveParameter::Numbers(numbers) => sink.reals(numbers),
        ObjectiveParameter::Group(group) => {
            sink.open();
            for (key, value) in group {
                sink.pair(key, value);
            }
            sink.close();
        }
    }
}
