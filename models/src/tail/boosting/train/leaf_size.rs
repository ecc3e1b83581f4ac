//! How large leaves must be to tell a quantile.
//!
//! The quantile at level q of a sample is no better than its extreme value until about 1/(1 - q) rows (1/q, below the
//! median) hold one beyond it: the answer of a smaller leaf is a draw of luck that later rounds cannot take back.
use super::{Loss, Parameters, TrainingTable};

/// Rows that a leaf has at least, whatever the quantile.
const LEAST_ROWS: f64 = 50.0;
/// Leaves that this leaves to a small table.
const LEAVES: f64 = 20.0;
/// Leaves that a far quantile may have in a small table: a few large leaves tell more than a constant.
const FAR_LEAVES: f64 = 10.0;
/// XGBoost's own default, for Newton steps, which have second derivatives to lean on.
const LEAST_CURVATURE: f64 = 1.0;

/// What keeps the leaves of a quantile honest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LeafSize {
    /// Sum of the second derivatives that a leaf has at least.
    pub(super) min_child_weight: f64,
    /// Weight of the parent's answer against that of the leaf's own rows.
    pub(super) prior: f64,
}

impl LeafSize {
    /// As the parameters say; else as many rows as hold one beyond the quantile (in a small table a tenth of it), and the
    /// parent's answer weighs as many.
    pub(super) fn new(level: f64, table: &TrainingTable, parameters: &Parameters) -> Self {
        if let Some(min_child_weight) = parameters.min_child_weight {
            return Self { min_child_weight, prior: 0.0 };
        }
        if parameters.loss == Loss::Smoothed {
            return Self { min_child_weight: LEAST_CURVATURE, prior: 0.0 };
        }
        let rows = table.rows() as f64;
        let rows_for_one_beyond = 1.0 / level.min(1.0 - level);
        let least_rows = rows_for_one_beyond.min(rows / FAR_LEAVES).max(LEAST_ROWS.min(rows / LEAVES));
        let mean_weight =
            table.weights().map_or(1.0, |weights| weights.iter().copied().map(f64::from).sum::<f64>() / rows);
        Self { min_child_weight: least_rows * mean_weight, prior: rows_for_one_beyond * mean_weight }
    }
}
