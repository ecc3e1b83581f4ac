//! The tree of actors: who supervises whom, and on which thread each lives.
//!
//! ```text
//! root
//! |- store       its own thread (blocking)
//! |- config      control thread
//! |- safety      control thread
//! |- keys        control thread
//! |- features    telemetry thread
//! |- telemetry   supervises one actor per source, on the telemetry thread
//! |- registry    its own thread (blocking)
//! |- retraining  control thread; its fits on a background thread
//! |- learners    supervises the models that learn while they serve, each on its own thread
//! `- models      supervises the inference replicas, each on its HTTP worker
//! ```
use super::baseline::InForce;
use super::learners;
use super::sources;
use super::starting;
use super::{registry, retraining};
use crate::cli::ServeOptions;
use crate::http::auth::{KeyRing, SharedKeyRing};
use crate::http::services::Services;
use crate::observability::metrics::{Inventory, Metrics};
use crate::settings::Settings;
use actix_rt::ArbiterHandle;
use anyhow::Context as _;
use bellwether_actors::access::{KeyKeeper, KeyKeeperOptions};
use bellwether_actors::config::{ConfigManager, ConfigManagerOptions};
use bellwether_actors::features::{FeatureReader, FeatureStore, FeatureStoreOptions};
use bellwether_actors::models::{ExtremeEventsActor, ExtremeEventsOptions};
use bellwether_actors::runtime::{
    ActorName, Child, ChildSpec, ComputePool, Fatal, FaultKind, FaultPlan, Handle, Heartbeat, LeakedThreads, Placement,
    PoisonGuard, Snapshot, StatusBoard, SupervisionOptions, SupervisorSpec, ThreadSlot, now,
};
use bellwether_actors::safety::{
    Answering, HistoryView, LastAnswers, SafetyController, SafetyControllerOptions, SafetyInForce,
};
use bellwether_actors::store::{StateStoreActor, StoreView};
use bellwether_actors::telemetry::{PolledSource, PolledSourceOptions, PushActor, SourceBoard};
use bellwether_adapters::sqlite::{DataDirectory, SqliteStore};
use bellwether_domain::features::FeatureEngine;
use bellwether_domain::ports::{StateStore, StoredState};
use bellwether_domain::safety::{ActiveOverrides, EmergencyState};
use bellwether_domain::supervision::{Backoff, RestartIntensity, Strategy};
use bellwether_domain::types::Capability;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Jobs that may wait for the compute pool; beyond it callers get the fallback.
const COMPUTE_QUEUE: usize = 64;
/// Kinds of faults that have a meaning for an actor that writes.
pub(super) const WRITER_FAULTS: &[FaultKind] = &[FaultKind::Panic, FaultKind::Hang, FaultKind::Error, FaultKind::Slow];
/// For one that only works on its own timer.
pub(super) const TIMER_FAULTS: &[FaultKind] = &[FaultKind::Panic, FaultKind::Hang, FaultKind::Slow];
/// For a model.
pub(super) const MODEL_FAULTS: &[FaultKind] =
    &[FaultKind::Panic, FaultKind::Hang, FaultKind::Error, FaultKind::Nan, FaultKind::Slow];

/// What the tree grows from.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) options: &'a ServeOptions,
    pub(super) directory: &'a DataDirectory,
    pub(super) state: StoredState,
    pub(super) config: InForce,
    pub(super) fatal: Fatal,
}

/// Everything but the replicas, which live on workers that have not begun yet.
pub(super) struct Grown {
    pub(super) services: Services,
    supervision: SupervisionOptions,
    children: Vec<Arc<dyn Child>>,
    pool: ComputePool,
    faults: FaultPlan,
    heartbeat: Heartbeat,
}

