//! Judges models by rows whose target is known.
use bellwether_domain::registry::{Comparison, ComparisonError, Evaluation, Predictions, compare, evaluate};
use bellwether_models::tail::boosting::{BoostedTrees, Objective, RowsError, served_quantiles};

/// Rows whose target is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValidationRows {
    /// Rows x features, row by row, as the model reads them; NaN is missing.
    pub features: Vec<f32>,
    /// One per row, finite, in the unit of the predictions.
    pub target: Vec<f64>,
}

/// Why a model cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum JudgingError {
    #[error("{0}")]
    Rows(#[from] RowsError),
    #[error("{0}")]
    Comparison(#[from] ComparisonError),
    #[error("the model predicts no quantiles: train with reg:quantileerror")]
    NoQuantiles,
}

/// What a model serves for each row: levels ascending, and the quantiles sorted.
struct Served {
    levels: Vec<f64>,
    values: Vec<f64>,
}

impl Served {
    fn by(model: &BoostedTrees, rows: &ValidationRows) -> Result<Self, JudgingError> {
        let Objective::Quantile { levels } = &model.parts().objective else { return Err(JudgingError::NoQuantiles) };
        let raw = model.predict(&rows.features)?;
        let sorted = raw.chunks_exact(levels.len().max(1)).flat_map(|row| served_quantiles(levels, row));
        Ok(Self { levels: served_levels(levels), values: sorted.map(|one| f64::from(one.value)).collect() })
    }

    fn as_predictions(&self) -> Predictions<'_> {
        Predictions { levels: &self.levels, values: &self.values }
    }
}

/// A model's levels, ascending. The file holds 32-bit numbers; 0.95 is to stay 0.95 in 64 bits.
#[must_use]
pub fn served_levels(levels: &[f32]) -> Vec<f64> {
    let mut served: Vec<f64> =
        levels.iter().map(|level| level.to_string().parse().unwrap_or_else(|_| f64::from(*level))).collect();
    served.sort_by(f64::total_cmp);
    served
}

/// How well a model predicts rows, as it would serve them.
///
/// # Errors
/// [`JudgingError`].
pub fn evaluate_model(model: &BoostedTrees, rows: &ValidationRows) -> Result<Evaluation, JudgingError> {
    Ok(evaluate(&rows.target, Served::by(model, rows)?.as_predictions())?)
}

/// A version and a reference (the champion, where a promotion is decided) on the same rows, each as it reads them.
///
/// # Errors
/// [`JudgingError`].
pub fn compare_models(
    (version, rows): (&BoostedTrees, &ValidationRows),
    (reference, reference_rows): (&BoostedTrees, &ValidationRows),
) -> Result<Comparison, JudgingError> {
    let (own, theirs) = (Served::by(version, rows)?, Served::by(reference, reference_rows)?);
    Ok(compare(&rows.target, own.as_predictions(), theirs.as_predictions())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_keep_the_decimals_that_they_were_given_with() {
        assert_eq!(served_levels(&[0.95, 0.5, 0.999, 0.05]), [0.05, 0.5, 0.95, 0.999]);
    }
}
