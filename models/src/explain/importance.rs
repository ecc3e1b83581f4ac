//! Importance of features by what the training left in the trees: gains, covers, numbers of splits.
use crate::tail::boosting::{BoostedTrees, Node};

/// What the splits of one feature amount to, in the trees that prediction uses.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Importance {
    /// Splits that ask for the feature (XGBoost's `weight`).
    pub splits: u64,
    /// By how much they lowered the loss, in all (`total_gain`).
    pub total_gain: f64,
    /// Sum of the second derivatives of the rows that came through, in all (`total_cover`).
    pub total_cover: f64,
}

impl Importance {
    /// Gain of a split, in the mean (`gain`); 0 without splits.
    #[must_use]
    pub fn mean_gain(&self) -> f64 {
        self.mean(self.total_gain)
    }

    /// Cover of a split, in the mean (`cover`); 0 without splits.
    #[must_use]
    pub fn mean_cover(&self) -> f64 {
        self.mean(self.total_cover)
    }

    #[expect(clippy::cast_precision_loss, reason = "fewer splits than 2^53")]
    fn mean(&self, total: f64) -> f64 {
        if self.splits == 0 { 0.0 } else { total / self.splits as f64 }
    }
}

/// The importance of every feature, by position; for all outputs, or for the trees of one.
///
/// A feature with many distinct values is offered more splits, so that these figures favour it; see
/// [`super::permutation`] for what a feature is worth on data.
#[must_use]
pub fn importance(model: &BoostedTrees, output: Option<usize>) -> Vec<Importance> {
    let mut all = vec![Importance::default(); model.parts().features.count];
    let trees = model.trees_in_use().iter().zip(&model.parts().tree_outputs);
    let asked = trees.filter(|(_, of)| output.is_none_or(|output| output == **of as usize));
    for node in asked.flat_map(|(tree, _)| tree.nodes()) {
        if let Node::Inner { feature, gain, cover, .. } = node {
            let entry = &mut all[*feature as usize];
            entry.splits += 1;
            entry.total_gain += f64::from(*gain);
            entry.total_cover += f64::from(*cover);
        }
    }
    all
}
