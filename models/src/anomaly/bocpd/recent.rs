//! The regime since the last change and the latest values, so that a change can be told with its magnitude.

use super::moments::Moments;
use super::observation_model::ObservationModel;
use super::scaling::Unit;
use super::step::Regime;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Values kept one by one.
pub(super) const KEPT: usize = 128;
/// Fewer values tell no spread.
const LEAST: usize = 10;

/// Standardised values with their rows: the latest one by one, those of the regime before them as moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    rows: Vec<u64>,
    values: Vec<f64>,
    /// Place of the oldest value once the arrays are full.
    oldest: usize,
    regime_start: u64,
    /// Values of the regime that are no longer kept one by one.
    earlier: Moments,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::with_capacity(KEPT),
            values: Vec::with_capacity(KEPT),
            oldest: 0,
            regime_start: 0,
            earlier: Moments::default(),
        }
    }

    pub(super) fn add(&mut self, row: u64, value: f64) {
        if self.values.len() < KEPT {
            self.rows.push(row);
            self.values.push(value);
            return;
        }
        if self.rows[self.oldest] >= self.regime_start {
            self.earlier.add(self.values[self.oldest]);
        }
        (self.rows[self.oldest], self.values[self.oldest]) = (row, value);
        self.oldest = (self.oldest + 1) % KEPT;
    }

    /// Centre and spread of the latest values of the regime; `None` if they are too few or all the same, and for a model
    /// that needs none. Values before the last change do not count: the distance between regimes is no spread within one.
    pub(super) fn unit(&self, model: ObservationModel) -> Option<Unit> {
        let (mut values, mut count) = ([0.0; KEPT], 0);
        for (_, value) in self.rows.iter().zip(&self.values).filter(|(row, _)| **row >= self.regime_start) {
            values[count] = *value;
            count += 1;
        }
        let values = values.get_mut(..count).filter(|values| values.len() >= LEAST)?;
        if values.iter().all(|value| *value == values[0]) {
            return None;
        }
        match model {
            ObservationModel::Gaussian(_) | ObservationModel::KnownVariance { .. } => Some(Unit::robust(values)),
            ObservationModel::Variance { .. } => Some(Unit::about_zero(values)),
            ObservationModel::Poisson { .. } => Some(Unit::of_counts(values)),
            ObservationModel::Binomial { .. } => None,
        }
    }

    /// Begins a new regime at row `start`; the one before, and the new one as far as seen.
    pub(super) fn begin(&mut self, start: u64, unit: Unit) -> (Regime, Regime) {
        let before = described(self.regime_start, self.moments(|row| row < start, self.earlier), unit);
        self.regime_start = start;
        self.earlier = Moments::default();
        (before, self.regime(unit))
    }

    pub(super) fn regime(&self, unit: Unit) -> Regime {
        described(self.regime_start, self.moments(|_| true, self.earlier), unit)
    }

    fn moments(&self, is_meant: impl Fn(u64) -> bool, earlier: Moments) -> Moments {
        let mut moments = earlier;
        let kept = self.rows.iter().zip(&self.values);
        for (_, value) in kept.filter(|(row, _)| **row >= self.regime_start && is_meant(**row)) {
            moments.add(*value);
        }
        moments
    }

    pub(super) fn is_sound(&self, rows: u64) -> bool {
        let full = self.values.len() == KEPT;
        let lengths = self.rows.len() == self.values.len() && self.values.len() <= KEPT;
        let place = if full { self.oldest < KEPT } else { self.oldest == 0 };
        lengths
            && place
            && self.earlier.is_sound()
            && self.earlier.count <= rows
            && self.values.iter().all(|value| value.is_finite())
    }
}

/// A regime in the unit of the data.
pub(super) fn described(start: u64, moments: Moments, unit: Unit) -> Regime {
    let deviation = moments.standard_deviation();
    let several = moments.count >= 2 && deviation.is_finite();
    let freedom = moments.count.saturating_sub(1) as f64;
    let half = || {
        let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
        Some(student.inverse_cdf(0.975) * deviation / (moments.count as f64).sqrt())
    };
    let half = if several { half() } else { None };
    Regime {
        start,
        samples: moments.count,
        mean: (moments.count > 0).then(|| unit.value(moments.mean)),
        standard_deviation: several.then(|| unit.distance(deviation)),
        mean_interval: half.map(|half| (unit.value(moments.mean - half), unit.value(moments.mean + half))),
    }
}
