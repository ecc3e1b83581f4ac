//! Wiring: the only place that names concrete adapters. Builds everything, starts it, and ends it in good order.
mod admin_key;
mod banner;
mod baseline;
mod learners;
mod registry;
mod retraining;
mod shutdown;
mod sources;
mod tree;

use crate::cli::{Refusal, ServeOptions};
use crate::http::auth::KeyRing;
use crate::http::body::BodyLimits;
use crate::http::server::{Bound, ServerConfig, bind};
use crate::http::services::{Lifecycle, Services, Worker};
use crate::observability::metrics::Metrics;
use crate::settings::Settings;
use actix_rt::{Arbiter, ArbiterHandle};
use actix_web::web;
use anyhow::Context as _;
use bellwether_actors::models::ExtremeEventsActor;
use bellwether_actors::runtime::{Fatal, Handle, Snapshot, run_root, watch_main_thread};
use bellwether_actors::telemetry::SourceView;
use bellwether_adapters::sqlite::{DataDirectory, SqliteStore};
use bellwether_domain::ports::StateStore;
use bellwether_domain::types::Capability;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Exit code with which the process asks to be restarted: what supervision could not heal.
pub const ESCALATION: u8 = 70;
/// Requests that may wait for one replica; the next caller gets the fallback. As many as the edge lets in, so that what was
/// let in and read is not thrown away for an uneven spread over the workers.
const REPLICA_QUEUE: usize = 128;
/// How long workers and actors may take to start.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// How long readiness waits for the first telemetry.
const FIRST_TELEMETRY: Duration = Duration::from_millis(300);
/// How long the supervisors' thread may stand still before the process exits.
const MAIN_THREAD_PATIENCE: Duration = Duration::from_secs(10);
/// How often histograms are sorted.
const UPKEEP: Duration = Duration::from_secs(5);

/// A worker that has just begun.
struct Born {
    arbiter: ArbiterHandle,
    extreme_events: Handle<ExtremeEventsActor>,
}

/// Runs the control plane until a signal, or until it must be restarted.
///
/// # Errors
/// Whatever keeps it from starting: the data directory, the store, the configuration, the address.
pub fn serve(settings: Settings, options: ServeOptions) -> anyhow::Result<ExitCode> {
    actix_rt::System::new().block_on(run(settings, options))
}

async fn run(settings: Settings, options: ServeOptions) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let metrics = Metrics::install().context("installing the metrics recorder")?;
    let directory = DataDirectory::open(&options.data_dir).map_err(|error| {
        Refusal::new(error.to_string(), "give another folder by --data-dir, or mend this one's permissions")
    })?;
    let mut store = SqliteStore::open(directory.database()).map_err(|error| {
        Refusal::new(error.to_string(), "restore the file, or move it away to start with an empty store")
    })?;
    let mut state = store.load().context("reading the store")?;
    baseline::seed(&mut store, &mut state)?;
    admin_key::ensure(&directory, &mut store, &mut state, settings.auth.admin_key.as_ref())?;
    let config = baseline::in_force(&state, &settings)?;

    let (fatal, fatal_raised) = Fatal::channel();
    watch_main_thread(MAIN_THREAD_PATIENCE, i32::from(ESCALATION)).context("starting the watchdog")?;
    let ring = KeyRing::new(state.keys.clone(), settings.auth.anonymous_read).shared();
    let parts = tree::Parts {
        settings: &settings,
        options: &options,
        directory: &directory,
        state,
        config,
        fatal: fatal.clone(),
    };
    let grown = tree::grow(parts, store, Arc::clone(&ring))?;
    let services = Arc::new(Services { started, ring, metrics: metrics.clone(), ..grown.services.clone() });

    let (born, mut workers) = mpsc::channel(256);
    let Bound { addresses, server } = listen(&settings, &services, born, fatal)?;
    let stop = server.handle();
    let mut serving = actix_rt::spawn(server);
    let mut replicas = Vec::new();
    for _ in 0..settings.server.workers.threads() {
        let worker =
            tokio::time::timeout(START_DEADLINE, workers.recv()).await.context("waiting for the HTTP workers")?;
        replicas.push(worker.context("an HTTP worker has no event loop of its own")?);
    }
    let replicas = replicas.into_iter().map(|Born { arbiter, extreme_events }| (arbiter, extreme_events)).collect();
    let mut root = run_root(grown.root(replicas));
    tree::inventory(&services).touch(&metrics);
    metrics.set_config_version(&services.config.load().hash);
    actix_rt::spawn(upkeep(metrics));
    become_ready(&services).await?;
    banner::announce(&settings, &options, &addresses, started.elapsed());

    let ending = shutdown::wait(&mut root, fatal_raised, &mut serving, &mut workers).await;
    services.lifecycle.publish(Arc::new(Lifecycle::Draining));
    shutdown::drain(&ending, settings.server.drain_ms.duration()).await;
    stop.stop(true).await;
    shutdown::save(&services).await;
    drop(root);
    tracing::info!(reason = %ending, "stopped");
    Ok(ending.exit_code())
}

