//! From values to exceedances, and how a fit moves with its threshold.

use super::error::{ExtremesError, OutOfRange};
use super::likelihood::Sample;
use super::options::{Level, Options, Threshold};
use super::{Fitted, PeaksOverThreshold};

/// Exceedances of a chosen threshold, not yet checked for number and spread.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) threshold: f64,
    /// Values minus threshold, all above 0.
    pub(super) exceedances: Vec<f64>,
}

/// Chooses the threshold among `values` and keeps what lies strictly above it.
pub(super) fn select(values: &[f64], threshold: Threshold) -> Result<Selection, ExtremesError> {
    if values.is_empty() {
        return Err(ExtremesError::Empty);
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(ExtremesError::NonFinite { index, value: values[index] });
    }
    let (mut kept, threshold) = match (threshold.level(values.len()), threshold) {
        (Some(level), _) => upper_part(values, level),
        (None, Threshold::Value(threshold)) => {
            (values.iter().copied().filter(|&value| value > threshold).collect(), threshold)
        }
        (None, _) => return Err(ExtremesError::Empty), // only a fixed value has no level
    };
    kept.retain(|&value| value > threshold);
    if kept.is_empty() {
        let maximum = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let count = values.iter().filter(|&&value| value == maximum).count();
        return Err(if maximum == threshold && count >= super::MINIMUM_EXCEEDANCES {
            ExtremesError::AllEqual { count, value: maximum }
        } else {
            ExtremesError::ThresholdAboveAll { threshold, maximum }
        });
    }
    for value in &mut kept {
        let exceedance = *value - threshold;
        if exceedance.is_infinite() {
            return Err(ExtremesError::RangeTooWide { value: *value, threshold });
        }
        *value = exceedance;
    }
    Ok(Selection { threshold, exceedances: kept })
}

