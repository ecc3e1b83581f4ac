//! How well quantiles are predicted.
use super::comparison::{ComparisonError, Predictions, check, pinball_loss};
use serde::{Deserialize, Serialize};

/// How well one quantile is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileEvaluation {
    /// The level, above 0 and below 1.
    pub quantile: f64,
    /// Mean pinball loss, in the target's unit.
    pub pinball_loss: f64,
    /// Share of the rows whose target is at most the prediction; a calibrated quantile has its level.
    pub coverage: f64,
}

/// How well a model predicts a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows that were predicted.
    pub rows: u64,
    /// Mean of the quantiles' losses, in the target's unit.
    pub mean_pinball_loss: f64,
    /// One entry per level, ascending.
    pub quantiles: Vec<QuantileEvaluation>,
}

/// Mean pinball loss and coverage of predictions, per level and over all levels.
///
/// Pinball loss of a quantile q at level a: (a - 1[y < q]) (y - q) (Koenker and Bassett 1978).
///
/// # Errors
/// [`ComparisonError`] when there is no row, or numbers do not fit together or are not finite.
pub fn evaluate(target: &[f64], predictions: Predictions<'_>) -> Result<Evaluation, ComparisonError> {
    check(target, predictions)?;
    let mut quantiles = Vec::with_capacity(predictions.levels.len());
    for (at, &level) in predictions.levels.iter().enumerate() {
        let losses =
            Mean::of(target.iter().enumerate().map(|(row, y)| pinball_loss(level, *y, predictions.at(row, at))));
        let covered =
            Mean::of(target.iter().enumerate().map(|(row, y)| if *y <= predictions.at(row, at) { 1.0 } else { 0.0 }));
        quantiles.push(QuantileEvaluation { quantile: level, pinball_loss: losses, coverage: covered });
    }
    quantiles.sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
    let mean_pinball_loss = Mean::of(quantiles.iter().map(|quantile| quantile.pinball_loss));
    Ok(Evaluation { rows: target.len() as u64, mean_pinball_loss, quantiles })
}

/// A mean of numbers whose sum may be beyond the range.
pub(super) struct Mean;

impl Mean {
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub(super) fn of(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
        let count = numbers.len().max(1) as f64;
        let largest = numbers.clone().fold(0.0_f64, |largest, number| largest.max(number.abs()));
        // The plain sum is the most exact where it fits.
        if largest < f64::MAX / count {
            return numbers.sum::<f64>() / count;
        }
        numbers.map(|number| number / count).sum()
    }
}
