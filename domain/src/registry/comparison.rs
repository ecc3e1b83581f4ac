//! Two models on the same rows.
use super::evaluation::{Mean, evaluate};
use serde::{Deserialize, Serialize};

/// Quantiles that a model predicts for some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predictions<'a> {
    /// The levels, each above 0 and below 1.
    pub levels: &'a [f64],
    /// One number per row and level, row by row, in the target's unit.
    pub values: &'a [f64],
}

impl Predictions<'_> {
    /// The prediction of a row at the level of that index.
    pub(super) fn at(&self, row: usize, level: usize) -> f64 {
        self.values[row * self.levels.len() + level]
    }
}

/// Two mean losses, and how sure their difference is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossDifference {
    /// Mean pinball loss of the version that is judged, in the target's unit.
    pub loss: f64,
    /// Mean pinball loss of the version that it is compared with: the champion, where a promotion is decided.
    pub reference_loss: f64,
    /// `loss / reference_loss`; absent where the second is 0 or the quotient beyond the range.
    pub ratio: Option<f64>,
    /// `loss - reference_loss`: below 0 if the version is better.
    pub difference: f64,
    /// Standard error of the difference (paired by row, rows taken as independent); absent for a single row.
    pub standard_error: Option<f64>,
}

/// Two models at one level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileComparison {
    /// The level, above 0 and below 1.
    pub quantile: f64,
    /// The losses.
    #[serde(flatten)]
    pub losses: LossDifference,
    /// Share of the rows whose target is at most the version's prediction.
    pub coverage: f64,
    /// The same of the version that it is compared with.
    pub reference_coverage: f64,
}

/// Two models on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Rows that were predicted.
    pub rows: u64,
    /// Over all levels that both predict.
    pub mean: LossDifference,
    /// Per level, ascending.
    pub quantiles: Vec<QuantileComparison>,
}

/// Why predictions cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ComparisonError {
    #[error("there is no row with a target: give a file that has some")]
    NoRows,
    #[error("the two models have no quantile in common: train both for the same")]
    NoCommonQuantile,
    #[error("{found} predictions do not make {rows} rows of {levels} quantiles")]
    Length { found: usize, rows: usize, levels: usize },
    #[error("{what} of row {row} is {value}: it must be a finite number")]
    NonFinite { what: &'static str, row: usize, value: f64 },
}

/// Pinball loss of quantile `prediction` at `level` for the target `y`.
pub(super) fn pinball_loss(level: f64, y: f64, prediction: f64) -> f64 {
    // Multiplied out, so that the difference of two numbers near the range's ends does not overflow.
    let weight = if y < prediction { level - 1.0 } else { level };
    let loss = weight * (y - prediction);
    if loss.is_finite() { loss } else { (weight * y - weight * prediction).min(f64::MAX) }
}

/// Whether there is a finite prediction for each row and level, and a finite target for each row.
pub(super) fn check(target: &[f64], predictions: Predictions<'_>) -> Result<(), ComparisonError> {
    let (rows, levels, found) = (target.len(), predictions.levels.len(), predictions.values.len());
    if rows == 0 {
        return Err(ComparisonError::NoRows);
    }
    if levels == 0 {
        return Err(ComparisonError::NoCommonQuantile);
    }
    if rows.checked_mul(levels) != Some(found) {
        return Err(ComparisonError::Length { found, rows, levels });
    }
    let bad = |numbers: &[f64]| numbers.iter().position(|number| !number.is_finite());
    if let Some(row) = bad(target) {
        return Err(ComparisonError::NonFinite { what: "the target", row, value: target[row] });
    }
    if let Some(at) = bad(predictions.values) {
        let value = predictions.values[at];
        return Err(ComparisonError::NonFinite { what: "a prediction", row: at / levels, value });
    }
    Ok(())
}

