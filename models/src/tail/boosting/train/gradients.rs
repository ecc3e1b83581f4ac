//! Derivatives of the loss at every row.
use super::tally::{Gradient, LargeCounts, SmallCounts, TwoGradients};

/// Width of the smoothing, as a share of the residuals' scale.
const SMOOTHING: f32 = 0.04;
/// Least second derivative, as a share of the largest.
const LEAST_CURVATURE: f32 = 3e-4;

/// Both gradients of the pinball loss at a level.
pub(super) fn two_gradients(level: f32) -> TwoGradients {
    TwoGradients { over: f64::from(1.0 - level), under: f64::from(-level) }
}

/// Whether the prediction of each row is not below the target, as counts take it.
pub(super) fn small_counts(target: &[f32], predictions: &[f32]) -> Vec<u32> {
    target.iter().zip(predictions).map(|(target, predicted)| SmallCounts::row(predicted - target >= 0.0)).collect()
}

/// The same for any number of rows.
pub(super) fn large_counts(target: &[f32], predictions: &[f32]) -> Vec<u64> {
    target.iter().zip(predictions).map(|(target, predicted)| LargeCounts::row(predicted - target >= 0.0)).collect()
}

/// Gradients of the weighted pinball loss; the second derivative is the weight.
pub(super) fn weighted(level: f32, target: &[f32], predictions: &[f32], weights: &[f32]) -> Vec<Gradient> {
    let rows = target.iter().zip(predictions).zip(weights);
    rows.map(|((target, predicted), weight)| {
        let first = if predicted - target >= 0.0 { 1.0 - level } else { -level };
        Gradient { first: first * weight, second: *weight }
    })
    .collect()
}

/// Gradients of the smoothed pinball loss in units of the residuals' scale, and that scale.
///
/// With the scale S = (sum of w sqrt|r| / sum of w)^2 and x = r / (0.04 S): first derivative w/2 (tanh x + 1 - 2 level),
/// second w/0.08 max(tanh(x)/x, 3e-4). XGBoost multiplies the first by S; here the leaves are.
pub(super) fn smoothed(
    level: f32,
    target: &[f32],
    predictions: &[f32],
    weights: Option<&[f32]>,
) -> (Vec<Gradient>, f32) {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let scale = scale(target, predictions, weights);
    let rows = target.iter().zip(predictions).enumerate();
    let gradients = rows.map(|(row, (target, predicted))| {
        if scale == 0.0 {
            return Gradient { first: 0.0, second: 0.0 };
        }
        let distance = (predicted - target) / scale / SMOOTHING;
        let slope = if distance == 0.0 { 1.0 } else { distance.tanh() / distance };
        Gradient {
            first: weight(row) / 2.0 * (distance.tanh() + 1.0 - 2.0 * level),
            second: weight(row) / (2.0 * SMOOTHING) * slope.max(LEAST_CURVATURE),
        }
    });
    (gradients.collect(), scale)
}

#[expect(clippy::cast_possible_truncation, reason = "no larger than the largest residual")]
fn scale(target: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> f32 {
    let rows = target.iter().zip(predictions).enumerate();
    let (sum, total) = rows.fold((0.0, 0.0), |(sum, total), (row, (target, predicted))| {
        let weight = weights.map_or(1.0, |weights| f64::from(weights[row]));
        (sum + weight * f64::from((predicted - target).abs()).sqrt(), total + weight)
    });
    let root: f64 = sum / total;
    (root * root) as f32
}
