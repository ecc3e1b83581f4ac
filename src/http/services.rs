//! What the handlers reach: snapshots to read, handles to write; one copy per worker.
use super::auth::SharedKeyRing;
use super::problem::Problem;
use crate::observability::metrics::Metrics;
use bellwether_actors::access::KeyKeeper;
use bellwether_actors::features::FeatureReader;
use bellwether_actors::learning::CaughtUp;
use bellwether_actors::models::ExtremeEventsActor;
use bellwether_actors::models::bandit::{BanditActor, BanditReader};
use bellwether_actors::models::regime_detection::{RegimeDetectionActor, RegimeReader};
use bellwether_actors::registry::{ModelRegistryActor, RegistryView};
use bellwether_actors::retraining::{RetrainingActor, RetrainingView};
use bellwether_actors::runtime::{FaultPlan, Handle, LeakedThreads, Snapshot, StatusBoard, Unavailable};
use bellwether_actors::safety::{Answering, HistoryView, SafetyController, SafetyInForce};
use bellwether_actors::store::{StateStoreActor, StoreView};
use bellwether_actors::telemetry::{PushActor, SourceBoard};
use bellwether_domain::config::ConfigVersion;
use bellwether_domain::types::KeyRecord;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a write may take before its sender is asked to repeat it.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(2);
/// What such a sender is told to wait, in seconds.
pub const RETRY_AFTER_S: u32 = 1;

/// Where the process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Not every actor has run yet.
    Starting,
    /// Requests are answered.
    Serving,
    /// Requests are still answered, but no more should come.
    Draining,
}

/// Shared by all workers.
#[derive(Debug, Clone)]
pub struct Services {
    /// Where the process stands.
    pub lifecycle: Snapshot<Lifecycle>,
    /// When it started.
    pub started: std::time::Instant,
    /// The recorder of the process's metrics.
    pub metrics: Metrics,
    /// Every actor.
    pub board: StatusBoard,
    /// Every telemetry source.
    pub sources: SourceBoard,
    /// The store.
    pub store_view: Snapshot<StoreView>,
    /// Abandoned threads.
    pub leaked: LeakedThreads,
    /// Features.
    pub features: FeatureReader,
    /// Where answers are judged.
    pub answering: Answering,
    /// Brake, overrides, policy.
    pub in_force: Snapshot<SafetyInForce>,
    /// The owner of experiments.
    pub bandit: Handle<BanditActor>,
    /// Experiments, for reading.
    pub experiments: BanditReader,
    /// The owner of the watched streams.
    pub regime_detection: Handle<RegimeDetectionActor>,
    /// The watched streams, for reading.
    pub streams: RegimeReader,
    /// Whether each online learner has caught up with its log.
    pub learners: Vec<CaughtUp>,
    /// The owner of registered models.
    pub registry: Handle<ModelRegistryActor>,
    /// Registered models and the versions in force, for reading.
    pub registered: Snapshot<RegistryView>,
    /// The owner of retraining.
    pub retraining: Handle<RetrainingActor>,
    /// How each retraining stands.
    pub retrainings: Snapshot<RetrainingView>,
    /// Past violations.
    pub history: Snapshot<HistoryView>,
    /// The owner of brake and overrides.
    pub safety: Handle<SafetyController>,
    /// Different admins that releasing the brake takes.
    pub release_approvals: usize,
    /// Pushed observations.
    pub push: Handle<PushActor>,
    /// The store, for reading observations back.
    pub store: Handle<StateStoreActor>,
    /// The configuration in force.
    pub config: Snapshot<ConfigVersion>,
    /// API key records.
    pub keys: Snapshot<Vec<KeyRecord>>,
    /// The owner of the keys.
    pub key_keeper: Handle<KeyKeeper>,
    /// The keys as the edge sees them.
    pub ring: SharedKeyRing,
    /// Fault injection, where the settings enable it.
    pub faults: Option<FaultPlan>,
    /// Share of good inferences that are logged.
    pub inference_sample: f64,
}

/// What belongs to one worker.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What all share.
    pub services: Arc<Services>,
    /// This worker's replica.
    pub extreme_events: Handle<ExtremeEventsActor>,
}

impl Services {
    /// The latest moment for a write that begins now.
    #[must_use]
    pub fn write_deadline() -> Instant {
        Instant::now() + WRITE_DEADLINE
    }
}

/// A write whose owner is down: nothing was acknowledged, repeating is safe.
#[must_use]
pub fn put_off(what: &str, why: &dyn std::fmt::Display) -> Problem {
    tracing::warn!(what, failure = %why, "a write was put off");
    Problem::unavailable(RETRY_AFTER_S, format!("{what} is not possible now: {why}; it is safe to repeat"))
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        put_off("the request", &unavailable)
    }
}
