//! Short ways to say what tests need.
use bellwether_adapters::sqlite::SqliteStore;
use bellwether_domain::config::{ConfigVersion, VersionState};
use bellwether_domain::experiments::{Decision, DecisionId, DecisionMode, ExperimentEvent, RewardRange, StreamValue};
use bellwether_domain::ports::{ObservationQuery, StateStore, Write, Written};
use bellwether_domain::safety::{Behaviour, EmergencyEntry, Override, Scope};
use bellwether_domain::types::{
    Capability, ExperimentName, FeatureName, Fields, KeyRecord, Observation, Role, ServiceId, Timestamp,
};
use std::path::Path;

pub(super) fn at(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanoseconds(nanoseconds)
}

pub(super) fn observation(service: &str, name: &str, nanoseconds: i64, value: f64) -> Observation {
    let (service, name) = (ServiceId::new(service).unwrap(), FeatureName::new(name).unwrap());
    Observation { service, name, at: at(nanoseconds), value }
}

pub(super) fn query(service: &str, name: Option<&str>, limit: usize, after: Option<String>) -> ObservationQuery {
    let name = name.map(|name| FeatureName::new(name).unwrap());
    ObservationQuery { service: ServiceId::new(service).unwrap(), name, limit, after }
}

pub(super) fn emergency(scope: Scope, active: bool, since: i64) -> EmergencyEntry {
    let (reason, by) = ("drill \"7\"".to_owned(), "ops".to_owned());
    EmergencyEntry { scope, active, behaviour: Behaviour::Block, reason, by, since: at(since) }
}

pub(super) fn an_override(id: &str, service: Option<ServiceId>, created_at: i64) -> Override {
    Override {
        id: id.to_owned(),
        model: Capability::TailSlo,
        service,
        output: Fields::new().with("p99", 0.1).with("workers", 3_i64).with("note", "naïve"),
        reason: "known burst".to_owned(),
        by: "ops".to_owned(),
        created_at: at(created_at),
        expires_at: at(created_at).plus(std::time::Duration::from_secs(60)),
    }
}

pub(super) fn key(id: &str, created_at: i64) -> KeyRecord {
    let (id, name) = (id.to_owned(), "trading desk".to_owned());
    KeyRecord { id, name, role: Role::Operator, sha256: [7; 32], created_at: at(created_at) }
}

pub(super) fn config(id: &str) -> ConfigVersion {
    ConfigVersion {
        id: id.to_owned(),
        hash: "ab".repeat(32),
        state: VersionState::Active,
        author: "baseline".to_owned(),
        created_at: at(1),
        document: "{\"safety\":{}}".to_owned(),
    }
}

/// The decision number `id`, made at `made_at` and rewardable by [0, 1] for 10 ns.
pub(super) fn decision(id: u8, experiment: &str, made_at: i64) -> Decision {
    Decision {
        id: DecisionId::from_bytes([id; 16]),
        experiment: ExperimentName::new(experiment).unwrap(),
        at: at(made_at),
        mode: [DecisionMode::Live, DecisionMode::Shadow, DecisionMode::BaselineOnly][usize::from(id % 3)],
        rewardable_until: at(made_at + 10),
        reward_range: Some(RewardRange { lower: 0.0, upper: 1.0 }),
        arm: u32::from(id) % 3,
        pick: id.is_multiple_of(2).then_some(1),
        propensity: 0.05 / 3.0,
        round: 7,
        model_version: 3,
        context: [0.1, -0.0, 1e300].into(),
    }
}

pub(super) fn event(experiment: &str, made_at: i64) -> ExperimentEvent {
    let (experiment, by) = (ExperimentName::new(experiment).unwrap(), "ops".to_owned());
    ExperimentEvent { experiment, at: at(made_at), by, document: "{\"paused\":true}".to_owned() }
}

pub(super) fn stream_value(service: &str, value: f64) -> StreamValue {
    let (service, quantity) = (ServiceId::new(service).unwrap(), FeatureName::new("value").unwrap());
    StreamValue { service, quantity, at: at(5), value }
}

/// A database that holds one observation of `a` and one key, closed again.
pub(super) fn small_database(path: &Path) {
    let mut store = SqliteStore::open(path).unwrap();
    let writes = [Write::Observations(vec![observation("a", "load", 1, 1.5)]), Write::AddKey(key("k", 1))];
    assert_eq!(store.commit(&writes), Ok(vec![Written::Observations(vec![true]), Written::Done]));
}

/// That the content of [`small_database`] can be read.
pub(super) fn assert_small_database_reads(store: &mut SqliteStore) {
    let page = store.observations(&query("a", None, 10, None)).unwrap();
    assert_eq!(page.observations, [observation("a", "load", 1, 1.5)]);
    assert_eq!(store.load().unwrap().keys, [key("k", 1)]);
}
