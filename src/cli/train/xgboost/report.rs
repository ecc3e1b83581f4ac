//! What came of a training: a table for people, a summary for programs.
use bellwether_models::tail::boosting::{Parameters, Trained, TrainingTable, mean_pinball_loss, served_quantiles};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;

/// Rows that are predicted at once.
const BLOCK: usize = 4096;

/// Loss and coverage of the model as it is served: up to its best round, quantiles sorted.
#[derive(Debug)]
pub(super) struct Report<'a> {
    trained: &'a Trained,
    /// Rounds that were asked for.
    rounds: usize,
    quantiles: Vec<f64>,
    training: Judged,
    validation: Option<Judged>,
}

/// One table, judged.
#[derive(Debug)]
struct Judged {
    rows: usize,
    losses: Vec<f64>,
    coverages: Vec<f64>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        trained: &'a Trained,
        asked: &Parameters,
        table: &TrainingTable,
        validation: Option<&TrainingTable>,
    ) -> anyhow::Result<Self> {
        let mut quantiles = asked.quantiles.clone();
        quantiles.sort_by(f64::total_cmp);
        let training = Judged::new(trained, &quantiles, table)?;
        let validation = validation.map(|table| Judged::new(trained, &quantiles, table)).transpose()?;
        Ok(Self { trained, rounds: asked.rounds, quantiles, training, validation })
    }

    /// A line per quantile, for standard error.
    pub(super) fn table(&self) -> String {
        let (judged, name) = match &self.validation {
            Some(judged) => (judged, "validation"),
            None => (&self.training, "training"),
        };
        let mut text = format!("quantile  {name} loss  {name} coverage\n");
        for ((quantile, loss), coverage) in self.quantiles.iter().zip(&judged.losses).zip(&judged.coverages) {
            let width = name.len();
            let _ = writeln!(text, "{quantile:<8}  {loss:<0$.6}  {coverage:.4}", width + 5);
        }
        text
    }

    /// The summary, as JSON.
    pub(super) fn summary(&self, out: &Path, bytes: usize, seconds: f64) -> anyhow::Result<String> {
        let parts = self.trained.model.parts();
        let quantiles: Vec<Value> = (0..self.quantiles.len()).map(|index| self.quantile(index)).collect();
        let summary = json!({
            "model": out.display().to_string(),
            "bytes": bytes,
            "seconds": seconds,
            "rows": self.training.rows,
            "validation_rows": self.validation.as_ref().map(|judged| judged.rows),
            "features": parts.features.count,
            "rounds": self.trained.curve.len(),
            "best_round": self.trained.best_round,
            "stopped_early": self.trained.curve.len() < self.rounds,
            "trees": parts.trees.len(),
            "quantiles": quantiles,
        });
        Ok(serde_json::to_string_pretty(&summary)? + "\n")
    }

    fn quantile(&self, index: usize) -> Value {
        let mut figures = Map::new();
        figures.insert("quantile".to_owned(), json!(self.quantiles[index]));
        for (name, judged) in [("training", Some(&self.training)), ("validation", self.validation.as_ref())] {
            if let Some(judged) = judged {
                figures.insert(format!("{name}_loss"), json!(judged.losses[index]));
                figures.insert(format!("{name}_coverage"), json!(judged.coverages[index]));
            }
        }
        Value::Object(figures)
    }
}

impl Judged {
    fn new(trained: &Trained, quantiles: &[f64], table: &TrainingTable) -> anyhow::Result<Self> {
        let (model, rows) = (&trained.model, table.rows());
        let levels: Vec<f32> = quantiles.iter().map(|level| single(*level)).collect();
        let features = table.columns().len();
        let mut served = vec![Vec::with_capacity(rows); quantiles.len()];
        for start in (0..rows).step_by(BLOCK) {
            let mut block = Vec::with_capacity(BLOCK * features);
            for row in start..rows.min(start + BLOCK) {
                block.extend(table.columns().iter().map(|column| column.values()[row]));
            }
            for margins in model.margins(&block)?.chunks_exact(quantiles.len()) {
                let sorted = served_quantiles(&levels, margins);
                served.iter_mut().zip(sorted).for_each(|(all, quantile)| all.push(quantile.value));
            }
        }
        let judged = |(level, predictions): (&f64, &Vec<f32>)| {
            (mean_pinball_loss(*level, table.target(), predictions, table.weights()), coverage(table, predictions))
        };
        let (losses, coverages) = quantiles.iter().zip(&served).map(judged).unzip();
        Ok(Self { rows, losses, coverages })
    }
}

/// Share of the weight whose target is at or below the prediction.
fn coverage(table: &TrainingTable, predictions: &[f32]) -> f64 {
    let weight = |row: usize| table.weights().map_or(1.0, |weights| f64::from(weights[row]));
    let rows = table.target().iter().zip(predictions).enumerate();
    let (covered, total) = rows.fold((0.0, 0.0), |(covered, total), (row, (target, predicted))| {
        (covered + if target <= predicted { weight(row) } else { 0.0 }, total + weight(row))
    });
    if total > 0.0 { covered / total } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "levels are f32 in the model")]
const fn single(level: f64) -> f32 {
    level as f32
}
