//! Importance of a feature by what its shuffling costs.
//!
//! Source: Breiman, "Random Forests" (2001), section 10, for any loss: Fisher, Rudin, Dominici (2019), equation 5.
use super::ExplainError;

/// By how much the mean loss rises when the values of a feature are shuffled among the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationImportance {
    /// Over the repeats, in the unit of the loss.
    pub mean: f64,
    /// Over the repeats (with n - 1); 0 for a single one.
    pub standard_deviation: f64,
}

/// How shuffling is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutations {
    /// Shufflings of every feature.
    pub repeats: usize,
    /// The same seed gives the same shufflings.
    pub seed: u64,
}

/// The permutation importance of the features at `positions`.
///
/// - `rows`: row after row, `features` values each.
/// - `mean_loss`: of such a table, whose rows stand in the same order, against the same targets.
///
/// # Errors
/// [`ExplainError`] without rows or repeats, or for a position that no row has.
pub fn permutation_importance(
    rows: &[f32],
    features: usize,
    positions: &[usize],
    permutations: Permutations,
    mut mean_loss: impl FnMut(&[f32]) -> f64,
) -> Result<Vec<PermutationImportance>, ExplainError> {
    let count = rows.len().checked_div(features).unwrap_or(0);
    if count == 0 {
        return Err(ExplainError::NoRows);
    }
    if let Some(position) = positions.iter().find(|position| **position >= features) {
        return Err(ExplainError::NoFeature { position: *position, features });
    }
    if permutations.repeats == 0 {
        return Err(ExplainError::NoRepeats);
    }
    let original = mean_loss(rows);
    let mut shuffled = rows.to_vec();
    let mut importances = Vec::with_capacity(positions.len());
    for position in positions {
        let increases = (0..permutations.repeats).map(|repeat| {
            let order = order(count, [permutations.seed, *position as u64, repeat as u64]);
            for (row, from) in order.into_iter().enumerate() {
                shuffled[row * features + position] = rows[from * features + position];
            }
            mean_loss(&shuffled) - original
        });
        importances.push(PermutationImportance::of(&increases.collect::<Vec<_>>()));
        for row in 0..count {
            shuffled[row * features + position] = rows[row * features + position];
        }
    }
    Ok(importances)
}

impl PermutationImportance {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn of(increases: &[f64]) -> Self {
        let count = increases.len() as f64;
        let mean = increases.iter().sum::<f64>() / count;
        let squares: f64 = increases.iter().map(|increase| (increase - mean).powi(2)).sum();
        let standard_deviation = if increases.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, standard_deviation }
    }
}

/// A random order of that many rows (Fisher and Yates), a function of the key alone.
#[expect(clippy::cast_possible_truncation, reason = "the high word of a product with a length is below the length")]
fn order(count: usize, key: [u64; 3]) -> Vec<usize> {
    let mut state = key.into_iter().fold(0, |state, part| mixed(state ^ part));
    let mut order: Vec<_> = (0..count).collect();
    for last in (1..count).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let other = (u128::from(mixed(state)) * (last as u128 + 1)) >> 64;
        order.swap(last, other as usize);
    }
    order
}

/// The output function of `SplitMix64` (Steele, Lea and Flood, 2014).
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}