/// Builds actors, handles and snapshots; nothing runs yet.
///
/// # Errors
/// The replay file cannot be read, the simulator's speed is impossible, or the system gives no threads.
pub(super) fn grow(parts: Parts<'_>, store: SqliteStore, ring: SharedKeyRing) -> anyhow::Result<Grown> {
    let Parts { settings, options, directory, state, config, fatal } = parts;
    let supervision = supervision(settings, fatal)?;
    let (board, faults, leaked) = (supervision.board.clone(), supervision.faults.clone(), LeakedThreads::default());
    let heartbeat = Heartbeat::within(supervision.heartbeat);
    let control = Placement::Thread(ThreadSlot::start("control", leaked.clone()));
    let telemetry = Placement::Thread(ThreadSlot::start("telemetry", leaked.clone()));
    let named = |name: &'static str| -> ActorName { name.into() };
    let point = |name: &'static str, kinds: &'static [FaultKind]| faults.point(&named(name), kinds);

    let store_view = Snapshot::new(StoreView::opened("sqlite"));
    let store_handle: Handle<StateStoreActor> = Handle::new(named("store"), 1024);
    let store_child = ChildSpec::new(
        &board,
        &store_handle,
        None,
        Placement::Thread(ThreadSlot::start("store", leaked.clone())),
        Heartbeat::within(supervision.heartbeat * 5), // a flush may take its time
        StateStoreActor::factory(reopening(store, directory), store_view.clone(), point("store", WRITER_FAULTS)),
    );

    let active = Snapshot::new(config.version);
    let config_handle: Handle<ConfigManager> = Handle::new(named("config"), 16);
    let config_options = ConfigManagerOptions {
        active: active.clone(),
        store: store_handle.clone(),
        faults: point("config", TIMER_FAULTS),
    };
    let config_child = ChildSpec::new(
        &board,
        &config_handle,
        None,
        control.clone(),
        heartbeat,
        ConfigManager::factory(config_options),
    );

    let in_force = Snapshot::new(SafetyInForce {
        policy: config.policy,
        emergency: state.emergency.into_iter().collect::<EmergencyState>(),
        overrides: {
            let mut overrides = state.overrides.into_iter().collect::<ActiveOverrides>();
            overrides.expire(now());
            overrides
        },
    });
    let history = Snapshot::new(HistoryView::default());
    let safety_handle: Handle<SafetyController> = Handle::new(named("safety"), 512);
    let safety_child = ChildSpec::new(
        &board,
        &safety_handle,
        None,
        control.clone(),
        heartbeat,
        SafetyController::factory(SafetyControllerOptions {
            in_force: in_force.clone(),
            history: history.clone(),
            history_size: settings.safety.history_size.as_usize(),
            store: store_handle.clone(),
            faults: point("safety", WRITER_FAULTS),
        }),
    );

    let keys = Snapshot::new(state.keys);
    let key_handle: Handle<KeyKeeper> = Handle::new(named("keys"), 64);
    let (published, anonymous_read) = (Arc::clone(&ring), settings.auth.anonymous_read);
    let key_child = ChildSpec::new(
        &board,
        &key_handle,
        None,
        control.clone(),
        heartbeat,
        KeyKeeper::factory(KeyKeeperOptions {
            keys: keys.clone(),
            publish: Arc::new(move |keys| published.store(Arc::new(KeyRing::new(keys.to_vec(), anonymous_read)))),
            store: store_handle.clone(),
            faults: point("keys", WRITER_FAULTS),
        }),
    );

    let reader = FeatureReader::new(Arc::clone(&config.registry));
    let feature_handle: Handle<FeatureStore> = Handle::new(named("features"), 1024);
    let feature_child = ChildSpec::new(
        &board,
        &feature_handle,
        None,
        telemetry.clone(),
        heartbeat,
        FeatureStore::factory(FeatureStoreOptions {
            empty: FeatureEngine::new(config.registry, config.calendar),
            recovery: Snapshot::new(None),
            reader: reader.clone(),
            store: store_handle.clone(),
            tick: settings.telemetry.interval_ms.duration().min(Duration::from_secs(1)),
            faults: point("features", TIMER_FAULTS),
        }),
    );

    let learners = learners::grow(&supervision, &store_handle, &leaked, heartbeat);
    let models = registry::grow(&supervision, directory, &leaked);
    let known = (&models.handle, &models.view);
    let retraining = retraining::grow(&settings.retraining, &supervision, control.clone(), heartbeat, known)?;
    let mut sources = SourceBoard::default();
    let mut source_children: Vec<Arc<dyn Child>> = Vec::new();
    for (name, make) in sources::polled(settings, options)? {
        let handle: Handle<PolledSource> = Handle::new(named(name), 1);
        let source = PolledSourceOptions {
            make,
            breaker: (breaker_failures(settings), settings.telemetry.breaker.open_ms.duration()),
            features: feature_handle.clone(),
            streams: learners.regime_detection.clone(),
            cell: sources.add(name),
            faults: point(name, WRITER_FAULTS),
        };
        let factory = PolledSource::factory(source);
        source_children.push(ChildSpec::new(&board, &handle, None, telemetry.clone(), heartbeat, factory));
    }
    let push_handle: Handle<PushActor> = Handle::new(named("push"), 256);
    let push_factory = PushActor::factory(
        store_handle.clone(),
        feature_handle,
        learners.regime_detection.clone(),
        sources.add("push"),
        point("push", WRITER_FAULTS),
    );
    source_children.push(ChildSpec::new(&board, &push_handle, None, telemetry, heartbeat, push_factory));
    let telemetry_supervisor = SupervisorSpec {
        name: named("telemetry"),
        strategy: Strategy::OneForOne,
        children: source_children,
        options: supervision.clone(),
    };

    let pool = ComputePool::start(compute_threads(), COMPUTE_QUEUE).context("starting the compute pool")?;
    let services = Services {
        lifecycle: starting(),
        started: std::time::Instant::now(),
        metrics: Metrics::install().context("installing the metrics recorder")?,
        board,
        sources,
        store_view,
        leaked,
        features: reader,
        answering: Answering::new(in_force.clone(), LastAnswers::default(), safety_handle.clone()),
        in_force,
        bandit: learners.bandit,
        experiments: learners.experiments,
        regime_detection: learners.regime_detection,
        streams: learners.streams,
        learners: learners.caught_up,
        registry: models.handle,
        registered: models.view,
        retraining: retraining.handle,
        retrainings: retraining.view,
        history,
        safety: safety_handle,
        release_approvals: settings.safety.release_approvals.as_usize(),
        push: push_handle,
        store: store_handle,
        config: active,
        keys,
        key_keeper: key_handle,
        ring,
        faults: settings.faults.enabled.then(|| faults.clone()),
        inference_sample: settings.log.inference_sample.get(),
    };
    let children: Vec<Arc<dyn Child>> = vec![
        store_child,
        config_child,
        safety_child,
        key_child,
        feature_child,
        models.child,
        retraining.child,
        learners.supervisor.into_child(), // before the sources: what these bring first is worth watching
        telemetry_supervisor.into_child(),
    ];
    Ok(Grown { services, supervision, children, pool, faults, heartbeat })
}

