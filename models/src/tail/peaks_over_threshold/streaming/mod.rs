//! The tail of a stream, in memory that does not grow.
//!
//! Source: Siffer, Fouque, Termier and Largouët, "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017 (SPOT;
//! with a moving average before it, DSPOT). Four things differ. The peaks are a window, so that the tail forgets. They
//! are fitted by the closed form of Zhang and Stephens, which works at any scale and cannot fail to converge. The
//! threshold is chosen anew once the share of values above it has moved by a factor of three, so that a stream which
//! changes its level does not alarm for ever. And alarms are learnt, within limits: a tail that never sees
//! its largest values grows shorter and alarms ever more often.

mod average;
mod options;
mod peaks;

pub use options::StreamingOptions;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::error::{ExtremesError, OutOfRange};
use super::options::{Level, Threshold};
use super::{Tail, threshold};
use average::MovingAverage;
use peaks::Peaks;

/// The threshold is chosen anew when so many times more or fewer values lie above it than the level says.
const RATE_FACTOR: f64 = 3.0;
/// The largest peak that is learnt is so many times rarer than an alarm.
const LEARNT_RARITY: f64 = 10.0;

/// What a value is, seen from the tail of the values before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observed {
    /// There is no tail yet: too few values, or they do not differ.
    Gathering,
    /// At or below the threshold.
    Ordinary,
    /// Above the threshold, and learnt.
    Peak {
        /// Probability of a value at least as large.
        probability: f64,
    },
    /// Too large for the tail. Of alarms in a row the first alone is learnt, and none as more than a value ten times rarer
    /// than an alarm: an outlier cannot spoil the tail, and yet the tail does not lose its largest values.
    Alarm {
        /// Probability of a value at least as large, below that of the options.
        probability: f64,
    },
}

/// A tail that follows a stream: one value at a time, a fixed amount of memory, a state that can be stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamingTail {
    options: StreamingOptions,
    average: MovingAverage,
    /// The newest deviations from the average, alarms included.
    recent: VecDeque<f64>,
    /// How many values were judged or gathered.
    observed: u64,
    /// The last value was an alarm.
    alarming: bool,
    followed: Option<Followed>,
}

/// A threshold with what lies above it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Followed {
    threshold: f64,
    /// How many of the recent deviations lie above it.
    recent_above: usize,
    /// The threshold was chosen while the stream was changing, so it is chosen once more when so many were observed.
    again_at: Option<u64>,
    peaks: Peaks,
}

impl StreamingTail {
    /// # Errors
    /// `OutOfRange` for a level outside of (0, 1), a window that leaves fewer than 10 values above it, fewer than 10
    /// peaks, or an alarm probability that is not below the share of peaks.
    pub fn new(options: StreamingOptions) -> Result<Self, OutOfRange> {
        let options = options.check()?;
        let average = MovingAverage::over(options.average_over);
        Ok(Self { options, average, recent: VecDeque::new(), observed: 0, alarming: false, followed: None })
    }

    /// Judges a value by the tail of those before it, then learns it.
    ///
    /// # Errors
    /// `NonFinite` with the number of values before it; the state stays as it was.
    pub fn observe(&mut self, value: f64) -> Result<Observed, ExtremesError> {
        if !value.is_finite() {
            let index = usize::try_from(self.observed).unwrap_or(usize::MAX);
            return Err(ExtremesError::NonFinite { index, value });
        }
        self.observed += 1;
        let Some(mean) = self.average.mean() else {
            self.average.push(value);
            return Ok(Observed::Gathering);
        };
        let deviation = (value - mean).clamp(f64::MIN, f64::MAX);
        let judged = self.judge(deviation);
        let alarm = matches!(judged, Observed::Alarm { .. });
        if !alarm {
            self.average.push(value);
        }
        if !(alarm && self.alarming) {
            self.learn(deviation);
        }
        self.alarming = alarm;
        self.remember(deviation);
        Ok(judged)
    }

    /// The tail of the deviations from the moving average, which without one are the values themselves.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        let followed = self.followed.as_ref()?;
        let rate = followed.peaks.rate(self.observed);
        Tail::new(followed.threshold, rate, followed.peaks.pareto()?).ok()
    }

    /// The value above which the next one is an alarm, in the unit of the data; `None` while there is no tail, or if it
    /// exceeds the largest 64-bit number.
    #[must_use]
    pub fn alarm_level(&self) -> Option<f64> {
        let level =
            self.average.mean()? + self.followed.as_ref()?.threshold + self.excess(self.options.alarm_probability)?;
        Some(level).filter(|level| level.is_finite())
    }

    /// How many values were observed.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.observed
    }

    fn judge(&self, deviation: f64) -> Observed {
        let Some(tail) = self.tail() else { return Observed::Gathering };
        if deviation <= tail.threshold() {
            return Observed::Ordinary;
        }
        let probability = tail.exceedance_probability(deviation);
        if probability < self.options.alarm_probability {
            Observed::Alarm { probability }
        } else {
            Observed::Peak { probability }
        }
    }

    /// How far above the threshold the value lies that is exceeded with this probability.
    fn excess(&self, probability: f64) -> Option<f64> {
        let tail = self.tail()?;
        Some(tail.pareto().exceeded_with((probability / tail.exceedance_rate()).min(1.0)))
    }

    /// Adds a deviation above the threshold to the peaks.
    fn learn(&mut self, deviation: f64) {
        let most = self.excess(self.options.alarm_probability / LEARNT_RARITY).unwrap_or(f64::INFINITY);
        if let Some(followed) = self.followed.as_mut().filter(|followed| deviation > followed.threshold) {
            followed.peaks.push((deviation - followed.threshold).min(most), self.observed);
        }
    }

    /// Moves the window of recent deviations on, and the threshold if it no longer parts them as it should.
    fn remember(&mut self, deviation: f64) {
        let leaving = if self.recent.len() >= self.options.window { self.recent.pop_front() } else { None };
        self.recent.push_back(deviation);
        if self.recent.len() < self.options.window {
            return;
        }
        let (observed, window) = (self.observed, self.options.window);
        let mut changing = false;
        let misplaced = self.followed.as_mut().is_none_or(|followed| {
            let above = |value: f64| usize::from(value > followed.threshold);
            let entered = followed.recent_above + above(deviation);
            followed.recent_above = entered.saturating_sub(leaving.map_or(0, above));
            let share = followed.recent_above as f64 / (window as f64 * (1.0 - self.options.level));
            changing = !(1.0 / RATE_FACTOR..=RATE_FACTOR).contains(&share);
            changing || followed.again_at.is_some_and(|at| at <= observed)
        });
        if misplaced {
            self.place_threshold(changing.then_some(observed + window as u64));
        }
    }

    /// Puts the threshold at the quantile of the recent deviations; without a tail above it the former one stays.
    fn place_threshold(&mut self, again_at: Option<u64>) {
        let values: Vec<f64> = self.recent.iter().copied().collect();
        let selected = Level::new(self.options.level)
            .map_err(ExtremesError::from)
            .and_then(|level| threshold::select(&values, Threshold::Quantile(level)));
        let Ok(selected) = selected else { return };
        let before = self.observed.saturating_sub(values.len() as u64);
        let mut peaks = Peaks::new(self.options.peaks, before);
        let mut recent_above = 0;
        for (position, value) in (before + 1..).zip(&values) {
            if *value > selected.threshold {
                peaks.keep(value - selected.threshold, position);
                recent_above += 1;
            }
        }
        if peaks.fit() {
            self.followed = Some(Followed { threshold: selected.threshold, recent_above, again_at, peaks });
        }
    }
}
