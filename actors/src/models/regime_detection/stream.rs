//! One stream: a quantity of a service, watched by a detector of its own.
use super::times::Times;
use bellwether_domain::types::Timestamp;
use bellwether_models::anomaly::bocpd::{Change, Detector, Regime, Step, WARM_UP};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Changes that are kept; the oldest makes room.
const MOST_CHANGES: usize = 100;
/// A change is likely above this probability ...
const LIKELY: f64 = 0.5;
/// ... for so many samples in a row: one outlier is no change.
const LIKELY_SAMPLES: u32 = 2;
/// Samples after an alarm during which the new regime counts as changing: as many as a detector warms up with.
pub const SETTLING: u64 = WARM_UP as u64;
/// A value is an anomaly from this score on: a tail probability of 1e-5, about once a day for a value a second, as rare as
/// the detector expects changes.
pub const ANOMALY_SCORE: f64 = 5.0;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Too few values to know what is usual.
    WarmingUp,
    /// A change is likely.
    ChangeLikely,
    /// A change was found a few samples ago.
    RecentChange,
    /// Neither.
    Stable,
}

/// A change that was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoundChange {
    /// Rows, probability, the regimes before and after.
    pub change: Change,
    started_at: Option<i64>,
    detected_at: i64,
}

impl FoundChange {
    /// When the new regime began; unknown if that was long before the alarm.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started_at.map(Timestamp::from_nanoseconds)
    }

    /// When the alarm was raised.
    #[must_use]
    pub const fn detected_at(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.detected_at)
    }
}

/// A stream; its serialised form is all there is to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    detector: Detector,
    changes: Arc<VecDeque<FoundChange>>,
    times: Times,
    value: f64,
    score: f64,
    is_alarm: bool,
    likely_samples: u32,
    alarms: u64,
    appended: u64,
    observed: u64,
    position: u64,
}

impl Stream {
    /// A stream without values, watched by `detector`.
    pub(super) fn new(detector: Detector) -> Self {
        Self {
            detector,
            changes: Arc::default(),
            times: Times::default(),
            value: 0.0,
            score: 0.0,
            is_alarm: false,
            likely_samples: 0,
            alarms: 0,
            appended: 0,
            observed: 0,
            position: 0,
        }
    }

    /// Takes less memory beside one that is watched in the same way.
    pub(super) fn share_tables(&mut self, with: &Self) {
        self.detector.share_tables(&with.detector);
    }

    /// A request appended a value: entry `position` of the log.
    pub(super) fn append(&mut self, position: u64, at: Timestamp, value: f64) {
        self.times.appended(at);
        (self.appended, self.position) = (self.appended + 1, position);
        self.take(value);
    }

    /// Telemetry brought a value, which is taken in at `now`; false if it is not later than the one before, and so passed over.
    pub(super) fn observe(&mut self, at: Timestamp, value: f64, now: Timestamp) -> bool {
        let is_news = self.times.observed(at, now);
        if is_news {
            self.observed += 1;
            self.take(value);
        }
        is_news
    }

    fn take(&mut self, value: f64) {
        let Some(step) = self.learn(|detector| detector.observe(Some(value))) else { return };
        (self.value, self.score, self.is_alarm) = (value, step.score, step.is_change);
        self.likely_samples = if step.change_probability > LIKELY { self.likely_samples.saturating_add(1) } else { 0 };
        if let Some(change) = self.detector.last_change().copied().filter(|_| step.is_change) {
            let found = FoundChange {
                change,
                started_at: self.times.of_row(change.start, step.index),
                detected_at: self.times.last().nanoseconds(),
            };
            let changes = Arc::make_mut(&mut self.changes);
            if changes.len() == MOST_CHANGES {
                changes.pop_front();
            }
            changes.push_back(found);
            self.alarms += 1;
        }
    }

