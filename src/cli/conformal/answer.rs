//! The table of intervals.
use crate::cli::held_back::HeldBack;
use bellwether_models::tail::conformal::{Interval, Sides};

/// Intervals as CSV.
pub(super) struct Answer {
    is_upper: bool,
    table: HeldBack,
}

impl Answer {
    pub(super) fn new(sides: Sides) -> Self {
        let is_upper = sides == Sides::Upper;
        let heads: &[&str] = if is_upper { &["upper"] } else { &["lower", "upper"] };
        Self { is_upper, table: HeldBack::new(heads) }
    }

    /// Adds an interval.
    pub(super) fn line(&mut self, interval: Interval) -> anyhow::Result<()> {
        if self.is_upper {
            self.table.line([interval.upper])
        } else {
            self.table.line([interval.lower, interval.upper])
        }
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.table.finish()
    }
}
