//! What a detector answers.

use serde::{Deserialize, Serialize};

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// Learned from.
    Used,
    /// There was none: the run grew older.
    Missing,
    /// The observation model cannot explain it, such as a negative count; treated as missing.
    OutsideSupport,
}

/// Answer to one sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Row of the sample, counted from 0.
    pub index: u64,
    /// What became of its value.
    pub reading: Reading,
    /// Surprise: -log10 of the probability, before the value was seen, of one at least as far out on either side.
    /// Finite, >= 0; 0 for a missing value and in the warm-up.
    pub score: f64,
    /// P(a change lies within the last L samples | data): P(run length <= L), runs from the very first row excepted.
    pub change_probability: f64,
    /// The most probable run length, in samples: the current regime began at row `index + 1 - run_length`.
    pub run_length: u64,
    /// Whether an alarm was raised here; [`Detector::last_change`](super::Detector::last_change) then tells of it.
    pub is_change: bool,
}

/// A change point, as known when its alarm was raised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Row at which the alarm was raised.
    pub alarm: u64,
    /// Estimated first row of the new regime.
    pub start: u64,
    /// Probability, at the alarm, that the regime before has ended.
    pub probability: f64,
    /// The regime before.
    pub before: Regime,
    /// The new regime, as far as seen.
    pub after: Regime,
}

impl Change {
    /// Samples between the estimated start and the alarm.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.alarm.saturating_sub(self.start)
    }
}

/// Samples between two changes: rows, mean, standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// Its first row, counted from 0.
    pub start: u64,
    /// Values in it, missing ones not counted.
    pub samples: u64,
    /// Their mean, in the unit of the data; `None` without a value.
    pub mean: Option<f64>,
    /// Their standard deviation, in the unit of the data; `None` for fewer than two.
    pub standard_deviation: Option<f64>,
    /// Interval of the regime's mean with 95 % confidence (Student's t); `None` for fewer than two values.
    pub mean_interval: Option<(f64, f64)>,
}
