//! Every stream, as the log up to some position and the telemetry so far make it.
use super::changed::{Changed, StreamKey};
use super::reader::ServiceStreams;
use super::stream::Stream;
use bellwether_domain::experiments::StreamValue;
use bellwether_domain::ports::SnapshotPart;
use bellwether_domain::types::{FeatureName, Observation, ServiceId, Timestamp};
use bellwether_models::anomaly::bocpd::Detector;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The streams, and which of them changed since they were last published or kept.
#[derive(Debug)]
pub(super) struct Streams {
    services: HashMap<ServiceId, Arc<ServiceStreams>>,
    /// By when each was last changed: the first one makes room for a new stream.
    by_age: BTreeSet<(Timestamp, StreamKey)>,
    /// What every stream begins with.
    fresh: Detector,
    most: usize,
    /// Entries of the log up to here are in what was taken over.
    taken_over: u64,
    unpublished: BTreeSet<ServiceId>,
    changed: Changed,
    counts: Counts,
}

/// The streams of a snapshot. One that cannot be read is left out: it begins again with its next value.
pub(super) fn read(parts: Vec<SnapshotPart>) -> Vec<(StreamKey, Arc<Stream>)> {
    let mut first: Option<Arc<Stream>> = None;
    let stream = |SnapshotPart { name, state }: SnapshotPart| {
        let state = state.as_deref().unwrap_or_default();
        match (StreamKey::of_part(&name), postcard::from_bytes::<Stream>(state)) {
            (Some(key), Ok(mut stream)) => {
                if let Some(first) = &first {
                    stream.share_tables(first);
                }
                let stream = Arc::new(stream);
                first.get_or_insert_with(|| Arc::clone(&stream));
                return Some((key, stream));
            }
            (Some(_), Err(error)) => tracing::error!(failure = %error, name, "a stream's snapshot cannot be read"),
            (None, _) => tracing::error!(name, "a snapshot has an impossible name"),
        }
        None
    };
    parts.into_iter().filter_map(stream).collect()
}

/// Which streams a snapshot holds.
pub(super) fn names(parts: &[SnapshotPart]) -> Vec<StreamKey> {
    parts.iter().filter_map(|part| StreamKey::of_part(&part.name)).collect()
}

/// What happened since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Streams that made room.
    pub(super) evicted: u64,
    /// Changes found.
    pub(super) changes: u64,
}

impl Streams {
    /// No streams; there may be at most `most`.
    pub(super) fn new(fresh: Detector, most: usize) -> Self {
        Self {
            services: HashMap::new(),
            by_age: BTreeSet::new(),
            fresh,
            most: most.max(1),
            taken_over: 0,
            unpublished: BTreeSet::new(),
            changed: Changed::default(),
            counts: Counts::default(),
        }
    }

    pub(super) fn get(&self, service: &ServiceId, quantity: &FeatureName) -> Option<&Stream> {
        self.services.get(service)?.get(quantity).map(|stream| &**stream)
    }

    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Entry `position` of the log is durable; one that was taken over counts only as not kept by a snapshot yet.
    pub(super) fn append(&mut self, position: u64, one: &StreamValue) {
        let StreamValue { service, quantity, at, value } = one;
        let key = StreamKey::new(service, quantity);
        let known = self.get(service, quantity);
        if position <= self.taken_over || known.is_some_and(|stream| position <= stream.position()) {
            if known.is_some() {
                self.changed.appended(key);
            }
            return;
        }
        self.change(&key, |stream| stream.append(position, *at, *value));
        self.changed.appended(key);
    }

    /// Telemetry brought a value, taken in at `now`.
    pub(super) fn observe(&mut self, Observation { service, name, at, value }: &Observation, now: Timestamp) {
        if self.get(service, name).is_some_and(|stream| !stream.is_news(*at)) {
            return;
        }
        let key = StreamKey::new(service, name);
        self.change(&key, |stream| stream.observe(*at, *value, now));
        self.changed.observed(key);
    }