impl Grown {
    /// The root supervisor over everything, now that the workers are there.
    pub(super) fn root(mut self, workers: Vec<(ArbiterHandle, Handle<ExtremeEventsActor>)>) -> SupervisorSpec {
        let model: ActorName = Capability::ExtremeEvents.stem().into();
        let faults = self.faults.point(&model, MODEL_FAULTS);
        let poison = PoisonGuard::new(Arc::clone(&model));
        let mut replicas: Vec<Arc<dyn Child>> = Vec::new();
        for (replica, (arbiter, handle)) in workers.into_iter().enumerate() {
            let options =
                ExtremeEventsOptions { pool: self.pool.clone(), poison: poison.replica(), faults: faults.clone() };
            let (placement, factory) = (Placement::Worker(arbiter), ExtremeEventsActor::factory(options));
            let board = &self.supervision.board;
            replicas.push(ChildSpec::new(board, &handle, Some(replica), placement, self.heartbeat, factory));
        }
        let models = SupervisorSpec {
            name: "models".into(),
            strategy: Strategy::OneForOne,
            children: replicas,
            options: self.supervision.clone(),
        };
        self.children.push(models.into_child());
        let (strategy, options) = (Strategy::OneForOne, self.supervision);
        SupervisorSpec { name: "root".into(), strategy, children: self.children, options }
    }
}

