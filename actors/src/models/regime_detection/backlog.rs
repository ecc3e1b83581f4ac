//! Observations that wait until they are taken in.
use bellwether_domain::types::Observation;
use std::collections::VecDeque;

/// Observations that may wait; more are dropped and counted.
const MOST: usize = 100_000;

/// Observations in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    waiting: VecDeque<Observation>,
    /// The store may hold some that come before these.
    holds_back: bool,
}

impl Backlog {
    /// Holds everything back until [`Backlog::begin_with`].
    pub(super) fn held_back() -> Self {
        Self { waiting: VecDeque::new(), holds_back: true }
    }

    /// Adds observations behind all others; returns how many had no room.
    pub(super) fn add(&mut self, observations: Vec<Observation>) -> usize {
        let room = MOST.saturating_sub(self.waiting.len());
        let dropped = observations.len().saturating_sub(room);
        self.waiting.extend(observations.into_iter().take(room));
        dropped
    }

    /// `earlier` come before everything else, and nothing is held back any more.
    pub(super) fn begin_with(&mut self, earlier: Vec<Observation>) {
        let later = std::mem::replace(&mut self.waiting, earlier.into());
        self.waiting.extend(later);
        self.holds_back = false;
    }

    /// The next ones, at most `most`.
    pub(super) fn take(&mut self, most: usize) -> impl Iterator<Item = Observation> + use<'_> {
        let count = if self.holds_back { 0 } else { self.waiting.len().min(most) };
        self.waiting.drain(..count)
    }

    /// Whether there is something to take.
    pub(super) fn is_waiting(&self) -> bool {
        !self.holds_back && !self.waiting.is_empty()
    }

    pub(super) const fn is_held_back(&self) -> bool {
        self.holds_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_domain::types::{FeatureName, ServiceId, Timestamp};

    fn batch(values: std::ops::Range<i32>) -> Vec<Observation> {
        let observation = |value| Observation {
            service: ServiceId::default(),
            name: FeatureName::new("load").unwrap(),
            at: Timestamp::from_milliseconds(i64::from(value)),
            value: f64::from(value),
        };
        values.map(observation).collect()
    }

    #[test]
    fn what_the_store_holds_comes_before_what_came_meanwhile() {
        let mut backlog = Backlog::held_back();
        assert_eq!(backlog.add(batch(5..8)), 0);
        assert!(!backlog.is_waiting() && backlog.take(10).next().is_none());
        backlog.begin_with(batch(0..5));
        assert!(backlog.is_waiting());
        assert_eq!(backlog.take(6).collect::<Vec<_>>(), batch(0..6));
        assert_eq!(backlog.take(6).collect::<Vec<_>>(), batch(6..8));
        assert!(!backlog.is_waiting());
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.add(batch(0..60_000)), 0);
        assert_eq!(backlog.add(batch(0..60_000)), 20_000);
        assert_eq!(backlog.take(usize::MAX).count(), MOST);
    }
}
