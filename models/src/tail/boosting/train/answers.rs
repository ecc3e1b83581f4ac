//! What the leaves of a grown tree answer, before the learning rate.
use super::gain::{Bounds, Regularization};
use super::grow::Grown;
use super::quantile::{quantile, weighted_quantile};
use super::split::SplitRules;

/// Residuals of the rows, and what they are worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Residuals<'a> {
    pub(super) level: f32,
    pub(super) target: &'a [f32],
    pub(super) predictions: &'a [f32],
    pub(super) weights: Option<&'a [f32]>,
}

/// The residuals in the order of a tree's rows, so that those of a node stand together.
struct Ordered<'a> {
    level: f32,
    residuals: Vec<f32>,
    weights: Option<Vec<f32>>,
    tree: &'a Grown,
    scratch: Vec<f32>,
}

impl<'a> Ordered<'a> {
    fn new(tree: &'a Grown, of: Residuals<'_>) -> Self {
        let residual = |row: &u32| of.target[*row as usize] - of.predictions[*row as usize];
        Self {
            level: of.level,
            residuals: tree.rows.iter().map(residual).collect(),
            weights: of.weights.map(|weights| tree.rows.iter().map(|row| weights[*row as usize]).collect()),
            tree,
            scratch: Vec::new(),
        }
    }

    /// Quantile of target minus prediction over the rows of a node.
    fn quantile(&mut self, node: usize) -> f32 {
        let rows = self.tree.nodes[node].rows.clone();
        if let Some(weights) = &self.weights {
            let residuals = self.residuals[rows.clone()].iter().copied();
            let mut both: Vec<_> = residuals.zip(weights[rows].iter().copied()).collect();
            return weighted_quantile(&mut both, self.level);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.residuals[rows]);
        quantile(&mut self.scratch, self.level)
    }

    fn weight(&self, node: usize) -> f64 {
        let rows = self.tree.nodes[node].rows.clone();
        self.weights.as_ref().map_or(rows.len() as f64, |weights| weights[rows].iter().copied().map(f64::from).sum())
    }
}

/// Per node (those of leaves are meant): the quantile of its rows' residuals.
///
/// - `prior`: rows that the parent's answer counts for against the node's own.
/// - Where features are constrained, children keep to their side of the middle between both answers.
pub(super) fn refreshed(tree: &Grown, rules: &SplitRules, residuals: Residuals<'_>, prior: f64) -> Vec<f32> {
    let mut own = Ordered::new(tree, residuals);
    let mut answers = vec![0.0; tree.nodes.len()];
    if prior == 0.0 && !rules.is_constrained() {
        let leaves = tree.nodes.iter().enumerate().filter(|(_, node)| node.split.is_none());
        leaves.for_each(|(leaf, _)| answers[leaf] = own.quantile(leaf));
        return answers;
    }
    let mut bounds = vec![Bounds::NONE; tree.nodes.len()];
    answers[0] = own.quantile(0);
    for (index, node) in tree.nodes.iter().enumerate() {
        let Some((split, left)) = &node.split else { continue };
        for child in [*left, *left + 1] {
            let weight = prior + own.weight(child);
            let share = if weight > 0.0 { prior / weight } else { 1.0 };
            let answer = towards(own.quantile(child), answers[index], share);
            answers[child] = bounds[index].clamp(answer);
        }
        let middle = f32::midpoint(answers[*left], answers[*left + 1]);
        let both = bounds[index].split(middle, rules.monotone(split.feature));
        (bounds[*left], bounds[*left + 1]) = both;
        for child in [*left, *left + 1] {
            answers[child] = bounds[child].clamp(answers[child]);
        }
    }
    answers
}

#[expect(clippy::cast_possible_truncation, reason = "between two f32")]
fn towards(own: f32, parent: f32, share: f64) -> f32 {
    (f64::from(own) + share * (f64::from(parent) - f64::from(own))) as f32
}

/// Per node: the Newton step, in units of `scale`.
pub(super) fn newton(tree: &Grown, regularization: Regularization, scale: f32) -> Vec<f32> {
    tree.nodes.iter().map(|node| node.bounds.clamp(regularization.weight(node.sums)) * scale).collect()
}
