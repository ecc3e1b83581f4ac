//! Aggregates over the points of the last so many seconds of event time.
//!
//! The window ends at the newest point of its series, not at the clock: `(newest - span, newest]`. The same observations
//! give the same aggregates in whatever order they arrive, and a series that falls silent keeps its last value, whose age
//! the reader sees. The points themselves belong to the series; the window holds what is incremental.
use super::moments::Moments;
use super::point_log::{Point, PointLog};
use super::sketch::Sketch;
use crate::types::Timestamp;
use std::time::Duration;

/// What a window must be able to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowSpec {
    /// How far back it reaches.
    pub(super) span: Duration,
    /// Whether quantiles are asked for.
    pub(super) quantiles: bool,
    /// Whether the minimum or the maximum is asked for.
    pub(super) extremes: bool,
}

/// What became of a point that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// It lies in the window.
    Inside,
    /// It is older than the window.
    TooLate,
}

/// Incremental aggregates of one window.
#[derive(Debug, Clone)]
pub(super) struct RollingWindow {
    spec: WindowSpec,
    /// Points at or before this time are outside.
    cutoff: Timestamp,
    moments: Moments,
    sketch: Sketch,
    /// Smallest and largest value, unless one of them left.
    extremes: Option<(f64, f64)>,
}

impl RollingWindow {
    /// An empty window.
    pub(super) fn new(spec: WindowSpec) -> Self {
        let cutoff = Timestamp::from_nanoseconds(i64::MIN);
        Self { spec, cutoff, moments: Moments::default(), sketch: Sketch::default(), extremes: None }
    }

    /// Moves the end to `newest`; points that are now outside must still be in `log`.
    pub(super) fn slide(&mut self, newest: Timestamp, log: &PointLog) {
        let cutoff = newest.minus(self.spec.span);
        if cutoff <= self.cutoff {
            return;
        }
        for point in log.after(self.cutoff).take_while(|point| point.at <= cutoff) {
            self.remove(point.value);
        }
        self.cutoff = cutoff;
    }

    /// Takes a point in unless it is older than the window.
    pub(super) fn offer(&mut self, point: Point) -> Offered {
        if point.at <= self.cutoff {
            return Offered::TooLate;
        }
        if self.moments.count() == 0 {
            self.extremes = Some((point.value, point.value));
        }
        self.moments.add(point.value);
        if self.spec.quantiles {
            self.sketch.add(point.value);
        }
        self.extremes = self.extremes.map(|(low, high)| (low.min(point.value), high.max(point.value)));
        Offered::Inside
    }

    /// Takes out a point that its series no longer keeps.
    pub(super) fn forget(&mut self, point: Point) {
        if point.at > self.cutoff {
            self.remove(point.value);
        }
    }

    fn remove(&mut self, value: f64) {
        self.moments.remove(value);
        if self.spec.quantiles {
            self.sketch.remove(value);
        }
        self.extremes = self.extremes.filter(|(low, high)| value > *low && value < *high);
    }

    /// Recomputes what can no longer be trusted; to be called after changes and before reading.
    pub(super) fn settle(&mut self, log: &PointLog) {
        let values = log.after(self.cutoff).map(|point| point.value);
        self.moments.settle(values.clone());
        if self.spec.extremes && self.extremes.is_none() && self.moments.count() > 0 {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            self.extremes = Some(values.fold(start, |(low, high), value| (low.min(value), high.max(value))));
        }
    }

    /// How far back it reaches.
    pub(super) fn span(&self) -> Duration {
        self.spec.span
    }

    /// Mean, deviation, sum and count.
    pub(super) fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Quantiles; empty unless asked for.
    pub(super) fn sketch(&self) -> &Sketch {
        &self.sketch
    }

    /// Smallest and largest value; absent when empty or not asked for.
    pub(super) fn extremes(&self) -> Option<(f64, f64)> {
        self.extremes
    }
}
