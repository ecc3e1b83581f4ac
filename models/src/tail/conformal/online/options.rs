//! What is wanted of an online correction; every type here is valid once it exists.
use super::super::{Coverage, minimum_size};
use crate::out_of_range::OutOfRange;
use serde::{Deserialize, Serialize};

/// Most scores that a window holds.
const MOST_SCORES: usize = 100_000;

/// Options of [`AdaptiveConformal`](super::AdaptiveConformal).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "AdaptiveFields")]
pub struct AdaptiveOptions {
    coverage: f64,
    step: f64,
    window: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdaptiveFields {
    coverage: f64,
    step: f64,
    window: usize,
}

impl AdaptiveOptions {
    /// Step 0.3 * (1 - coverage): a miss then leaves most of the level, however small it is. The window holds five times
    /// the scores that the coverage needs, at least 1,000.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        let window = minimum_size(coverage).saturating_mul(5).clamp(1000, MOST_SCORES);
        Self { coverage: coverage.get(), step: 0.3 * (1.0 - coverage.get()), window }
    }

    /// By how much a label moves the level, γ: larger adapts sooner and scatters more.
    ///
    /// # Errors
    /// `OutOfRange` unless 0 < `step` <= 1.
    pub fn with_step(self, step: f64) -> Result<Self, OutOfRange> {
        let is_inside = step > 0.0 && step <= 1.0; // false for NaN
        if is_inside {
            Ok(Self { step, ..self })
        } else {
            Err(OutOfRange { name: "step", value: step, range: "(0, 1]" })
        }
    }

    /// How many of the newest scores a correction is taken from.
    ///
    /// # Errors
    /// `OutOfRange` unless 1 <= `window` <= 100,000.
    pub fn with_window(self, window: usize) -> Result<Self, OutOfRange> {
        check_window(window).map(|window| Self { window, ..self })
    }

    /// The coverage asked for.
    #[must_use]
    pub const fn coverage(&self) -> f64 {
        self.coverage
    }

    /// By how much a label moves the level.
    #[must_use]
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// How many scores are kept.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }
}

impl TryFrom<AdaptiveFields> for AdaptiveOptions {
    type Error = OutOfRange;
    fn try_from(fields: AdaptiveFields) -> Result<Self, OutOfRange> {
        Self::new(Coverage::new(fields.coverage)?).with_step(fields.step)?.with_window(fields.window)
    }
}

/// Options of [`QuantileTracker`](super::QuantileTracker).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TrackerFields")]
pub struct TrackerOptions {
    coverage: f64,
    learning_rate: f64,
    window: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrackerFields {
    coverage: f64,
    learning_rate: f64,
    window: usize,
}

impl TrackerOptions {
    /// Learning rate 0.1 and a window of 100 scores, as the source has them.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        Self { coverage: coverage.get(), learning_rate: 0.1, window: 100 }
    }

    /// By which share of the scores' range a miss moves the correction.
    ///
    /// # Errors
    /// `OutOfRange` unless 0 < `learning_rate` <= 1.
    pub fn with_learning_rate(self, learning_rate: f64) -> Result<Self, OutOfRange> {
        let is_inside = learning_rate > 0.0 && learning_rate <= 1.0; // false for NaN
        let refused = OutOfRange { name: "learning rate", value: learning_rate, range: "(0, 1]" };
        if is_inside { Ok(Self { learning_rate, ..self }) } else { Err(refused) }
    }

    /// How many of the newest scores the range is taken from.
    ///
    /// # Errors
    /// `OutOfRange` unless 1 <= `window` <= 100,000.
    pub fn with_window(self, window: usize) -> Result<Self, OutOfRange> {
        check_window(window).map(|window| Self { window, ..self })
    }

    /// The coverage asked for.
    #[must_use]
    pub const fn coverage(&self) -> f64 {
        self.coverage
    }

    /// By which share of the scores' range a miss moves the correction.
    #[must_use]
    pub const fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// How many scores are kept.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }
}

impl TryFrom<TrackerFields> for TrackerOptions {
    type Error = OutOfRange;
    fn try_from(fields: TrackerFields) -> Result<Self, OutOfRange> {
        Self::new(Coverage::new(fields.coverage)?).with_learning_rate(fields.learning_rate)?.with_window(fields.window)
    }
}

fn check_window(window: usize) -> Result<usize, OutOfRange> {
    let is_inside = (1..=MOST_SCORES).contains(&window);
    if is_inside { Ok(window) } else { Err(OutOfRange { name: "window", value: window as f64, range: "[1, 100000]" }) }
}
