//! Exact path-dependent SHAP values of boosted trees (XGBoost's `pred_contribs`).
//!
//! What a tree answers when only the features of a set S are known is the mean of the leaves that S allows, weighted by
//! the training rows' shares (covers). The contribution of a feature is its Shapley value in that game: Lundberg et al.,
//! "From local explanations to global understanding with explainable AI for trees" (2020), Algorithm 2.
//!
//! Over a path with shares z and answers o (1 where the row follows the path, else 0) a leaf v gives feature i
//! `v (o_i - z_i) ∫₀¹ Π_{j≠i} (o_j t + z_j (1 - t)) dt`, since `∫ t^s (1 - t)^(d-1-s) dt` is the Shapley weight of s of d
//! features. The integrand is a polynomial, so Gauss-Legendre quadrature with half as many points as there are features
//! on the path is exact. For each point one pass down the tree gathers the products and one pass up the sums of leaves
//! below: time linear in the number of nodes, and no subtraction of near numbers at any depth.
mod compiled;
mod passes;
mod paths;
mod quadrature;

use super::ExplainError;
use crate::tail::boosting::{BoostedTrees, RowError};
use compiled::CompiledTree;
use passes::Passes;
use quadrature::{Point, rule};
use std::collections::BTreeMap;

/// Distinct features on a path beyond which the quadrature, whose points are half as many, would take too long.
const MOST_FEATURES: usize = 1024;

/// Explains the margins of one model.
#[derive(Debug, Clone)]
pub struct TreeShap {
    features: usize,
    outputs: Vec<Output>,
    /// The quadrature for trees with so many features on a path.
    rules: BTreeMap<usize, Vec<Point>>,
}

#[derive(Debug, Clone)]
struct Output {
    trees: Vec<CompiledTree>,
    bias: f64,
}

impl TreeShap {
    /// Prepares a model.
    ///
    /// # Errors
    /// [`ExplainError::TooDeep`] if a path holds more than 1,024 distinct features.
    pub fn new(model: &BoostedTrees) -> Result<Self, ExplainError> {
        let parts = model.parts();
        let base = model.base_margins().into_iter();
        let mut outputs: Vec<_> = base.map(|base| Output { trees: Vec::new(), bias: f64::from(base) }).collect();
        let mut rules = BTreeMap::new();
        for (index, (tree, output)) in model.trees_in_use().iter().zip(&parts.tree_outputs).enumerate() {
            let weight = parts.tree_weights.as_ref().map_or(1.0, |weights| weights[index]);
            let tree = CompiledTree::new(tree, weight);
            if tree.path_features > MOST_FEATURES {
                return Err(ExplainError::TooDeep { features: tree.path_features, most: MOST_FEATURES });
            }
            rules.entry(tree.path_features).or_insert_with(|| rule(tree.path_features.div_ceil(2)));
            let output = &mut outputs[*output as usize];
            output.bias += tree.mean();
            output.trees.push(tree);
        }
        Ok(Self { features: parts.features.count, outputs, rules })
    }

    /// Values that a row has.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.features
    }

    /// Margins that a row is answered with.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// What the margin of `output` is before anything is known of a row: base margin plus the trees' mean leaves.
    ///
    /// # Errors
    /// [`ExplainError::NoOutput`].
    pub fn bias(&self, output: usize) -> Result<f64, ExplainError> {
        self.output(output).map(|output| output.bias)
    }

    /// Contributions of the features to the margin of `output` for one row, by position; with the bias they add up to
    /// the margin, in f64.
    ///
    /// # Errors
    /// [`ExplainError`] if there is no such output or the row's length is not the model's.
    pub fn contributions(&self, row: &[f32], output: usize) -> Result<Vec<f64>, ExplainError> {
        let output = self.output(output)?;
        if row.len() != self.features {
            return Err(RowError { what: "row", found: row.len(), expected: self.features }.into());
        }
        let mut contributions = vec![0.0; self.features];
        let mut passes = Passes::default();
        for tree in &output.trees {
            let points = self.rules.get(&tree.path_features).map_or(&[][..], Vec::as_slice);
            passes.add(tree, points, row, &mut contributions);
        }
        Ok(contributions)
    }

    fn output(&self, output: usize) -> Result<&Output, ExplainError> {
        self.outputs.get(output).ok_or(ExplainError::NoOutput { output, outputs: self.outputs.len() })
    }
}