    /// What the detector says. A value is durable before it is learned, so one that kills the detector would kill every
    /// successor that replays it: instead the stream begins anew behind it.
    fn learn(&mut self, learns: impl FnOnce(&mut Detector) -> Step) -> Option<Step> {
        if let Ok(step) = catch_unwind(AssertUnwindSafe(|| learns(&mut self.detector))) {
            return Some(step);
        }
        tracing::error!(values = self.values(), "a value killed its detector: the stream begins anew");
        // The options were good when the detector was made.
        if let Ok(detector) = Detector::new(*self.detector.options()) {
            let (appended, observed, position) = (self.appended, self.observed, self.position);
            let times = std::mem::take(&mut self.times);
            *self = Self { times, appended, observed, position, ..Self::new(detector) };
        }
        None
    }

    /// Whether telemetry from `at` is later than what it brought before.
    pub(super) fn is_news(&self, at: Timestamp) -> bool {
        self.times.is_news(at)
    }

    /// Position in the log of the last value that a request appended; 0 if none did.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The newest value.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// When it was measured or appended.
    #[must_use]
    pub const fn last_at(&self) -> Timestamp {
        self.times.last()
    }

    /// Changes found so far, the forgotten ones too.
    #[must_use]
    pub const fn alarms(&self) -> u64 {
        self.alarms
    }

    /// When it last took a value in.
    pub(super) const fn changed_at(&self) -> Timestamp {
        self.times.changed_at()
    }

