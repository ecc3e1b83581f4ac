//! Margins of single rows, as fast as one thread gives them: no allocation, lock or thread.
//!
//! A forest asks far fewer distinct questions than it has nodes, since thresholds come from the same bins. So all of them
//! are answered first, feature by feature, into a table of bytes; a node is then the number of its question, and a step
//! down is one look at the table, without comparison or branch. Sixteen trees are walked at a time, so that the memory's
//! latency hides. Every row ends in the leaves of the plain walk ([`super::Tree::leaf_of`]), and these are added in the
//! file's order: the bits are the same.
//!
//! Source: QuickScorer (Lucchese et al. 2015) for going feature by feature; complete trees in heap order are folklore.
mod complete;
mod forest;
mod linked;
mod plain;
mod questions;

use super::{BoostedTrees, RowError};
use forest::Forest;
use plain::Plain;
use questions::Questions;

/// Walks the trees of one model.
#[derive(Debug, Clone)]
pub struct RowPredictor {
    features: usize,
    base_margins: Vec<f32>,
    form: Form,
}

/// The smallest form that holds the model's questions.
#[derive(Debug, Clone)]
enum Form {
    /// The table of answers fits into the nearest memory.
    Small(Forest<8192>),
    /// As many as two bytes number.
    Large(Forest<65_536>),
    /// Anything else.
    Plain(Plain),
}

impl Form {
    fn new(model: &BoostedTrees) -> Self {
        let questions = Questions::new(model);
        let small = Forest::new(model, &questions).map(Self::Small);
        let compact = small.or_else(|| Forest::new(model, &questions).map(Self::Large));
        compact.unwrap_or_else(|| Self::Plain(Plain::new(model)))
    }
}

impl RowPredictor {
    /// Prepares a model: a few milliseconds for 1,500 trees.
    #[must_use]
    pub fn new(model: &BoostedTrees) -> Self {
        Self { features: model.parts().features.count, base_margins: model.base_margins(), form: Form::new(model) }
    }

    /// Values that a row has.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.features
    }

    /// Margins that a row is answered with.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.base_margins.len()
    }

    /// Writes the margins of one row, one per output: base margin plus leaves, before any link or sorting.
    ///
    /// - `row`: a value per feature; NaN is missing; categories by their codes.
    ///
    /// # Errors
    /// [`RowError`] if the lengths are not those of the model.
    pub fn margins(&self, row: &[f32], out: &mut [f32]) -> Result<(), RowError> {
        self.check(row.len(), out.len(), 1)?;
        out.copy_from_slice(&self.base_margins);
        match &self.form {
            Form::Small(forest) => forest.add_row(row, out),
            Form::Large(forest) => forest.add_row(row, out),
            Form::Plain(plain) => plain.add_row(row, out),
        }
        Ok(())
    }

    /// Writes the margins of many rows, with the same bits as [`Self::margins`].
    ///
    /// - `rows`: row after row, a value per feature each.
    /// - `out`: row after row, a margin per output each.
    ///
    /// # Errors
    /// [`RowError`] if the lengths are not those of the model, or hold different numbers of rows.
    pub fn margins_of_rows(&self, rows: &[f32], out: &mut [f32]) -> Result<(), RowError> {
        let count = out.len() / self.outputs();
        self.check(rows.len(), out.len(), count)?;
        out.chunks_exact_mut(self.outputs()).for_each(|out| out.copy_from_slice(&self.base_margins));
        match &self.form {
            Form::Small(forest) => forest.add_rows(rows, self.features, out, self.outputs()),
            Form::Large(forest) => forest.add_rows(rows, self.features, out, self.outputs()),
            Form::Plain(plain) => {
                for (row, out) in (0..count).zip(out.chunks_exact_mut(self.outputs())) {
                    plain.add_row(&rows[row * self.features..][..self.features], out);
                }
            }
        }
        Ok(())
    }

    fn check(&self, values: usize, margins: usize, rows: usize) -> Result<(), RowError> {
        let lengths =
            [("row", values, rows.checked_mul(self.features)), ("output", margins, rows.checked_mul(self.outputs()))];
        for (what, found, expected) in lengths {
            let expected = expected.unwrap_or(usize::MAX);
            if found != expected {
                return Err(RowError { what, found, expected });
            }
        }
        Ok(())
    }
}
