//! The walk over the trees as they are, for models that no smaller form holds.
use crate::tail::boosting::{BoostedTrees, Node, Tree};

/// Trees with what their leaves add.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    trees: Vec<Tree>,
    outputs: Vec<u32>,
    weights: Option<Vec<f32>>,
}

impl Plain {
    pub(super) fn new(model: &BoostedTrees) -> Self {
        let (trees, parts) = (model.trees_in_use().to_vec(), model.parts());
        Self { trees, outputs: parts.tree_outputs.clone(), weights: parts.tree_weights.clone() }
    }

    /// Adds every tree's leaf to the output that it is for.
    pub(super) fn add_row(&self, row: &[f32], out: &mut [f32]) {
        for (index, (tree, output)) in self.trees.iter().zip(&self.outputs).enumerate() {
            if let Node::Leaf { value, .. } = tree.nodes()[tree.leaf_of(row)] {
                let weight = self.weights.as_ref().map_or(1.0, |weights| weights[index]);
                out[*output as usize] += value * weight;
            }
        }
    }
}