/// The type 7 quantile of `values`, x(k) + (h - k)·(x(k+1) - x(k)) with h = (n - 1)·level and k = ⌊h⌋ from zero, by
/// selection instead of sorting; and the values from rank k + 1 on, among which are all that exceed it.
/// Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages", American Statistician 50, 1996.
fn upper_part(values: &[f64], level: f64) -> (Vec<f64>, f64) {
    let h = (values.len() - 1) as f64 * level;
    let rank = (h.floor() as usize).min(values.len() - 1);
    let mut values = values.to_vec();
    let (_, &mut low, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    let fraction = h - rank as f64;
    let quantile = if above.is_empty() || fraction == 0.0 {
        low
    } else {
        let step = high - low;
        let between = if step.is_finite() { low + fraction * step } else { low * (1.0 - fraction) + high * fraction };
        between.clamp(low, high)
    };
    values.drain(..=rank);
    (values, quantile)
}

/// Sorts and scales the exceedances, once they are enough and not all equal.
pub(super) fn sample(exceedances: Vec<f64>, threshold: f64, need: usize) -> Result<Sample, ExtremesError> {
    let got = exceedances.len();
    if got < need {
        return Err(ExtremesError::TooFewExceedances { got, need, threshold });
    }
    let first = exceedances.first().copied().unwrap_or(0.0);
    if exceedances.iter().all(|&e| e == first) {
        return Err(ExtremesError::AllEqual { count: got, value: threshold + first });
    }
    let largest = exceedances.iter().copied().fold(0.0, f64::max);
    let sample = Sample::new(exceedances);
    if sample.unit.is_normal() { Ok(sample) } else { Err(ExtremesError::Underflow { largest }) }
}

/// Share of the exceedances that equal another one; `ascending` order.
pub(super) fn tied_share(ascending: &[f64]) -> f64 {
    let tied: usize = ascending.chunk_by(|a, b| a == b).map(<[f64]>::len).filter(|&length| length > 1).sum();
    tied as f64 / ascending.len() as f64
}

/// Fits at several thresholds. Above a good threshold the shape and the modified scale β - ξu stay the same within
/// their errors, and the mean excess is linear in u with slope ξ/(1 - ξ) (Coles 2001, sections 4.3.1 and 4.3.4).
#[derive(Debug, Clone)]
pub struct Stability {
    /// One fit for each level, in the order asked for; a level whose fit failed carries its reason.
    pub fits: Vec<(Level, Result<Fitted, ExtremesError>)>,
    /// Largest distance of a shape from that of the fit with the most exceedances, in standard errors of the former;
    /// `None` if there is no other fit with standard errors.
    pub shape_moves_by: Option<f64>,
}

impl Stability {
    /// Whether the shape moves by more than two standard errors: the tail does not look the same from every threshold.
    #[must_use]
    pub fn is_unstable(&self) -> bool {
        self.shape_moves_by.is_some_and(|moves_by| moves_by > 2.0)
    }
}

impl PeaksOverThreshold {
    /// Fits the same values at each quantile threshold in `levels` (say, 0.9, 0.95, 0.97). Costs one fit a level.
    ///
    /// # Errors
    /// `Option` if `levels` is empty. A single fit's failure is part of the result instead.
    pub fn stability(&self, values: &[f64], levels: &[Level]) -> Result<Stability, ExtremesError> {
        if levels.is_empty() {
            return Err(OutOfRange { name: "number of levels", value: 0.0, range: "[1, inf)" }.into());
        }
        let fit = |&level: &Level| {
            let options: Options = self.options.with_threshold(Threshold::Quantile(level));
            (level, Self { options }.fit(values))
        };
        let fits: Vec<_> = levels.iter().map(fit).collect();
        let fitted = || fits.iter().filter_map(|(_, fit)| fit.as_ref().ok());
        let widest = fitted().max_by_key(|fit| fit.exceedances());
        let distance = |fit: &Fitted, widest: &Fitted| {
            let smaller = fit.exceedances() < widest.exceedances();
            let error = fit.standard_errors().ok().filter(|_| smaller)?;
            Some((fit.shape() - widest.shape()).abs() / error.shape)
        };
        let distances = widest.map(|widest| fitted().filter_map(move |fit| distance(fit, widest)));
        Ok(Stability { shape_moves_by: distances.and_then(|all| all.max_by(f64::total_cmp)), fits })
    }

    /// [`stability`](Self::stability) at quantile thresholds with twice as many exceedances (a fifth of the values at
    /// most), with as many, and with three fifths of them: 0.9, 0.95 and 0.97 around 0.95.
    ///
    /// # Errors
    /// `Option` if `exceedances` is 0 or not below the number of values.
    pub fn stability_around(&self, values: &[f64], exceedances: usize) -> Result<Stability, ExtremesError> {
        let (n, m) = (values.len() as f64, exceedances as f64);
        let numbers = [(2.0 * m).min(n / 5.0).max(m), m, 0.6 * m];
        let levels: Result<Vec<Level>, OutOfRange> =
            numbers.iter().map(|number| Level::new(1.0 - number / n)).collect();
        self.stability(values, &levels?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the definition of type 7.
    #[test]
    fn the_threshold_is_the_type_7_quantile_and_exceedances_lie_strictly_above_it() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (level, quantile, exceedances) in [
            (0.5, 3.0, vec![1.0, 2.0]),
            (0.6, 3.4, vec![0.6, 1.6]),
            (0.875, 4.5, vec![0.5]),
            (0.25, 2.0, vec![1.0, 2.0, 3.0]),
        ] {
            let mut selection = select(&values, Threshold::Quantile(Level::new(level).unwrap())).unwrap();
            selection.exceedances.sort_by(f64::total_cmp);
            assert!((selection.threshold - quantile).abs() < 1e-12, "level {level}: {}", selection.threshold);
            assert_eq!(selection.exceedances.len(), exceedances.len());
            for (got, expected) in selection.exceedances.iter().zip(exceedances) {
                assert!((got - expected).abs() < 1e-12, "level {level}");
            }
        }
    }

    #[test]
    fn values_equal_to_the_threshold_do_not_exceed_it() {
        let selection = select(&[1.0, 2.0, 2.0, 3.0], Threshold::Value(2.0)).unwrap();
        assert_eq!(selection.exceedances, vec![1.0]);
    }

    #[test]
    fn values_at_both_ends_of_the_number_line_are_refused_not_overflowed() {
        let values = [-1.7e308, 1.7e308, -1.7e308];
        let refused = select(&values, Threshold::Value(-1.7e308)).unwrap_err();
        assert_eq!(refused, ExtremesError::RangeTooWide { value: 1.7e308, threshold: -1.7e308 });
        let (_, middle) = upper_part(&[-1.7e308, 1.7e308], 0.5);
        assert_eq!(middle, 0.0);
    }

    #[test]
    fn ties_are_counted_as_the_share_of_values_that_have_a_twin() {
        for (values, share) in [(vec![1.0, 2.0, 3.0, 4.0], 0.0), (vec![1.0, 1.0, 2.0, 3.0], 0.5), (vec![2.0; 3], 1.0)] {
            assert_eq!(tied_share(&values), share, "{values:?}");
        }
    }
}
