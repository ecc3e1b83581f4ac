//! The table of predictions: its columns and its numbers.
use crate::cli::held_back::HeldBack;
use bellwether_models::tail::boosting::{BoostedTrees, Objective, served_quantiles};

/// Predictions as CSV.
pub(super) struct Answer<'m> {
    model: &'m BoostedTrees,
    raw: bool,
    /// The quantile levels to sort by, if it is for sorting.
    levels: Option<&'m [f32]>,
    table: HeldBack,
}

impl<'m> Answer<'m> {
    pub(super) fn new(model: &'m BoostedTrees, raw: bool) -> Self {
        let levels = match &model.parts().objective {
            Objective::Quantile { levels } => Some(levels.as_slice()),
            Objective::Other { .. } => None,
        };
        Self { model, raw, levels, table: HeldBack::new(heads(model, levels, raw)) }
    }

    /// Adds the predictions of rows (rows x features).
    pub(super) fn add(&mut self, rows: &[f32]) -> anyhow::Result<()> {
        let predicted = if self.raw { self.model.margins(rows)? } else { self.model.predict(rows)? };
        let width = if self.raw { self.model.outputs() } else { self.model.prediction_width() };
        for row in predicted.chunks_exact(width) {
            match self.levels.filter(|_| !self.raw) {
                Some(levels) => self.table.line(served_quantiles(levels, row).iter().map(|served| served.value))?,
                None => self.table.line(row.iter().copied())?,
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.table.finish()
    }
}

/// The columns of the answer.
fn heads(model: &BoostedTrees, levels: Option<&[f32]>, raw: bool) -> Vec<String> {
    if let Some(levels) = levels {
        let mut levels = levels.to_vec();
        if !raw {
            levels.sort_by(f32::total_cmp);
        }
        return levels.iter().map(|level| format!("q{level}")).collect();
    }
    let width = if raw { model.outputs() } else { model.prediction_width() };
    match width {
        1 => vec!["prediction".to_owned()],
        _ => (0..width).map(|output| format!("class_{output}")).collect(),
    }
}
