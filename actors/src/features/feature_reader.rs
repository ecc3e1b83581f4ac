//! Reads features from any thread: no lock, no message, no IO.
use crate::runtime::Snapshot;
use bellwether_domain::features::{FeatureRegistry, ServiceFeatures};
use bellwether_domain::types::ServiceId;
use std::collections::HashMap;
use std::sync::Arc;

type Directory = HashMap<ServiceId, Snapshot<ServiceFeatures>>;

/// Everything that is published; clones share it.
#[derive(Clone)]
pub struct FeatureReader {
    directory: Snapshot<Directory>,
    registry: Snapshot<FeatureRegistry>,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

impl std::fmt::Debug for FeatureReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeatureReader").field("services", &self.directory.load().len()).finish_non_exhaustive()
    }
}

impl FeatureReader {
    /// Nothing published yet.
    #[must_use]
    pub fn new(registry: Arc<FeatureRegistry>) -> Self {
        let requests = |result: &'static str| {
            let counter = metrics::counter!("feature_cache_requests_total", "result" => result);
            counter.increment(0);
            counter
        };
        let published = Snapshot::new(FeatureRegistry::clone(&registry));
        Self {
            directory: Snapshot::new(HashMap::new()),
            registry: published,
            hits: requests("hit"),
            misses: requests("miss"),
        }
    }

    /// The features of one service; counted as a hit or a miss of the cache.
    #[must_use]
    pub fn of(&self, service: &ServiceId) -> Option<Arc<ServiceFeatures>> {
        let found = self.directory.load().get(service).map(Snapshot::load_full);
        if found.is_some() {
            self.hits.increment(1)
        } else {
            self.misses.increment(1)
        }
        found
    }

    /// The features of one service, not counted.
    #[must_use]
    pub fn peek(&self, service: &ServiceId) -> Option<Arc<ServiceFeatures>> {
        self.directory.load().get(service).map(Snapshot::load_full)
    }

    /// Names of all services, sorted.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceId> {
        let mut services: Vec<ServiceId> = self.directory.load().keys().cloned().collect();
        services.sort();
        services
    }

    /// The declared features.
    #[must_use]
    pub fn registry(&self) -> Arc<FeatureRegistry> {
        self.registry.load_full()
    }

    /// Puts fresh features in force; only their owner does.
    pub(super) fn publish(&self, refreshed: Vec<(ServiceId, Arc<ServiceFeatures>)>) {
        let directory = self.directory.load();
        let mut changed: Option<Directory> = None; // a service came or went: rare
        for (service, features) in refreshed {
            let known = directory.get(&service);
            match (known, features.values().is_empty()) {
                (Some(cell), false) => cell.publish(features),
                (Some(_), true) => {
                    changed.get_or_insert_with(|| Directory::clone(&directory)).remove(&service);
                }
                (None, false) => {
                    let fresh = Snapshot::new(ServiceFeatures::clone(&features));
                    changed.get_or_insert_with(|| Directory::clone(&directory)).insert(service, fresh);
                }
                (None, true) => {}
            }
        }
        if let Some(changed) = changed {
            self.directory.publish(Arc::new(changed));
        }
    }
}
