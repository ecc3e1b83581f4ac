//! How a stream is followed.

use serde::{Deserialize, Serialize};

use super::super::MINIMUM_EXCEEDANCES;
use super::super::error::OutOfRange;
use super::super::options::Level;

/// How a stream is followed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct StreamingOptions {
    pub(super) window: usize,
    pub(super) level: f64,
    pub(super) peaks: usize,
    pub(super) alarm_probability: f64,
    pub(super) average_over: usize,
}

/// The options as they are written down.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Unchecked {
    window: usize,
    level: f64,
    peaks: usize,
    alarm_probability: f64,
    average_over: usize,
}

impl Default for StreamingOptions {
    fn default() -> Self {
        Self { window: 500, level: 0.95, peaks: 200, alarm_probability: 1e-4, average_over: 0 }
    }
}

impl StreamingOptions {
    /// The newest values, whose quantile is the threshold; the first fit waits for so many. By default 500.
    #[must_use]
    pub fn with_window(self, window: usize) -> Self {
        Self { window, ..self }
    }

    /// Level of that quantile; by default 0.95.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        Self { level: level.get(), ..self }
    }

    /// Peaks kept, the newest; by default 200. How long the tail remembers: 200 peaks are some 4,000 values.
    #[must_use]
    pub fn with_peaks(self, peaks: usize) -> Self {
        Self { peaks, ..self }
    }

    /// Probability below which a value raises an alarm; in (0, 1 - level), by default 1e-4.
    #[must_use]
    pub fn with_alarm_probability(self, alarm_probability: f64) -> Self {
        Self { alarm_probability, ..self }
    }

    /// Judges how far a value lies above the mean of so many values before it, which removes drift (DSPOT); by default 0,
    /// the values themselves.
    #[must_use]
    pub fn with_average_over(self, average_over: usize) -> Self {
        Self { average_over, ..self }
    }

    pub(super) fn check(self) -> Result<Self, OutOfRange> {
        let fewest = MINIMUM_EXCEEDANCES as f64;
        let refuse = |name, value: f64, range| Err(OutOfRange { name, value, range });
        let (level, alarm) = (self.level, self.alarm_probability);
        match () {
            () if !(level > 0.0 && level < 1.0) => refuse("level", level, "(0, 1)"),
            () if (self.window as f64) * (1.0 - level) < fewest => {
                refuse("window", self.window as f64, "at least 10 of them above the level")
            }
            () if self.peaks < MINIMUM_EXCEEDANCES => refuse("peaks", self.peaks as f64, "[10, inf)"),
            () if !(alarm > 0.0 && alarm < 1.0 - level) => refuse("alarm probability", alarm, "(0, 1 - level)"),
            () => Ok(self),
        }
    }
}

impl TryFrom<Unchecked> for StreamingOptions {
    type Error = OutOfRange;
    fn try_from(options: Unchecked) -> Result<Self, OutOfRange> {
        let Unchecked { window, level, peaks, alarm_probability, average_over } = options;
        Self { window, level, peaks, alarm_probability, average_over }.check()
    }
}

impl From<StreamingOptions> for Unchecked {
    fn from(options: StreamingOptions) -> Self {
        let StreamingOptions { window, level, peaks, alarm_probability, average_over } = options;
        Self { window, level, peaks, alarm_probability, average_over }
    }
}
