//! `GET /models/list`: the models this build serves, and those that are registered.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use super::registry::document::RegisteredSummary;
use actix_web::web;
use bellwether_actors::runtime::ActorState;
use bellwether_domain::types::{Capability, Role};
use serde::Serialize;
use utoipa::ToSchema;

/// The route.
pub const GET: Endpoint = Endpoint::new(Verb::Get, "/models/list", Access::AtLeast(Role::Viewer), || web::to(get));

/// The models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// One entry per model.
    models: Vec<ModelEntry>,
    /// One entry per registered model, by name.
    registered: Vec<RegisteredSummary>,
    /// Why the registry cannot be read now; null if it can.
    registry_fault: Option<String>,
}

/// One model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelEntry {
    /// Its stem: metric label, actor name.
    name: &'static str,
    /// Where to ask it.
    endpoint: String,
    /// Which version answers.
    version: &'static str,
    /// State of its actors.
    state: &'static str,
    /// Replicas, one per HTTP worker.
    replicas: usize,
    /// The checks that its outputs must pass.
    checks: Vec<ModelCheck>,
}

/// A check of the safety layer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelCheck {
    /// Its name.
    name: String,
    /// What a violation of it is.
    level: &'static str,
}

const SERVED: [(Capability, &str); 3] = [
    (Capability::ExtremeEvents, concat!("peaks_over_threshold@", env!("CARGO_PKG_VERSION"))),
    (Capability::RegimeDetection, super::regime_detection::detect::MODEL_VERSION),
    (Capability::Bandit, super::bandit::decide::MODEL_VERSION),
];

/// The models this build serves, and those that are registered with their versions in force.
#[utoipa::path(
    get, path = "/models/list", tag = "models",
    responses((status = 200, description = "Every model with its version, state and checks.", body = ModelList))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<ModelList>, Problem> {
    let actors = worker.services.board.actors();
    let in_force = worker.services.in_force.load();
    let entry = |(model, version): (Capability, &'static str)| {
        let actor = actors.iter().find(|actor| &*actor.name == model.stem());
        let checks = in_force.policy.checks(model);
        ModelEntry {
            name: model.stem(),
            endpoint: format!("/models/{}", model.stem().replace('_', "-")),
            version,
            state: actor.map_or(ActorState::Restarting, |actor| actor.state).as_str(),
            replicas: actor.map_or(0, |actor| actor.replicas),
            checks: checks.map(|(name, level)| ModelCheck { name: name.to_owned(), level: level.as_str() }).collect(),
        }
    };
    let registered = worker.services.registered.load();
    Ok(web::Json(ModelList {
        models: SERVED.map(entry).into(),
        registered: registered.models().map(RegisteredSummary::from).collect(),
        registry_fault: registered.fault().map(str::to_owned),
    }))
}
