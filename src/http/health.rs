//! `/health`: what runs, for people and for Kubernetes.
use super::routes::{Endpoint, Verb};
use super::services::{Lifecycle, Services, Worker};
use super::{Access, Problem};
use actix_web::{HttpResponse, web};
use bellwether_actors::registry::RegistryView;
use bellwether_actors::runtime::{ActorState, ActorView};
use bellwether_domain::supervision::BreakerState;
use serde::Serialize;
use utoipa::ToSchema;

/// The routes of this file.
pub const ROUTES: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/health", Access::Public, || web::to(health)).never_throttled(),
    Endpoint::new(Verb::Get, "/health/live", Access::Public, || web::to(live)).never_throttled(),
    Endpoint::new(Verb::Get, "/health/ready", Access::Public, || web::to(ready)).never_throttled(),
];

/// State of the process and of everything in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, `degraded` (something is down or stale; requests are answered), `starting` or `draining`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Version of the program.
    version: &'static str,
    /// Time since the start, in seconds.
    uptime_s: f64,
    /// Every actor.
    actors: Vec<ActorHealth>,
    /// Every telemetry source.
    sources: Vec<SourceHealth>,
    /// Every store.
    stores: Vec<StoreHealth>,
    /// Registered models.
    registry: RegistryHealth,
    /// Threads that hang, abandoned.
    leaked_threads: usize,
}

/// One actor; the replicas of a model together.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorHealth {
    /// Its name.
    name: String,
    /// `running`, `restarting`, `hung` or `stopped`; the worst of its replicas.
    state: &'static str,
    /// Restarts since the start.
    restarts: u64,
    /// The last failure, null if there was none.
    last_failure: Option<FailureHealth>,
    /// Since when it is in this state.
    #[schema(format = DateTime)]
    since: String,
    /// Messages waiting.
    queued: usize,
    /// How many there are.
    replicas: usize,
}

/// The last failure of an actor.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureHealth {
    /// `panic`, `hang`, `error`, `gave_up`, `sibling` or `supervisor`.
    cause: &'static str,
    /// What is known of it.
    message: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// One telemetry source.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceHealth {
    /// Its name.
    name: &'static str,
    /// `closed`, `half_open` or `open`.
    breaker: &'static str,
    /// When it last brought something, null if never.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

/// One store.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreHealth {
    /// `sqlite`.
    kind: &'static str,
    /// Whether the last write succeeded.
    writable: bool,
    /// The last failure of a write, null if the last one succeeded.
    last_error: Option<String>,
    /// When a write last succeeded, null if none did.
    #[schema(format = DateTime)]
    last_commit: Option<String>,
}

/// The registry of models.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegistryHealth {
    /// How many models are registered.
    models: usize,
    /// Why it cannot be read now, null if it can.
    fault: Option<String>,
    /// Models whose champion is not in force, and why.
    faults: Vec<ModelFault>,
}

/// A model whose champion is not in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelFault {
    /// Its name.
    model: String,
    /// Why.
    message: String,
}

/// A probe's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Probe {
    /// `live` or `ready`.
    status: &'static str,
}

/// State of the process and of everything in it.
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, description = "Always 200 while the process answers; `status` says how it fares.", body = Health))
)]
pub(crate) async fn health(worker: web::Data<Worker>) -> Result<web::Json<Health>, Problem> {
    let services = &worker.services;
    let (actors, sources, store) = (services.board.actors(), services.sources.sources(), services.store_view.load());
    let registered = services.registered.load();
    let well = actors.iter().all(|actor| actor.state == ActorState::Running)
        && sources.iter().all(|source| source.breaker == BreakerState::Closed)
        && store.writable
        && registered.is_well();
    let status = match **services.lifecycle.load() {
        Lifecycle::Starting => "starting",
        Lifecycle::Draining => "draining",
        Lifecycle::Serving if well => "ok",
        Lifecycle::Serving => "degraded",
    };
    Ok(web::Json(Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: services.started.elapsed().as_secs_f64(),
        actors: actors.iter().map(actor_health).collect(),
        sources: sources
            .iter()
            .map(|source| SourceHealth {
                name: source.name,
                breaker: source.breaker.as_str(),
                last_seen: source.last_seen.map(|at| at.to_string()),
            })
            .collect(),
        stores: vec![StoreHealth {
            kind: store.kind,
            writable: store.writable,
            last_error: store.last_error.clone(),
            last_commit: store.last_commit.map(|at| at.to_string()),
        }],
        registry: registry_health(&registered),
        leaked_threads: services.leaked.count(),
    }))
}

fn registry_health(registered: &RegistryView) -> RegistryHealth {
    let faulty = registered.models().filter_map(|view| {
        let message = view.fault.clone()?;
        Some(ModelFault { model: view.model.name.to_string(), message })
    });
    RegistryHealth {
        models: registered.models().len(),
        fault: registered.fault().map(str::to_owned),
        faults: faulty.collect(),
    }
}

fn actor_health(actor: &ActorView) -> ActorHealth {
    let failure = actor.last_failure.as_ref();
    ActorHealth {
        name: actor.name.to_string(),
        state: actor.state.as_str(),
        restarts: actor.restarts,
        last_failure: failure.map(|failure| FailureHealth {
            cause: failure.cause,
            message: failure.message.clone(),
            at: failure.at.to_string(),
        }),
        since: actor.since.to_string(),
        queued: actor.queued,
        replicas: actor.replicas,
    }
}

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, description = "It does.", body = Probe))
)]
pub(crate) async fn live() -> Result<web::Json<Probe>, Problem> {
    Ok(web::Json(Probe { status: "live" }))
}

/// Whether requests should be sent here.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses(
        (status = 200, description = "They should.", body = Probe),
        (status = 503, description = "Not yet, or not any more.", body = super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(worker: web::Data<Worker>) -> Result<HttpResponse, Problem> {
    match unready(&worker.services) {
        None => Ok(HttpResponse::Ok().json(Probe { status: "ready" })),
        Some(why) => Err(Problem::unavailable(super::services::RETRY_AFTER_S, why)),
    }
}

fn unready(services: &Services) -> Option<&'static str> {
    match **services.lifecycle.load() {
        Lifecycle::Starting => Some("not every actor has started yet"),
        Lifecycle::Draining => Some("the process is about to stop"),
        Lifecycle::Serving if services.board.any_hung() => Some("an HTTP worker hangs"),
        Lifecycle::Serving => None,
    }
}
