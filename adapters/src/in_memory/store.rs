//! A store without a disk; what it answers is what [`crate::sqlite::SqliteStore`] answers.
use super::learner_logs::LearnerLogs;
use crate::sqlite::position;
use bellwether_domain::config::ConfigVersion;
use bellwether_domain::ports::{
    Claimed, Learner, Logged, ObservationPage, ObservationQuery, StateStore, StoreError, StoredState, Write, Written,
};
use bellwether_domain::safety::{EmergencyEntry, Override};
use bellwether_domain::types::{FeatureName, KeyRecord, Observation, ServiceId, Timestamp};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound::{Excluded, Unbounded};

/// [`StateStore`] in memory: gone with the value. It never fails, but for a bad position.
#[derive(Debug, Default)]
pub struct InMemoryStore {
    observations: BTreeMap<ServiceId, BTreeMap<(Timestamp, FeatureName), f64>>,
    /// By the text of the scope.
    emergency: BTreeMap<String, EmergencyEntry>,
    overrides: BTreeMap<String, Override>,
    keys: BTreeMap<String, KeyRecord>,
    config: Option<ConfigVersion>,
    learners: LearnerLogs,
}

impl InMemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn write(&mut self, write: &Write) -> Written {
        match write {
            Write::Observations(observations) => {
                Written::Observations(observations.iter().map(|one| self.keep(one)).collect())
            }
            Write::Emergency(entry) => {
                self.emergency.insert(entry.scope.to_string(), entry.clone());
                Written::Done
            }
            Write::AddOverride(one) => add(&mut self.overrides, &one.id, one),
            Write::RemoveOverride { id } => done_if(self.overrides.remove(id).is_some()),
            Write::AddKey(key) => add(&mut self.keys, &key.id, key),
            Write::RemoveKey { id } => done_if(self.keys.remove(id).is_some()),
            Write::SeedConfig(version) => {
                let is_empty = self.config.is_none();
                self.config.get_or_insert_with(|| version.clone());
                done_if(is_empty)
            }
            Write::ForgetObservationsBefore(end) => {
                for known in self.observations.values_mut() {
                    known.retain(|(at, _), _| at >= end);
                }
                Written::Done
            }
            Write::Learner(write) => Written::Learner(self.learners.write(write)),
            Write::ForgetDecisionsBefore(end) => done_if(self.learners.forget_decisions(*end)),
        }
    }

    fn keep(&mut self, Observation { service, name, at, value }: &Observation) -> bool {
        if !value.is_finite() {
            return false;
        }
        match self.observations.entry(service.clone()).or_default().entry((*at, name.clone())) {
            Entry::Vacant(slot) => {
                slot.insert(*value);
                true
            }
            Entry::Occupied(_) => false,
        }
    }
}

fn done_if(changed: bool) -> Written {
    if changed { Written::Done } else { Written::Unchanged }
}

fn add<T: Clone>(known: &mut BTreeMap<String, T>, id: &str, value: &T) -> Written {
    match known.entry(id.to_owned()) {
        Entry::Vacant(slot) => {
            slot.insert(value.clone());
            Written::Done
        }
        Entry::Occupied(_) => Written::Unchanged,
    }
}

impl StateStore for InMemoryStore {
    fn load(&mut self) -> Result<StoredState, StoreError> {
        let mut overrides: Vec<Override> = self.overrides.values().cloned().collect();
        overrides.sort_by_key(|one| one.created_at); // stable: the same time goes by identity
        let mut keys: Vec<KeyRecord> = self.keys.values().cloned().collect();
        keys.sort_by_key(|key| key.created_at);
        let emergency = self.emergency.values().cloned().collect();
        Ok(StoredState { emergency, overrides, keys, config: self.config.clone() })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        Ok(writes.iter().map(|write| self.write(write)).collect())
    }

    fn observations(&mut self, query: &ObservationQuery) -> Result<ObservationPage, StoreError> {
        let after = query.after.as_deref().map(position::parse).transpose()?;
        let Some(known) = self.observations.get(&query.service) else {
            return Ok(ObservationPage::default());
        };
        let wanted = known
            .range((after.map_or(Unbounded, Excluded), Unbounded))
            .filter(|((_, name), _)| query.name.as_ref().is_none_or(|wanted| wanted == name));
        let observation = |((at, name), value): (&(Timestamp, FeatureName), &f64)| {
            let (service, name) = (query.service.clone(), name.clone());
            Observation { service, name, at: *at, value: *value }
        };
        let mut wanted = wanted.map(observation);
        let observations: Vec<Observation> = wanted.by_ref().take(query.limit).collect();
        let next = if wanted.next().is_some() { observations.last().map(position::print) } else { None };
        Ok(ObservationPage { observations, next })
    }

    fn observations_since(&mut self, since: Timestamp, limit: usize) -> Result<Vec<Observation>, StoreError> {
        let mut found = Vec::new();
        for (service, known) in &self.observations {
            let (service, recent) = (service.clone(), known.iter().filter(|((at, _), _)| *at >= since));
            found.extend(recent.map(|((at, name), value)| {
                let (service, name) = (service.clone(), name.clone());
                Observation { service, name, at: *at, value: *value }
            }));
        }
        found.sort_by(|a, b| (a.at, &a.service, &a.name).cmp(&(b.at, &b.service, &b.name)));
        found.drain(..found.len().saturating_sub(limit));
        Ok(found)
    }

    fn claim(&mut self, learner: Learner) -> Result<Claimed, StoreError> {
        Ok(self.learners.claim(learner))
    }

    fn log_after(&mut self, learner: Learner, after: u64, limit: usize) -> Result<Vec<Logged>, StoreError> {
        Ok(self.learners.log_after(learner, after, limit))
    }
}
