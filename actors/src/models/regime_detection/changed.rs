//! Which streams differ from the last snapshot.
use bellwether_domain::types::{FeatureName, ServiceId};
use std::collections::{BTreeSet, HashSet, VecDeque};

/// Of the streams that only telemetry changed one in so many is kept by a snapshot, so that each is written about once a
/// minute and not with every value: what a crash takes from them comes back from the store or by itself.
const ROUND: usize = 12;
/// Most of them in one snapshot.
pub(super) const MOST_OBSERVED: usize = 2_000;
/// Stands between service and quantity in the name of a part; neither can hold a control character.
const SEPARATOR: char = '\u{1f}';

/// Which stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamKey {
    pub(super) service: ServiceId,
    pub(super) quantity: FeatureName,
}

impl StreamKey {
    pub(super) fn new(service: &ServiceId, quantity: &FeatureName) -> Self {
        Self { service: service.clone(), quantity: quantity.clone() }
    }

    /// The name of its part of a snapshot.
    pub(super) fn part(&self) -> String {
        format!("{}{SEPARATOR}{}", self.service, self.quantity)
    }

    pub(super) fn of_part(name: &str) -> Option<Self> {
        let (service, quantity) = name.split_once(SEPARATOR)?;
        Some(Self { service: ServiceId::new(service).ok()?, quantity: FeatureName::new(quantity).ok()? })
    }
}

impl std::fmt::Display for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.quantity, self.service)
    }
}

/// Streams that differ from the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Changed or removed so that the next snapshot must say so: the log behind it is dropped.
    must: BTreeSet<StreamKey>,
    /// Changed by telemetry alone, longest ago first.
    may: VecDeque<StreamKey>,
    waiting: HashSet<StreamKey>,
}

impl Changed {
    /// A request appended a value.
    pub(super) fn appended(&mut self, key: StreamKey) {
        self.must.insert(key);
    }

    /// The stream is gone.
    pub(super) fn removed(&mut self, key: StreamKey) {
        self.must.insert(key);
    }

    /// Telemetry brought a value.
    pub(super) fn observed(&mut self, key: StreamKey) {
        if !self.waiting.contains(&key) {
            self.may.push_back(key.clone());
            self.waiting.insert(key);
        }
    }

    /// What the next snapshot is to hold: everything that it must, and of the rest a part, or all if it is to be the
    /// last one, beginning with what waits longest.
    pub(super) fn take(&mut self, is_last: bool) -> BTreeSet<StreamKey> {
        let mut keys = std::mem::take(&mut self.must);
        let share = if is_last { self.may.len() } else { self.may.len().div_ceil(ROUND) };
        for key in self.may.drain(..share.min(MOST_OBSERVED)) {
            self.waiting.remove(&key);
            keys.insert(key);
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(service: &str, quantity: &str) -> StreamKey {
        StreamKey { service: ServiceId::new(service).unwrap(), quantity: FeatureName::new(quantity).unwrap() }
    }

    #[test]
    fn a_part_s_name_leads_back_to_its_stream() {
        for one in [key("a", "b"), key("order gateway", "Zürich/p99"), key("a:b", "c:d")] {
            assert_eq!(StreamKey::of_part(&one.part()), Some(one));
        }
        for name in ["", "a", "\u{1f}b", "a\u{1f}", "a\u{1f}b\u{1f}c"] {
            assert_eq!(StreamKey::of_part(name), None, "{name:?}");
        }
    }

    #[test]
    fn appended_streams_are_all_kept_at_once_and_observed_ones_in_turns_oldest_first() {
        let mut changed = Changed::default();
        let keys = |service: &str, count: usize| -> Vec<StreamKey> {
            (0..count).map(|number| key(service, &format!("{number:05}"))).collect()
        };
        let (appended, observed) = (keys("a", 5_000), keys("z", 30_000));
        // Told twice, kept once.
        observed.iter().chain(&observed).for_each(|one| changed.observed(one.clone()));
        appended.iter().for_each(|one| changed.appended(one.clone()));
        let mut take = |is_last| changed.take(is_last).into_iter().collect::<Vec<_>>();
        assert_eq!(take(false), [&appended[..], &observed[..MOST_OBSERVED]].concat());
        assert_eq!(take(true), observed[MOST_OBSERVED..2 * MOST_OBSERVED]);
    }

    #[test]
    fn streams_that_change_all_the_time_are_each_kept_once_a_round() {
        let mut changed = Changed::default();
        let streams: Vec<StreamKey> = (0..24).map(|number| key("s", &format!("{number:05}"))).collect();
        let mut kept = Vec::new();
        for _ in 0..ROUND {
            streams.iter().for_each(|one| changed.observed(one.clone()));
            kept.extend(changed.take(false));
        }
        assert_eq!(kept, streams);
        assert_eq!(changed.take(true).len(), 22, "all but the last two changed again since");
    }
}
