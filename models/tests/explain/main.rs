//! Explanations of boosted trees, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "../support/random_trees.rs"]
mod random_trees;

mod hostile;
mod importances;
mod reference;
mod shapley;
mod xgboost_contributions;

use bellwether_models::tail::boosting::{BoostedTrees, Node, xgboost};
use std::path::{Path, PathBuf};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// Head and rows of a table.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let number = |cell: &str| if cell.is_empty() { f32::NAN } else { cell.parse().unwrap() };
    let head = lines.next().unwrap().split(',').map(str::to_owned).collect();
    (head, lines.map(|line| line.split(',').map(number).collect()).collect())
}

fn read(path: &Path) -> BoostedTrees {
    xgboost::read(&std::fs::read(path).unwrap()).unwrap()
}

/// The margin of an output in f64: the sum that contributions must add up to.
fn margin(model: &BoostedTrees, row: &[f32], output: usize) -> f64 {
    let parts = model.parts();
    let mut margin = f64::from(model.base_margins()[output]);
    for (index, tree) in model.trees_in_use().iter().enumerate() {
        let Node::Leaf { value, .. } = tree.nodes()[tree.leaf_of(row)] else { unreachable!() };
        if parts.tree_outputs[index] as usize == output {
            margin += f64::from(value) * f64::from(parts.tree_weights.as_ref().map_or(1.0, |weights| weights[index]));
        }
    }
    margin
}

/// Sum of the leaves' sizes, which errors are measured by.
fn size(model: &BoostedTrees) -> f64 {
    let leaf = |node: &Node| if let Node::Leaf { value, .. } = node { f64::from(value.abs()) } else { 0.0 };
    let largest = |nodes: &[Node]| nodes.iter().map(leaf).fold(0.0, f64::max);
    1.0 + model.trees_in_use().iter().map(|tree| largest(tree.nodes())).sum::<f64>()
}
