//! Streams as everybody may read them: no lock, no message, no IO; published before a write is acknowledged.
//!
//! What is published is the owner's whole state, not a picture of it, so that an owner that starts again goes on with it.
use super::stream::Stream;
use crate::learning::{Owners, Ownership};
use crate::runtime::Snapshot;
use bellwether_domain::types::{FeatureName, ServiceId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The streams of one service, by quantity.
pub type ServiceStreams = BTreeMap<FeatureName, Arc<Stream>>;

type Directory = HashMap<ServiceId, Snapshot<ServiceStreams>>;

/// Reads streams from any thread; clones share everything.
#[derive(Debug, Clone)]
pub struct RegimeReader {
    directory: Snapshot<Directory>,
    /// Which owner may publish: the latest.
    owners: Owners,
    /// Position in the log of the last entry that everything published holds, and one more; 0: nothing is published.
    published: Arc<AtomicU64>,
}

impl Default for RegimeReader {
    fn default() -> Self {
        Self { directory: Snapshot::new(Directory::new()), owners: Owners::default(), published: Arc::default() }
    }
}

impl RegimeReader {
    /// The streams of one service; `None` if nothing of it was ever seen.
    #[must_use]
    pub fn service(&self, service: &ServiceId) -> Option<Arc<ServiceStreams>> {
        self.directory.load().get(service).map(Snapshot::load_full)
    }

    /// One stream.
    #[must_use]
    pub fn stream(&self, service: &ServiceId, quantity: &FeatureName) -> Option<Arc<Stream>> {
        self.service(service)?.get(quantity).cloned()
    }

    /// Makes the caller the only one who may publish: one that hung and wakes up must not put old streams in force.
    pub(super) fn own(&self) -> Ownership {
        self.owners.begin()
    }

    /// Everything published, and the position in the log that it holds; `None` before an owner has published.
    pub(super) fn published(&self) -> Option<(u64, HashMap<ServiceId, Arc<ServiceStreams>>)> {
        let position = self.published.load(Ordering::SeqCst).checked_sub(1)?;
        let services =
            self.directory.load().iter().map(|(service, cell)| (service.clone(), cell.load_full())).collect();
        Some((position, services))
    }

    /// Puts streams in force; `None` takes a service away.
    pub(super) fn publish(
        &self,
        ownership: Ownership,
        position: u64,
        changed: impl Iterator<Item = (ServiceId, Option<Arc<ServiceStreams>>)>,
    ) {
        if !self.owners.is_latest(ownership) {
            return;
        }
        let directory = self.directory.load();
        let mut other: Option<Directory> = None; // a service came or went: rare
        for (service, streams) in changed {
            match (directory.get(&service), streams) {
                (Some(cell), Some(streams)) => cell.publish(streams),
                (None, Some(streams)) => {
                    let cell = Snapshot::new(ServiceStreams::new());
                    cell.publish(streams);
                    other.get_or_insert_with(|| Directory::clone(&directory)).insert(service, cell);
                }
                (Some(_), None) => {
                    other.get_or_insert_with(|| Directory::clone(&directory)).remove(&service);
                }
                (None, None) => {}
            }
        }
        if let Some(other) = other {
            self.directory.publish(Arc::new(other));
        }
        self.published.store(position.saturating_add(1), Ordering::SeqCst);
    }
}
