//! Quantiles of samples, as XGBoost takes them, and the loss that judges them.
//!
//! Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996 (type 6).
use crate::metrics::pinball_loss;

/// Quantile of unordered values, which are reordered; 0 without a value.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank within the values, and f32 between two of them"
)]
pub(super) fn quantile(values: &mut [f32], level: f32) -> f32 {
    let (n, level) = (values.len() as f64, f64::from(level));
    let last = match values.len() {
        0 => return 0.0,
        len => len - 1,
    };
    let order = |index, values: &mut [f32]| *values.select_nth_unstable_by(index, f32::total_cmp).1;
    if level <= 1.0 / (n + 1.0) {
        return values.iter().copied().fold(f32::INFINITY, f32::min);
    }
    if level >= n / (n + 1.0) {
        return values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    }
    let rank = level * (n + 1.0);
    let index = ((rank.floor() - 1.0) as usize).min(last);
    let below = order(index, values);
    let above = values[index + 1..].iter().copied().fold(f32::INFINITY, f32::min);
    let above = if index == last { below } else { above };
    (f64::from(below) + rank.fract() * f64::from(above - below)) as f32
}

#[expect(clippy::cast_possible_truncation, reason = "meant, as said below")]
/// The first value, in ascending order, up to which lies a share `level` of the weight; 0 without any weight.
pub(super) fn weighted_quantile(values: &mut [(f32, f32)], level: f32) -> f32 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = values.iter().map(|(_, weight)| f64::from(*weight)).sum();
    // As f32, so that a tenth of 100 is 10 and not a little more.
    let (wanted, mut sum) = (total as f32 * level, 0.0);
    for (value, weight) in values.iter() {
        sum += f64::from(*weight);
        if sum as f32 >= wanted && *weight > 0.0 {
            return *value;
        }
    }
    values.iter().rfind(|(_, weight)| *weight > 0.0).map_or(0.0, |(value, _)| *value)
}

/// Mean pinball loss of predictions of a quantile, in the target's unit (Koenker and Bassett, Econometrica 46, 1978).
///
/// - `target` and `predictions`: row by row; `weights` too, if rows differ in weight.
/// - 0 for no rows or no weight.
#[must_use]
pub fn mean_pinball_loss(level: f64, target: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> f64 {
    let losses = target
        .iter()
        .zip(predictions)
        .map(|(target, predicted)| pinball_loss(level, f64::from(*predicted), f64::from(*target)));
    let (sum, weight) = match weights {
        None => (losses.sum(), target.len().min(predictions.len()) as f64),
        Some(weights) => losses.zip(weights).fold((0.0, 0.0), |(sum, total), (loss, weight)| {
            (sum + loss * f64::from(*weight), total + f64::from(*weight))
        }),
    };
    if weight > 0.0 { sum / weight } else { 0.0 }
}