fn listen(
    settings: &Settings,
    services: &Arc<Services>,
    born: mpsc::Sender<Born>,
    fatal: Fatal,
) -> anyhow::Result<Bound> {
    let server = &settings.server;
    let address = server.listen.get().to_string();
    let config = ServerConfig {
        listen: address.clone(),
        workers: server.workers.threads(),
        header_timeout: server.header_timeout_ms.duration(),
        body: BodyLimits { bytes: server.body_limit_bytes.as_usize(), timeout: server.body_timeout_ms.duration() },
        max_in_flight: Some(server.max_in_flight.as_usize()),
        ..ServerConfig::default()
    };
    let document = crate::http::api::rendered().context("writing the OpenAPI document")?;
    let parts = config.edge_parts(Arc::clone(&services.ring));
    let services = Arc::clone(services);
    // Runs once on each worker's own thread; a worker that comes later has replaced one that died.
    let data = move |app: &mut web::ServiceConfig| {
        let extreme_events = Handle::new(Capability::ExtremeEvents.stem().into(), REPLICA_QUEUE);
        let told = Arbiter::try_current().map(|arbiter| {
            let extreme_events = extreme_events.clone();
            born.try_send(Born { arbiter, extreme_events })
        });
        if !matches!(told, Some(Ok(()))) {
            fatal.raise("an HTTP worker could not be given its actors".to_owned());
        }
        app.app_data(web::Data::new(Worker { services: Arc::clone(&services), extreme_events }));
    };
    bind(&config, crate::http::api::TABLE, parts, document, data).map_err(|error| {
        let hint = "choose another address with --listen, or stop what holds this one";
        Refusal::new(format!("cannot listen on {address}: {error}"), hint).into()
    })
}

async fn become_ready(services: &Services) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_DEADLINE;
    let learners_caught_up = || services.learners.iter().all(|caught_up| **caught_up.load());
    while !services.board.all_running() || !learners_caught_up() {
        anyhow::ensure!(Instant::now() < deadline, "not every actor started within {START_DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The first telemetry is worth a moment, so that whoever is told "ready" finds features; it is no condition.
    let first_telemetry = Instant::now() + FIRST_TELEMETRY;
    while Instant::now() < first_telemetry && services.sources.sources().iter().any(is_awaited) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    services.lifecycle.publish(Arc::new(Lifecycle::Serving));
    Ok(())
}

/// A source that is asked at intervals and has brought nothing yet.
fn is_awaited(source: &SourceView) -> bool {
    source.name != "push" && source.last_seen.is_none()
}

async fn upkeep(metrics: Metrics) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// What a snapshot of the lifecycle begins with.
fn starting() -> Snapshot<Lifecycle> {
    Snapshot::new(Lifecycle::Starting)
}
