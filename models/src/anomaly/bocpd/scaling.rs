//! The unit in which a detector reckons: found in the data, so that 1e-9 and 1e9 behave alike.

use super::moments::Moments;
use super::observation_model::LARGEST;
use serde::{Deserialize, Serialize};

/// Centre and spread of the data; standardised = (value - centre) / spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) centre: f64,
    pub(super) spread: f64,
}

/// Standard deviations of a normal distribution in its median absolute deviation.
const DEVIATIONS: f64 = 1.482_602_218_505_602;
/// Spread of data that are all 0: smaller than whatever comes next, and not too small for it.
const NOTHING: f64 = 1e-30;
/// Spread of data that vary by their rounding alone, as a share of their magnitude.
const ROUNDING: f64 = 1e-15;
/// Spread of data that do not vary, as a share of their magnitude.
const FLOOR: f64 = 1e-6;

impl Unit {
    pub(super) const IDENTITY: Self = Self { centre: 0.0, spread: 1.0 };

    /// By median and median absolute deviation; `values` are reordered.
    pub(super) fn robust(values: &mut [f64]) -> Self {
        let centre = median(values);
        let (largest, mean) = magnitude(values, centre);
        values.iter_mut().for_each(|value| *value = (*value - centre).abs().min(f64::MAX));
        let spread = DEVIATIONS * median(values);
        // More than half of the values are the same: what the others do is all there is to learn from.
        let spread = if spread > 0.0 { spread.max(ROUNDING * centre.abs()) } else { mean };
        Self { centre, spread: floored(spread, largest) }
    }

    /// By mean and standard deviation.
    pub(super) fn whole(values: impl Iterator<Item = f64> + Clone) -> Self {
        let largest = values.clone().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        if largest == 0.0 {
            return Self::IDENTITY;
        }
        let mut moments = Moments::default();
        // Divided by the largest, so that no square overflows.
        values.for_each(|value| moments.add(value / largest));
        let spread = moments.standard_deviation();
        let spread = if spread > 1e-12 { spread * largest } else { 0.0 };
        Self { centre: moments.mean * largest, spread: floored(spread, largest) }
    }

    /// About 0 instead of the centre.
    pub(super) fn about_zero(values: &mut [f64]) -> Self {
        values.iter_mut().for_each(|value| *value = value.abs());
        let largest = values.iter().copied().fold(0.0, f64::max);
        Self { centre: 0.0, spread: floored(DEVIATIONS * median(values), largest) }
    }

    /// The rate of counts, as a spread.
    pub(super) fn of_counts(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Self { centre: 0.0, spread: mean.max(0.1) }
    }

    pub(super) fn standardised(&self, value: f64) -> f64 {
        ((value - self.centre) / self.spread).clamp(-LARGEST, LARGEST)
    }

    /// A standardised place as a value of the data.
    pub(super) fn value(&self, standardised: f64) -> f64 {
        (self.centre + self.spread * standardised).clamp(-f64::MAX, f64::MAX)
    }

    /// A standardised distance in the unit of the data.
    pub(super) fn distance(&self, standardised: f64) -> f64 {
        (self.spread * standardised).min(f64::MAX)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.centre.is_finite() && self.spread.is_finite() && self.spread > 0.0
    }
}

/// Largest magnitude, and mean absolute deviation from the centre.
fn magnitude(values: &[f64], centre: f64) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let mean = values.iter().map(|value| (value / count - centre / count).abs()).sum::<f64>();
    (largest, mean.min(f64::MAX))
}

fn floored(spread: f64, largest: f64) -> f64 {
    let floor = (FLOOR * largest).max(f64::MIN_POSITIVE);
    if spread > 0.0 && spread.is_finite() {
        spread
    } else if largest == 0.0 {
        NOTHING
    } else {
        floor
    }
}

/// The lower median; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