/// Compares a version with a reference (the champion, where a promotion is decided) at the levels that both predict.
///
/// The rows' losses are paired: what both find hard does not count as uncertainty of the difference. Where rows depend on
/// each other (values of consecutive seconds, say) the true standard error is larger than the one given.
///
/// # Errors
/// [`ComparisonError`].
pub fn compare(
    target: &[f64],
    version: Predictions<'_>,
    reference: Predictions<'_>,
) -> Result<Comparison, ComparisonError> {
    check(target, version)?;
    check(target, reference)?;
    let (own, theirs) = (evaluate(target, version)?, evaluate(target, reference)?);
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (at, level) in version.levels.iter().enumerate() {
        let other = reference.levels.iter().position(|other| other == level);
        pairs.extend(other.map(|other| (*level, at, other)));
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.dedup_by(|a, b| a.0 == b.0);
    if pairs.is_empty() {
        return Err(ComparisonError::NoCommonQuantile);
    }
    let losses = |row: usize, (level, own, theirs): (f64, usize, usize)| {
        (
            pinball_loss(level, target[row], version.at(row, own)),
            pinball_loss(level, target[row], reference.at(row, theirs)),
        )
    };
    let coverage = |evaluation: &super::Evaluation, level: f64| {
        evaluation.quantiles.iter().find(|one| one.quantile == level).map_or(f64::NAN, |one| one.coverage)
    };
    let quantiles: Vec<QuantileComparison> = pairs
        .iter()
        .map(|&pair| QuantileComparison {
            quantile: pair.0,
            losses: difference(&(0..target.len()).map(|row| losses(row, pair)).collect::<Vec<_>>()),
            coverage: coverage(&own, pair.0),
            reference_coverage: coverage(&theirs, pair.0),
        })
        .collect();
    let of_row = |row: usize| {
        let both = pairs.iter().map(|&pair| losses(row, pair));
        (Mean::of(both.clone().map(|pair| pair.0)), Mean::of(both.map(|pair| pair.1)))
    };
    let mean = difference(&(0..target.len()).map(of_row).collect::<Vec<_>>());
    Ok(Comparison { rows: target.len() as u64, mean, quantiles })
}

/// Means of paired losses, and the standard error of the difference: s / sqrt(n), s with n - 1.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn difference(pairs: &[(f64, f64)]) -> LossDifference {
    let (loss, reference_loss) = (Mean::of(pairs.iter().map(|pair| pair.0)), Mean::of(pairs.iter().map(|pair| pair.1)));
    let difference = Mean::of(pairs.iter().map(|pair| pair.0 - pair.1));
    let largest = pairs.iter().fold(0.0_f64, |largest, pair| largest.max((pair.0 - pair.1).abs()));
    let n = pairs.len() as f64;
    let standard_error = match pairs.len() {
        0 | 1 => None,
        _ if largest == 0.0 => Some(0.0),
        // In units of the largest, so that squares stay in the range.
        _ => {
            let squares: f64 =
                pairs.iter().map(|pair| ((pair.0 - pair.1) / largest - difference / largest).powi(2)).sum();
            Some(largest * (squares / (n - 1.0) / n).sqrt())
        }
    };
    let ratio = (reference_loss > 0.0).then(|| loss / reference_loss).filter(|ratio| ratio.is_finite());
    LossDifference { loss, reference_loss, ratio, difference, standard_error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn predictions<'a>(levels: &'a [f64], values: &'a [f64]) -> Predictions<'a> {
        Predictions { levels, values }
    }

    fn close(value: f64, expected: f64) -> bool {
        (value - expected).abs() <= 1e-12 * expected.abs().max(1.0)
    }

    /// By hand: of the median 1.5 the losses are 0.75, 0.25, 0.25, 0.75; their mean is 0.5, and their standard deviation
    /// (n - 1) the root of 0.25 / 3, which over the root of 4 is 0.144337567297406.
    #[test]
    fn losses_are_paired_by_row() {
        let target = [0.0, 1.0, 2.0, 3.0];
        let compared = compare(&target, predictions(&[0.5], &target), predictions(&[0.5], &[1.5; 4])).unwrap();
        let LossDifference { loss, reference_loss, ratio, difference, standard_error } = compared.mean;
        assert_eq!((loss, reference_loss, ratio, difference), (0.0, 0.5, Some(0.0), -0.5));
        assert!(close(standard_error.unwrap(), 0.144_337_567_297_406), "{standard_error:?}");
        assert_eq!((compared.quantiles[0].coverage, compared.quantiles[0].reference_coverage), (1.0, 0.5));
        assert_eq!(compared.quantiles[0].losses, compared.mean);
    }

    /// By hand, for the target 10: level 0.9 at 8 loses 0.9 * 2, at 12 it loses 0.1 * 2.
    #[test]
    fn only_levels_of_both_are_compared_whatever_their_order() {
        let version = predictions(&[0.9, 0.5], &[8.0, 10.0]);
        let reference = predictions(&[0.1, 0.5, 0.9], &[0.0, 9.0, 12.0]);
        let compared = compare(&[10.0], version, reference).unwrap();
        let losses: Vec<_> =
            compared.quantiles.iter().map(|one| (one.quantile, one.losses.loss, one.losses.reference_loss)).collect();
        assert_eq!(losses.len(), 2);
        for ((level, loss, reference_loss), expected) in losses.into_iter().zip([(0.5, 0.0, 0.5), (0.9, 1.8, 0.2)]) {
            assert!(level == expected.0 && close(loss, expected.1) && close(reference_loss, expected.2), "{level}");
        }
        assert!(close(compared.mean.loss, 0.9) && close(compared.mean.reference_loss, 0.35));
        assert_eq!(compared.mean.standard_error, None, "one row says nothing about the spread");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let (one, half) = ([1.0], [0.5]);
        for (target, version, reference, expected) in [
            (&[][..], predictions(&half, &[]), predictions(&half, &[]), ComparisonError::NoRows),
            (&one, predictions(&half, &one), predictions(&[0.9], &one), ComparisonError::NoCommonQuantile),
            (&one, predictions(&[], &[]), predictions(&half, &one), ComparisonError::NoCommonQuantile),
            (
                &one,
                predictions(&half, &[1.0, 2.0]),
                predictions(&half, &one),
                ComparisonError::Length { found: 2, rows: 1, levels: 1 },
            ),
            (
                &one,
                predictions(&half, &one),
                predictions(&half, &[f64::INFINITY]),
                ComparisonError::NonFinite { what: "a prediction", row: 0, value: f64::INFINITY },
            ),
        ] {
            assert_eq!(compare(target, version, reference), Err(expected));
        }
        let refused = compare(&[1.0, f64::NAN], predictions(&half, &[1.0; 2]), predictions(&half, &[1.0; 2]));
        assert!(matches!(refused, Err(ComparisonError::NonFinite { what: "the target", row: 1, .. })), "{refused:?}");
    }

    /// `|1e300|` at level 0.5 is lost by half: no sum, square or difference may leave the range.
    #[test]
    fn the_largest_numbers_are_numbers_like_any_other() {
        for size in [1e300, f64::MAX] {
            let target = [size, -size, size, -size];
            let (zero, wrong) = ([0.0; 4], target.map(|y| -y));
            let compared = compare(&target, predictions(&[0.5], &zero), predictions(&[0.5], &wrong)).unwrap();
            assert!(close(compared.mean.loss / size, 0.5) && close(compared.mean.reference_loss / size, 1.0), "{size}");
            assert!(close(compared.mean.ratio.unwrap(), 0.5) && compared.mean.standard_error.unwrap().is_finite());
        }
    }

    proptest! {
        #[test]
        fn the_difference_changes_its_sign_with_the_sides_and_nothing_is_lost_in_between(
            rows in prop::collection::vec((-1e3..1e3, -1e3..1e3, -1e3..1e3), 2..20),
            level in 0.01..0.99,
        ) {
            let target: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let (a, b): (Vec<f64>, Vec<f64>) = rows.iter().map(|row| (row.1, row.2)).unzip();
            let levels = [level];
            let there = compare(&target, predictions(&levels, &a), predictions(&levels, &b)).unwrap().mean;
            let back = compare(&target, predictions(&levels, &b), predictions(&levels, &a)).unwrap().mean;
            prop_assert_eq!((there.loss, there.reference_loss), (back.reference_loss, back.loss));
            prop_assert!((there.difference + back.difference).abs() < 1e-9);
            prop_assert!((there.difference - (there.loss - there.reference_loss)).abs() < 1e-9);
            let (first, second) = (there.standard_error.unwrap(), back.standard_error.unwrap());
            prop_assert!(first >= 0.0 && (first - second).abs() < 1e-9);
        }
    }
}
