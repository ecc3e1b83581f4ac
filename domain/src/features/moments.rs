//! Mean and standard deviation of a set of values that is added to and removed from.
//!
//! Sums of deviations from a pivot are kept together with a bound of the rounding error that they have gathered (Higham,
//! "Accuracy and Stability of Numerical Algorithms", 2002, section 1.9 for the pivot and 4.2 for the bound). Welford's
//! update with removal drifts without notice; here a result whose bound is too large is recomputed from the values.
//! In practice that happens when an outlier leaves or about once in 100,000 changes.

/// Bound of one rounding, generous by a factor of two.
const ROUNDING: f64 = f64::EPSILON;
/// Relative error that a result may have before it is recomputed; a tenth of the 1e-9 that is promised.
const TOLERANCE: f64 = 1e-10;
/// Largest deviation, in units of the scale, whose square is still far from overflow.
const LARGEST_DEVIATION: f64 = 1e100;

/// First and second moment of a changing set of finite values.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    count: usize,
    /// Power of two by which values are multiplied, so that squares neither overflow nor vanish.
    inverse_scale: f64,
    /// Scaled value near the mean.
    pivot: f64,
    /// Sum of the scaled deviations from the pivot, and of their squares; with bounds of their errors.
    sum: f64,
    squares: f64,
    sum_error: f64,
    squares_error: f64,
    /// A value did not fit the scale.
    overflowed: bool,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            inverse_scale: 1.0,
            pivot: 0.0,
            sum: 0.0,
            squares: 0.0,
            sum_error: 0.0,
            squares_error: 0.0,
            overflowed: false,
        }
    }
}

impl Moments {
    /// How many values.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds a finite value.
    pub(super) fn add(&mut self, value: f64) {
        if self.count == 0 {
            let inverse_scale = inverse_scale(value.abs());
            *self = Self { inverse_scale, pivot: value * inverse_scale, ..Self::default() };
        }
        self.count += 1;
        self.change(value, 1.0);
    }

    /// Removes a value that was added before.
    pub(super) fn remove(&mut self, value: f64) {
        self.count = self.count.saturating_sub(1);
        if self.count == 0 {
            *self = Self::default();
        } else {
            self.change(value, -1.0);
        }
    }

    fn change(&mut self, value: f64, sign: f64) {
        let deviation = value * self.inverse_scale - self.pivot;
        if deviation.abs() > LARGEST_DEVIATION || !deviation.is_finite() {
            self.overflowed = true;
            return;
        }
        let square = deviation * deviation;
        self.sum += sign * deviation;
        self.squares += sign * square;
        self.sum_error += ROUNDING * (deviation.abs() + self.sum.abs());
        self.squares_error += ROUNDING * (3.0 * square + self.squares.abs());
    }

    /// Makes sure that the results are right to 1e-9; `values` are all values of the set, in any order.
    pub(super) fn settle(&mut self, values: impl Iterator<Item = f64> + Clone) {
        if self.is_trusted() {
            return;
        }
        let (lowest, highest, count) = values
            .clone()
            .fold((f64::INFINITY, f64::NEG_INFINITY, 0), |(low, high, n), x| (x.min(low), x.max(high), n + 1));
        if count == 0 {
            *self = Self::default();
            return;
        }
        let inverse_scale = inverse_scale(lowest.abs().max(highest.abs()));
        let total: f64 = values.clone().map(|value| value * inverse_scale).sum();
        // Rounding may push the mean of equal values off them; inside the range all deviations of a constant are 0.
        let pivot = (total / count as f64).clamp(lowest * inverse_scale, highest * inverse_scale);
        *self = Self { count, inverse_scale, pivot, ..Self::default() };
        values.for_each(|value| self.change(value, 1.0));
    }

    fn is_trusted(&self) -> bool {
        if self.overflowed {
            return false;
        }
        if self.count == 0 {
            return true;
        }
        let count = self.count as f64;
        let offset = self.sum / count;
        let squares = self.centred_squares();
        let squares_error = self.squares_error
            + 2.0 * offset.abs() * self.sum_error
            + ROUNDING * (self.squares.abs() + offset.abs() * self.sum.abs());
        let mean_error = self.sum_error / count + ROUNDING * (self.pivot.abs() + offset.abs());
        let deviation = (squares.max(0.0) / count).sqrt();
        squares >= 0.0
            && squares_error <= TOLERANCE * squares
            && mean_error <= TOLERANCE * (self.pivot + offset).abs().max(deviation)
    }

