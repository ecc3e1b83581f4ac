//! When the values of a stream were measured or appended.
use bellwether_domain::types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Latest values whose times are kept, so that a change can be dated by the value it began with.
const KEPT: usize = 64;

/// Times in nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Times {
    first: i64,
    last: i64,
    /// Of the latest value that telemetry brought: what comes again or late is told by it.
    last_observed: Option<i64>,
    /// When a value was last taken in, however old it was.
    changed: i64,
    latest: VecDeque<i64>,
}

impl Times {
    /// A value was appended; a clock that was set back does not turn the order round.
    pub(super) fn appended(&mut self, at: Timestamp) {
        self.changed = self.changed.max(at.nanoseconds());
        self.note(at.nanoseconds());
    }

    /// A value was observed and is taken in at `now`; false if it is not later than the one observed before, and nothing changed.
    pub(super) fn observed(&mut self, at: Timestamp, now: Timestamp) -> bool {
        let is_news = self.is_news(at);
        if is_news {
            self.last_observed = Some(at.nanoseconds());
            self.changed = self.changed.max(now.nanoseconds());
            self.note(at.nanoseconds());
        }
        is_news
    }

    pub(super) fn is_news(&self, at: Timestamp) -> bool {
        self.last_observed.is_none_or(|last| at.nanoseconds() > last)
    }

    fn note(&mut self, at: i64) {
        if self.latest.is_empty() {
            (self.first, self.last) = (at, at);
        }
        self.last = self.last.max(at);
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(at);
    }

    /// Time of `row` when `newest` is the newest row; `None` if it is no longer kept.
    pub(super) fn of_row(&self, row: u64, newest: u64) -> Option<i64> {
        let back = usize::try_from(newest.checked_sub(row)?).ok()?;
        let place = self.latest.len().checked_sub(back + 1)?;
        self.latest.get(place).copied()
    }

    pub(super) const fn first(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.first)
    }

    pub(super) const fn changed_at(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.changed)
    }

    pub(super) const fn last(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.last)
    }
}
