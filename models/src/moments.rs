//! Running mean and spread of numbers of any magnitude.
use crate::unit::Unit;
use serde::{Deserialize, Serialize};

/// A sum whose rounding errors are summed beside it.
///
/// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct CompensatedSum {
    sum: f64,
    lost: f64,
}

impl CompensatedSum {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        let (larger, smaller) = if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.lost += (larger - total) + smaller;
        self.sum = total;
    }

    fn get(self) -> f64 {
        self.sum + self.lost
    }
}

/// Number, mean and variance of the numbers given so far.
///
/// Source of the variance: Welford, "Note on a Method for Calculating Corrected Sums of Squares", Technometrics 4, 1962.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Moments {
    unit: Unit,
    count: u64,
    sum: CompensatedSum,
    running: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn is_sound(&self) -> bool {
        let numbers = [self.sum.sum, self.sum.lost, self.running, self.squares];
        self.unit.is_sound() && self.squares >= 0.0 && numbers.iter().all(|number| number.is_finite())
    }

    pub(crate) fn add(&mut self, value: f64) {
        if let Some(by) = self.unit.admit(value) {
            self.sum = CompensatedSum { sum: self.sum.sum * by, lost: self.sum.lost * by };
            self.running *= by;
            self.squares *= by * by;
        }
        let scaled = self.unit.scaled(value);
        self.sum.add(scaled);
        self.count = self.count.saturating_add(1);
        let before = scaled - self.running;
        self.running += before / self.count as f64;
        self.squares += before * (scaled - self.running);
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 without numbers.
    pub(crate) fn mean(&self) -> f64 {
        self.unit.restored(self.sum.get() / self.count.max(1) as f64)
    }

    /// Standard deviation with n - 1; 0 below two numbers.
    pub(crate) fn deviation(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.unit.restored((self.squares.max(0.0) / (self.count - 1) as f64).sqrt()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|value| moments.add(*value));
        moments
    }

    #[test]
    fn means_are_exact_where_plain_sums_are_not() {
        assert_eq!(of(&[1.0, 1e100, 1.0, -1e100]).mean(), 0.5);
        assert_eq!(of(&[0.1; 10]).mean(), 0.1);
        assert_eq!(of(&[1e300, 1e300, 1e300]).mean(), 1e300);
        assert_eq!(of(&[1e-3, 1.7e308, 1.7e308]).mean(), 1.7e308 / 1.5);
        assert_eq!((of(&[]).mean(), of(&[3.0]).deviation()), (0.0, 0.0));
    }

    /// The values 1..=9 have mean 5 and standard deviation √7.5.
    #[test]
    fn the_spread_is_the_same_in_any_unit() {
        for unit in [1e-300, 1e-160, 1.0, 1e160, 1e300] {
            let moments = of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0].map(|value| value * unit));
            assert!((moments.mean() / unit - 5.0).abs() < 1e-12, "{unit}");
            assert!((moments.deviation() / unit - 7.5_f64.sqrt()).abs() < 1e-12, "{unit}");
        }
    }

    proptest! {
        #[test]
        fn the_mean_is_the_same_in_any_order(
            values in prop::collection::vec(-1e6..1e6_f64, 1..200),
            turn in 0_usize..200,
        ) {
            let mut turned = values.clone();
            turned.rotate_left(turn % values.len());
            turned.reverse();
            let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            prop_assert!((of(&values).mean() - of(&turned).mean()).abs() <= 1e-12 * largest);
        }

        #[test]
        fn no_finite_numbers_make_it_overflow(values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 0..50)) {
            let moments = of(&values);
            prop_assert!(moments.is_sound() && moments.mean().is_finite() && moments.deviation().is_finite());
        }
    }
}
