//! A correction, and what it makes of new intervals.
use super::Interval;
use crate::unit::finite;
use serde::{Deserialize, Serialize};

/// How far the ends of an interval are moved outwards, in the target's unit; negative: inwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Taken from the lower end.
    pub lower: f64,
    /// Added to the upper end.
    pub upper: f64,
}

/// An interval after its correction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    /// The interval, its ends in order; both are finite if those before were.
    pub interval: Interval,
    /// The ends came in the wrong order and were sorted first.
    pub was_crossed: bool,
    /// A negative correction moved the ends past each other: the interval is the point in the middle between them.
    pub is_collapsed: bool,
}

impl Correction {
    /// Corrects an interval of the model. An end beyond the 64-bit numbers becomes the largest of them, which leaves
    /// no finite target out.
    #[must_use]
    pub fn of(&self, interval: Interval) -> Corrected {
        let was_crossed = interval.is_crossed();
        let Interval { lower, upper } = interval.sorted();
        let kept = |end: f64, moved: f64| if end.is_finite() { finite(moved) } else { end };
        let moved = Interval::new(kept(lower, lower - self.lower), kept(upper, upper + self.upper));
        let is_collapsed = moved.is_crossed();
        let middle = moved.lower / 2.0 + moved.upper / 2.0;
        let interval = if is_collapsed { Interval::new(middle, middle) } else { moved };
        Corrected { interval, was_crossed, is_collapsed }
    }
}

/// A model's intervals, calibrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    correction: Correction,
    size: usize,
    crossed: usize,
}

impl Calibrated {
    pub(super) const fn new(correction: Correction, size: usize, crossed: usize) -> Self {
        Self { correction, size, crossed }
    }

    /// The correction.
    #[must_use]
    pub const fn correction(&self) -> Correction {
        self.correction
    }

    /// Number of calibration rows.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// How many calibration intervals had their ends in the wrong order.
    #[must_use]
    pub const fn crossed(&self) -> usize {
        self.crossed
    }

    /// Corrects an interval of the model.
    #[must_use]
    pub fn correct(&self, interval: Interval) -> Corrected {
        self.correction.of(interval)
    }
}