    fn centred_squares(&self) -> f64 {
        self.squares - self.sum * (self.sum / self.count as f64)
    }

    /// Arithmetic mean; absent without values.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.pivot + self.sum / self.count as f64) / self.inverse_scale)
    }

    /// Sum; 0 without values.
    pub(super) fn sum(&self) -> f64 {
        (self.pivot * self.count as f64 + self.sum) / self.inverse_scale
    }

    /// Sample standard deviation (divisor n - 1); absent below two values.
    pub(super) fn standard_deviation(&self) -> Option<f64> {
        let freedom = self.count.checked_sub(1).filter(|freedom| *freedom > 0)? as f64;
        Some((self.centred_squares().max(0.0) / freedom).sqrt() / self.inverse_scale)
    }
}

/// A power of two that brings `magnitude` near 1 (exactly 1 for zero).
fn inverse_scale(magnitude: f64) -> f64 {
    if magnitude > 0.0 { 2.0_f64.powi(-(magnitude.log2().floor().clamp(-1000.0, 1000.0) as i32)) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two passes over values scaled by the largest, the textbook way.
    pub(crate) fn recomputed(values: &[f64]) -> (f64, f64) {
        let scale = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())).max(f64::MIN_POSITIVE);
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value / scale).sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value / scale - mean).powi(2)).sum();
        (mean * scale, (squares / (n - 1.0)).sqrt() * scale)
    }

    #[test]
    fn hard_sets_are_as_exact_as_a_recomputation() {
        let cases: [(&str, Vec<f64>, Vec<f64>); 6] = [
            ("an outlier leaves", vec![1e12], vec![1.0, 2.0, 3.0]),
            ("a huge outlier leaves", vec![1e300, -1e300], vec![1e-3, 2e-3]),
            ("large offset", vec![], vec![1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0]),
            ("huge", vec![], vec![1e300, -1e300, 5e299]),
            ("tiny", vec![1.0], vec![1e-300, 2e-300, 4e-300]),
            ("constant", vec![7.5, -3.25], vec![0.1; 1_000]),
        ];
        for (name, leaving, staying) in cases {
            let mut moments = Moments::default();
            leaving.iter().chain(&staying).for_each(|value| moments.add(*value));
            leaving.iter().for_each(|value| moments.remove(*value));
            moments.settle(staying.iter().copied());
            let (mean, deviation) = recomputed(&staying);
            assert!((moments.mean().unwrap() - mean).abs() <= 1e-9 * mean.abs().max(deviation), "{name}: mean");
            let got = moments.standard_deviation().unwrap();
            assert!((got - deviation).abs() <= 1e-9 * deviation + 1e-15 * mean.abs(), "{name}: {got} {deviation}");
        }
    }

    #[test]
    fn nothing_and_a_single_value_have_no_deviation() {
        let mut moments = Moments::default();
        assert_eq!((moments.mean(), moments.standard_deviation(), moments.sum()), (None, None, 0.0));
        moments.add(3.0);
        assert_eq!((moments.mean(), moments.standard_deviation(), moments.sum()), (Some(3.0), None, 3.0));
        moments.remove(3.0);
        assert_eq!((moments.mean(), moments.count()), (None, 0));
    }

    proptest! {
        #[test]
        fn a_sliding_set_equals_its_recomputation(
            values in prop::collection::vec(prop_oneof![-1e3..1e3, 1e8..1e8 + 1.0, -1e-6..1e-6, -1e15..1e15], 8..400),
            width in 2_usize..40,
        ) {
            let mut moments = Moments::default();
            for (index, value) in values.iter().enumerate() {
                moments.add(*value);
                let start = (index + 1).saturating_sub(width);
                if start > 0 {
                    moments.remove(values[start - 1]);
                }
                let window = &values[start..=index];
                if window.len() > 1 {
                    moments.settle(window.iter().copied());
                    let (mean, deviation) = recomputed(window);
                    prop_assert!((moments.mean().unwrap() - mean).abs() <= 1e-9 * mean.abs().max(deviation));
                    let got = moments.standard_deviation().unwrap();
                    prop_assert!((got - deviation).abs() <= 1e-9 * deviation + 1e-15 * mean.abs(), "{} {}", got, deviation);
                }
            }
        }
    }
}
