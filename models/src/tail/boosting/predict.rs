//! Prediction: base score first, then each tree's leaf in the file's order, all in f32, so that the bits are XGBoost's.
use super::walk::{Rows, Walk};
use super::{BoostedTrees, Link, Tree};

/// Rows that go through one tree before the next tree is taken: they stay in the fastest cache.
const BLOCK: usize = 256;
/// Rows for which laying out the trees anew does not pay.
const FEW: usize = 16;

/// Why rows cannot be predicted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum RowsError {
    #[error("{values} values are no whole number of rows: give {features} features a row")]
    NoWholeRows { values: usize, features: usize },
}

/// A quantile as it is served: in ascending order over the levels, so that quantiles never cross.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServedQuantile {
    /// The level, between 0 and 1.
    pub level: f32,
    /// The value, in the target's unit.
    pub value: f32,
    /// The output of the model that the value came from.
    pub output: usize,
}

impl BoostedTrees {
    /// What its objective makes of margins.
    #[must_use]
    pub fn link(&self) -> Link {
        Link::of(&self.parts().objective).unwrap_or(Link::Identity)
    }

    /// Numbers of a row's prediction.
    #[must_use]
    pub fn prediction_width(&self) -> usize {
        self.link().width(self.outputs())
    }

    /// The margins of rows.
    ///
    /// - `rows`: rows x features, row by row; NaN is missing, infinities are numbers.
    /// - Returns rows x outputs, row by row.
    ///
    /// # Errors
    /// [`RowsError`] if a row is cut short.
    pub fn margins(&self, rows: &[f32]) -> Result<Vec<f32>, RowsError> {
        let features = self.parts().features.count;
        if features == 0 || !rows.len().is_multiple_of(features) {
            return Err(RowsError::NoWholeRows { values: rows.len(), features });
        }
        let start = self.base_margins();
        let mut margins = start.repeat(rows.len() / features);
        if rows.len() / features < FEW {
            self.add_each(rows, &mut margins);
        } else {
            self.add_together(rows, &mut margins);
        }
        Ok(margins)
    }

    /// The predictions of rows: margins with the link applied; quantiles as the trees say, which may cross.
    ///
    /// - `rows`: rows x features, row by row; NaN is missing, infinities are numbers.
    /// - Returns rows x [`Self::prediction_width`], row by row.
    ///
    /// # Errors
    /// [`RowsError`] if a row is cut short.
    pub fn predict(&self, rows: &[f32]) -> Result<Vec<f32>, RowsError> {
        let (mut margins, link, outputs) = (self.margins(rows)?, self.link(), self.outputs());
        margins.chunks_exact_mut(outputs).for_each(|row| link.apply(row));
        let width = link.width(outputs);
        if width == outputs {
            return Ok(margins);
        }
        Ok(margins.chunks_exact(outputs).flat_map(|row| row[..width].iter().copied()).collect())
    }

    /// What margins start from: the base score behind the link.
    #[must_use]
    pub fn base_margins(&self) -> Vec<f32> {
        self.link().margins_of(&self.parts().base_scores)
    }

    /// Adds the leaves of one row after the other, which a few rows are quickest by.
    fn add_each(&self, rows: &[f32], margins: &mut [f32]) {
        let rows = rows.chunks_exact(self.parts().features.count);
        for (row, margins) in rows.zip(margins.chunks_exact_mut(self.outputs())) {
            for (tree, output, weight) in self.weighted_trees() {
                margins[output] += weight * tree.value_of(row);
            }
        }
    }

    /// Adds the leaves of one tree after the other.
    fn add_together(&self, rows: &[f32], margins: &mut [f32]) {
        let (features, outputs) = (self.parts().features.count, self.outputs());
        let walks: Vec<_> =
            self.weighted_trees().map(|(tree, output, weight)| (Walk::new(tree), output, weight)).collect();
        for (rows, margins) in rows.chunks(BLOCK * features).zip(margins.chunks_mut(BLOCK * outputs)) {
            let rows = Rows::new(rows, features);
            for (walk, output, weight) in &walks {
                walk.add(&rows, *weight, &mut margins[*output..], outputs);
            }
        }
    }

    /// The trees in use, each with its output and weight.
    fn weighted_trees(&self) -> impl Iterator<Item = (&Tree, usize, f32)> {
        let weights = self.parts().tree_weights.as_deref();
        let trees = self.trees_in_use().iter().zip(&self.parts().tree_outputs).enumerate();
        trees
            .map(move |(index, (tree, output))| (tree, *output as usize, weights.map_or(1.0, |weights| weights[index])))
    }
}

/// The quantiles of a row in ascending order of level, their values sorted (Chernozhukov, Fernández-Val and Galichon,
/// "Quantile and Probability Curves Without Crossing", Econometrica 2010, section 2); NaN last.
///
/// - `levels`, `raw`: in the model's order, equally long.
#[must_use]
pub fn served_quantiles(levels: &[f32], raw: &[f32]) -> Vec<ServedQuantile> {
    let mut order: Vec<usize> = (0..levels.len().min(raw.len())).collect();
    order.sort_by(|a, b| raw[*a].total_cmp(&raw[*b]));
    let mut ascending = levels[..order.len()].to_vec();
    ascending.sort_by(f32::total_cmp);
    ascending
        .into_iter()
        .zip(order)
        .map(|(level, output)| ServedQuantile { level, value: raw[output], output })
        .collect()
}