fn supervision(settings: &Settings, fatal: Fatal) -> anyhow::Result<SupervisionOptions> {
    let chosen = &settings.supervision;
    let (initial, max) = (chosen.backoff_initial_ms.duration(), chosen.backoff_max_ms.duration());
    Ok(SupervisionOptions {
        intensity: RestartIntensity {
            max_restarts: u32::try_from(chosen.max_restarts.get()).unwrap_or(u32::MAX),
            within: chosen.within_s.duration(),
        },
        backoff: Backoff::new(initial, max, 2.0, 0.2).context("supervision's back-off")?,
        heartbeat: chosen.heartbeat_ms.duration(),
        max_leaked_threads: chosen.max_leaked_threads.as_usize(),
        fatal,
        faults: FaultPlan::default(),
        board: StatusBoard::default(),
    })
}

fn breaker_failures(settings: &Settings) -> u32 {
    u32::try_from(settings.telemetry.breaker.failures.get()).unwrap_or(u32::MAX)
}

/// Half of the cores, so that fits never take the workers' place.
fn compute_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

type OpenStore = bellwether_actors::store::OpenStore;

/// The store that was opened at start, for the actor's first start; a fresh one for each start after a failure.
fn reopening(first: SqliteStore, directory: &DataDirectory) -> Arc<OpenStore> {
    let (first, path) = (Mutex::new(Some(first)), directory.database());
    Arc::new(move || {
        let opened = first.lock().ok().and_then(|mut first| first.take());
        let store = opened.map_or_else(|| SqliteStore::open(&path), Ok)?;
        Ok(Box::new(store) as Box<dyn StateStore>)
    })
}

/// The models that this build serves.
const SERVED: [Capability; 3] = [Capability::ExtremeEvents, Capability::RegimeDetection, Capability::Bandit];

/// Label values that exist from the start.
pub(super) struct LabelValues {
    actors: Vec<String>,
    endpoints: Vec<(&'static str, &'static str)>,
    checks: Vec<(&'static str, String, &'static str)>,
    features: Vec<String>,
}

/// Of this process.
pub(super) fn inventory(services: &Services) -> LabelValues {
    let in_force = services.in_force.load();
    let served = SERVED;
    let checks = served.iter().flat_map(|model| {
        in_force.policy.checks(*model).map(|(check, level)| (model.stem(), check.to_owned(), level.as_str()))
    });
    LabelValues {
        actors: services.board.actors().iter().map(|actor| actor.name.to_string()).collect(),
        endpoints: crate::http::routes::rows(crate::http::api::TABLE)
            .map(|row| (row.pattern, row.verb.as_str()))
            .collect(),
        checks: checks.collect(),
        features: services.features.registry().features().iter().map(|spec| spec.name.to_string()).collect(),
    }
}

impl LabelValues {
    /// Lets every series exist, at 0.
    pub(super) fn touch(&self, metrics: &Metrics) {
        let actors: Vec<&str> = self.actors.iter().map(String::as_str).collect();
        let features: Vec<&str> = self.features.iter().map(String::as_str).collect();
        let checks: Vec<(&str, &str, &str)> =
            self.checks.iter().map(|(model, check, level)| (*model, check.as_str(), *level)).collect();
        metrics.touch(&Inventory {
            actors: &actors,
            restart_causes: &["panic", "hang", "error", "gave_up", "sibling", "supervisor"],
            endpoints: &self.endpoints,
            models: &SERVED.map(Capability::stem),
            checks: &checks,
            sources: &[],
            features: &features,
        });
    }
}
