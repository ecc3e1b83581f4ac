//! What was violated lately, and how often: a bounded list and counters.
use crate::types::{Capability, Level, ServiceId, Timestamp, Violation};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Most different counters; further checks are counted under [`OTHER`]. Check names come from documents, which change.
const MOST_COUNTERS: usize = 4096;

/// The check under which violations are counted that have no counter of their own.
pub const OTHER: &str = "other";

/// One violation and where it happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViolationRecord {
    /// When.
    pub at: Timestamp,
    /// Whose output.
    pub model: Capability,
    /// For which service.
    pub service: ServiceId,
    /// In answer to which request.
    pub request_id: String,
    /// What.
    #[serde(flatten)]
    pub violation: Violation,
}

/// Model, check and level of a counter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Counter {
    model: Capability,
    check: String,
    level: Level,
}

/// How often one check was violated since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ViolationCount<'a> {
    /// Whose outputs.
    pub model: Capability,
    /// Which check.
    pub check: &'a str,
    /// How bad.
    pub level: Level,
    /// How often.
    pub count: u64,
}

/// The last violations, newest first, and counts since the start.
#[derive(Debug, Clone, PartialEq)]
pub struct ViolationHistory {
    capacity: usize,
    /// Newest in front.
    records: VecDeque<ViolationRecord>,
    counts: BTreeMap<Counter, u64>,
}

impl ViolationHistory {
    /// Keeps the last `capacity` violations; counts are kept for ever.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, records: VecDeque::new(), counts: BTreeMap::new() }
    }

    /// Counts the violation and puts it in front; the oldest gives way.
    pub fn record(&mut self, record: ViolationRecord) {
        let (model, level) = (record.model, record.violation.level);
        let mut counter = Counter { model, check: record.violation.check.clone(), level };
        if self.counts.len() >= MOST_COUNTERS && !self.counts.contains_key(&counter) {
            OTHER.clone_into(&mut counter.check);
        }
        let count = self.counts.entry(counter).or_default();
        *count = count.saturating_add(1);
        self.records.push_front(record);
        self.records.truncate(self.capacity);
    }

    /// The last violations, newest first.
    pub fn recent(&self) -> impl Iterator<Item = &ViolationRecord> {
        self.records.iter()
    }

    /// How often each check was violated since the start.
    pub fn counts(&self) -> impl Iterator<Item = ViolationCount<'_>> {
        self.counts.iter().map(|(Counter { model, check, level }, count)| ViolationCount {
            model: *model,
            check,
            level: *level,
            count: *count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FieldValue;

    fn record(at: i64, model: Capability, check: &str, level: Level) -> ViolationRecord {
        let (observed, limit) = (FieldValue::Null, FieldValue::Null);
        ViolationRecord {
            at: Timestamp::from_milliseconds(at),
            model,
            service: ServiceId::default(),
            request_id: format!("r{at}"),
            violation: Violation { check: check.to_owned(), level, message: String::new(), observed, limit },
        }
    }

    #[test]
    fn the_oldest_gives_way_and_counts_remain() {
        let mut history = ViolationHistory::new(2);
        for (at, check, level) in
            [(1, "a", Level::Unsafe), (2, "b", Level::Warning), (3, "a", Level::Unsafe), (4, "a", Level::Critical)]
        {
            history.record(record(at, Capability::Bandit, check, level));
        }
        history.record(record(5, Capability::TailSlo, "a", Level::Unsafe));
        let times: Vec<i64> = history.recent().map(|one| one.at.milliseconds()).collect();
        assert_eq!(times, [5, 4]);
        let counts: Vec<_> = history.counts().map(|one| (one.model, one.check, one.level, one.count)).collect();
        assert_eq!(
            counts,
            [
                (Capability::TailSlo, "a", Level::Unsafe, 1),
                (Capability::Bandit, "a", Level::Unsafe, 2),
                (Capability::Bandit, "a", Level::Critical, 1),
                (Capability::Bandit, "b", Level::Warning, 1),
            ]
        );
    }

    #[test]
    fn counters_are_bounded_and_capacity_zero_keeps_none() {
        let mut history = ViolationHistory::new(0);
        let total = MOST_COUNTERS + 100;
        for index in 0..total {
            history.record(record(0, Capability::Bandit, &format!("c{index}"), Level::Unsafe));
        }
        assert_eq!(history.recent().count(), 0);
        assert_eq!(history.counts().count(), MOST_COUNTERS + 1);
        assert_eq!(history.counts().map(|one| one.count).sum::<u64>(), total as u64);
    }
}
