//! The table of contributions: a column per feature and the bias, a line per row.
use crate::cli::Refusal;
use crate::cli::held_back::HeldBack;
use crate::cli::model_input::{Chosen, explainer};
use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::BoostedTrees;

/// Contributions as CSV.
pub(super) struct Contributions {
    explainer: TreeShap,
    output: usize,
    table: HeldBack,
}

impl Contributions {
    pub(super) fn new<'n>(
        model: &BoostedTrees,
        chosen: &Chosen,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Refusal> {
        let table = HeldBack::new(names.chain(["bias"]));
        Ok(Self { explainer: explainer(model)?, output: chosen.output, table })
    }

    /// Adds the contributions of rows (rows x features).
    pub(super) fn add(&mut self, rows: &[f32]) -> anyhow::Result<()> {
        let bias = self.explainer.bias(self.output)?;
        for row in rows.chunks_exact(self.explainer.features().max(1)) {
            let contributions = self.explainer.contributions(row, self.output)?;
            self.table.line(contributions.into_iter().chain([bias]))?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.table.finish()
    }
}