    /// Values so far.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.detector.observed()
    }

    /// Values of these that requests appended.
    #[must_use]
    pub const fn appended(&self) -> u64 {
        self.appended
    }

    /// Values of these that telemetry brought.
    #[must_use]
    pub const fn observed(&self) -> u64 {
        self.observed
    }

    /// P(a change lies within the latest samples).
    #[must_use]
    pub fn change_probability(&self) -> f64 {
        self.detector.change_probability()
    }

    /// The most probable number of samples since the last change.
    #[must_use]
    pub fn run_length(&self) -> u64 {
        self.detector.run_length()
    }

    /// Probability of the run lengths that were dropped so far, summed.
    #[must_use]
    pub fn discarded_mass(&self) -> f64 {
        self.detector.discarded_mass()
    }

    /// The newest value's surprise: -log10 of its two-sided tail probability; 0 while warming up.
    #[must_use]
    pub const fn score(&self) -> f64 {
        self.score
    }

    /// Whether the newest value is an anomaly: [`ANOMALY_SCORE`] or more, or the one that raised an alarm.
    #[must_use]
    pub fn is_anomaly(&self) -> bool {
        self.is_alarm || self.score >= ANOMALY_SCORE
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let since_alarm =
            self.changes.back().map(|found| self.values().saturating_sub(1).saturating_sub(found.change.alarm));
        if self.values() < WARM_UP as u64 {
            Standing::WarmingUp
        } else if self.likely_samples >= LIKELY_SAMPLES {
            Standing::ChangeLikely
        } else if since_alarm.is_some_and(|samples| samples < SETTLING) {
            Standing::RecentChange
        } else {
            Standing::Stable
        }
    }

    /// The regime since the last alarm's estimated start.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.detector.regime()
    }

    /// When that regime began, if known.
    #[must_use]
    pub fn regime_since(&self) -> Option<Timestamp> {
        self.changes.back().map_or_else(|| Some(self.times.first()), FoundChange::started_at)
    }

    /// The latest changes, oldest first.
    #[must_use]
    pub fn changes(&self) -> &VecDeque<FoundChange> {
        &self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_models::anomaly::bocpd::Options;

    fn stream() -> Stream {
        Stream::new(Detector::new(Options::default()).unwrap())
    }

    /// Uniform noise of width 1 about 0: 7919 generates all residues modulo 101.
    fn noise(row: u64) -> f64 {
        (row * 7919 % 101) as f64 / 101.0 - 0.5
    }

    fn feed(stream: &mut Stream, values: impl Iterator<Item = f64>) {
        for value in values {
            let row = stream.values();
            stream.append(row + 1, Timestamp::from_milliseconds(1_000 * row.cast_signed()), value);
        }
    }

    #[test]
    fn a_stream_warms_up_settles_changes_and_settles_again() {
        let mut stream = stream();
        feed(&mut stream, (0..19).map(noise));
        assert_eq!(
            (stream.standing(), stream.regime_since()),
            (Standing::WarmingUp, Some(Timestamp::from_milliseconds(0)))
        );
        feed(&mut stream, (19..100).map(noise));
        assert_eq!((stream.standing(), stream.alarms()), (Standing::Stable, 0));
        let mut standings = Vec::new();
        for row in 100..160 {
            feed(&mut stream, std::iter::once(noise(row) + 10.0));
            if standings.last() != Some(&stream.standing()) {
                standings.push(stream.standing());
            }
        }
        assert_eq!(
            standings,
            [Standing::Stable, Standing::ChangeLikely, Standing::RecentChange, Standing::Stable],
            "one value ten widths off is no change yet"
        );
        let found = *stream.changes().back().unwrap();
        assert_eq!((stream.alarms(), stream.changes().len(), found.change.start), (1, 1, 100));
        assert_eq!(found.started_at(), Some(Timestamp::from_milliseconds(100_000)));
        let alarm_at = Timestamp::from_milliseconds(1_000 * found.change.alarm.cast_signed());
        assert_eq!((found.detected_at(), stream.regime_since()), (alarm_at, found.started_at()));
        let mean = |regime: Regime| regime.mean.unwrap();
        assert!(mean(found.change.before).abs() < 0.1 && (mean(stream.regime()) - 10.0).abs() < 0.1);
    }

    #[test]
    fn a_value_that_kills_the_detector_costs_the_stream_its_past_and_nobody_else_anything() {
        let mut stream = stream();
        feed(&mut stream, (0..50).map(noise));
        assert_eq!(stream.learn(|_| panic!("on purpose")), None);
        assert_eq!((stream.values(), stream.appended(), stream.position()), (0, 50, 50));
        assert_eq!((stream.standing(), stream.last_at()), (Standing::WarmingUp, Timestamp::from_milliseconds(49_000)));
        feed(&mut stream, (50..100).map(noise));
        assert_eq!((stream.values(), stream.standing()), (50, Standing::Stable));
    }

    #[test]
    fn a_value_far_out_is_an_anomaly_and_usual_ones_are_none() {
        let mut stream = stream();
        for row in 0..100 {
            feed(&mut stream, std::iter::once(noise(row)));
            assert!(!stream.is_anomaly() && stream.score() < ANOMALY_SCORE, "{row}: {}", stream.score());
        }
        feed(&mut stream, std::iter::once(4.0));
        assert!(stream.is_anomaly() && stream.score() >= ANOMALY_SCORE, "{}", stream.score());
        assert_eq!(stream.alarms(), 0, "one value is no change");
    }

    #[test]
    fn figures_stay_finite_whatever_the_values_are() {
        let values = [1e300, -1e300, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0, -0.0, 5.0];
        let mut stream = stream();
        for round in 0..30 {
            feed(&mut stream, values.iter().map(|value| value * if round % 2 == 0 { 1.0 } else { 0.5 }));
            let regime = stream.regime();
            let figures = [stream.change_probability(), stream.score(), stream.discarded_mass()];
            let levels = [regime.mean.unwrap_or(0.0), regime.standard_deviation.unwrap_or(0.0)];
            assert!(figures.iter().chain(&levels).all(|figure| figure.is_finite()), "{figures:?} {levels:?}");
            assert!((0.0..=1.0).contains(&stream.change_probability()));
        }
    }

    #[test]
    fn the_latest_hundred_changes_are_kept() {
        let mut stream = stream();
        feed(&mut stream, (0..110 * 40).map(|row| noise(row) + if row / 40 % 2 == 0 { 0.0 } else { 40.0 }));
        assert!(stream.alarms() > 100, "{}", stream.alarms());
        assert_eq!(stream.changes().len(), 100);
        assert!(stream.changes().iter().map(|found| found.change.alarm).is_sorted());
    }
}