    /// Lets something happen to a stream, which is made if there is none.
    fn change<R>(&mut self, key: &StreamKey, happens: impl FnOnce(&mut Stream) -> R) {
        let StreamKey { service, quantity } = key;
        match self.get(service, quantity).map(Stream::changed_at) {
            Some(changed_at) => {
                self.by_age.remove(&(changed_at, key.clone()));
            }
            None => self.leave_at_most(self.most - 1),
        }
        let streams = Arc::make_mut(self.services.entry(service.clone()).or_default());
        let begin = || Arc::new(Stream::new(self.fresh.clone()));
        let stream = Arc::make_mut(streams.entry(quantity.clone()).or_insert_with(begin));
        let changes_before = stream.alarms();
        happens(stream);
        self.counts.changes += stream.alarms() - changes_before;
        self.by_age.insert((stream.changed_at(), key.clone()));
        if !self.unpublished.contains(service) {
            self.unpublished.insert(service.clone());
        }
    }

    /// Forgets the streams that were not changed for longest.
    fn leave_at_most(&mut self, most: usize) {
        while self.by_age.len() > most {
            let Some((_, key)) = self.by_age.pop_first() else { return };
            if let Some(streams) = self.services.get_mut(&key.service) {
                Arc::make_mut(streams).remove(&key.quantity);
                if streams.is_empty() {
                    self.services.remove(&key.service);
                }
            }
            self.unpublished.insert(key.service.clone());
            self.changed.removed(key);
            self.counts.evicted += 1;
        }
    }

    /// Becomes what a snapshot says.
    pub(super) fn restore(&mut self, streams: Vec<(StreamKey, Arc<Stream>)>) {
        streams.into_iter().for_each(|(key, stream)| self.add(key, stream));
        self.leave_at_most(self.most); // the limit may have been higher
    }

    /// Becomes what a former owner published, which holds the log up to `position`; `kept` is what snapshots hold.
    pub(super) fn take_over(
        &mut self,
        position: u64,
        services: HashMap<ServiceId, Arc<ServiceStreams>>,
        kept: Vec<StreamKey>,
    ) {
        self.taken_over = position;
        let streams = |(service, streams): (ServiceId, Arc<ServiceStreams>)| -> Vec<(StreamKey, Arc<Stream>)> {
            streams.iter().map(|(quantity, one)| (StreamKey::new(&service, quantity), Arc::clone(one))).collect()
        };
        for (key, stream) in services.into_iter().flat_map(streams) {
            self.changed.observed(key.clone());
            self.add(key, stream);
        }
        for key in kept {
            if self.get(&key.service, &key.quantity).is_none() {
                self.changed.removed(key);
            }
        }
    }

    fn add(&mut self, key: StreamKey, stream: Arc<Stream>) {
        self.by_age.insert((stream.changed_at(), key.clone()));
        self.unpublished.insert(key.service.clone());
        let streams = Arc::make_mut(self.services.entry(key.service).or_default());
        streams.insert(key.quantity, stream);
    }

    /// The services that changed since this was last asked.
    pub(super) fn unpublished(&mut self) -> impl Iterator<Item = (ServiceId, Option<Arc<ServiceStreams>>)> + use<'_> {
        let services = std::mem::take(&mut self.unpublished);
        services.into_iter().map(|service| {
            let streams = self.services.get(&service).map(Arc::clone);
            (service, streams)
        })
    }

    /// What happened since this was last asked.
    pub(super) fn counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// The streams to keep now; all that can be, if there will be no other snapshot.
    pub(super) fn changed_parts(&mut self, is_last: bool) -> Vec<SnapshotPart> {
        let keys = self.changed.take(is_last);
        let part = |key: StreamKey| {
            let name = key.part();
            let Some(stream) = self.get(&key.service, &key.quantity) else {
                return Some(SnapshotPart { name, state: None });
            };
            match postcard::to_stdvec(stream) {
                Ok(state) => Some(SnapshotPart { name, state: Some(state) }),
                Err(error) => {
                    tracing::error!(failure = %error, stream = %key, "a stream cannot be written down");
                    None
                }
            }
        };
        keys.into_iter().filter_map(part).collect()
    }

    /// These parts were not kept: they still differ from the last snapshot.
    pub(super) fn parts_not_kept(&mut self, parts: &[SnapshotPart]) {
        // Some of them may hold appended values, so the next snapshot must have them all.
        parts.iter().filter_map(|part| StreamKey::of_part(&part.name)).for_each(|key| self.changed.appended(key));
    }
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
