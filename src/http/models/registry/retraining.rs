//! `/models/{name}/retraining`: how the retraining of a model stands; starts and cancels it.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker};
use super::super::super::{Access, Principal, Problem};
use actix_web::{HttpResponse, web};
use bellwether_actors::retraining::{CancelRetraining, LastRun, Standing, StartRetraining};
use bellwether_domain::types::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// The route that says how it stands.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/models/{name}/retraining", Access::AtLeast(Role::Viewer), || web::to(get));
/// The route that starts it.
pub const START: Endpoint =
    Endpoint::new(Verb::Post, "/models/{name}/retraining", Access::AtLeast(Role::Admin), || web::to(start));
/// The route that cancels it.
pub const CANCEL: Endpoint =
    Endpoint::new(Verb::Delete, "/models/{name}/retraining", Access::AtLeast(Role::Admin), || web::to(cancel));

/// How the retraining of a model stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetrainingDetails {
    /// Name of the model.
    model: String,
    /// `waiting`, `queued` (another one runs) or `running`.
    state: &'static str,
    /// Boosting rounds that are done; null if it does not run.
    rounds_done: Option<usize>,
    /// Rounds of a whole run.
    rounds: usize,
    /// When it starts next by itself.
    #[schema(format = DateTime)]
    next_at: String,
    /// The run that ended last; null before the first one since the start of the process.
    last: Option<LastRunDetails>,
}

/// A run that ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastRunDetails {
    /// `promoted`, `registered`, `unchanged` (the very bytes of a version that there is), `cancelled` or `failed`.
    outcome: &'static str,
    /// The version that it gave; null if it gave none.
    version: Option<u32>,
    /// What went wrong; null if nothing did.
    failure: Option<String>,
    /// When it started.
    #[schema(format = DateTime)]
    started_at: String,
    /// How long it took, in seconds.
    took_s: f64,
}

impl RetrainingDetails {
    fn of(model: &str, standing: &Standing) -> Self {
        let Standing { stage, rounds, next_at, last } = standing;
        Self {
            model: model.to_owned(),
            state: stage.as_str(),
            rounds_done: stage.rounds(),
            rounds: *rounds,
            next_at: next_at.to_string(),
            last: last.as_ref().map(LastRunDetails::from),
        }
    }
}

impl From<&LastRun> for LastRunDetails {
    fn from(run: &LastRun) -> Self {
        Self {
            outcome: run.outcome.as_str(),
            version: run.version,
            failure: run.failure.clone(),
            started_at: run.started_at.to_string(),
            took_s: run.took.as_secs_f64(),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("the settings name no retraining of this model: add a [[retraining]] and start again")
}

fn details(services: &Services, name: &str) -> Result<RetrainingDetails, Problem> {
    let view = services.retrainings.load();
    view.get(name).map(|standing| RetrainingDetails::of(name, standing)).ok_or_else(unknown)
}

/// How the retraining of a model stands.
#[utoipa::path(
    get, path = "/models/{name}/retraining", tag = "models",
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 200, description = "How it stands.", body = RetrainingDetails),
        (status = 404, description = "The settings name no retraining of this model.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    name: web::Path<String>,
) -> Result<web::Json<RetrainingDetails>, Problem> {
    details(&worker.services, &name).map(web::Json)
}

/// Starts the retraining of a model now, or when the one under way has ended; the schedule goes on from there.
#[utoipa::path(
    post, path = "/models/{name}/retraining", tag = "models",
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 202, description = "It runs or waits; so it does if it did before.", body = RetrainingDetails),
        (status = 404, description = "The settings name no retraining of this model.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    worker: web::Data<Worker>,
    principal: Principal,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let message = |slot| StartRetraining { slot, model: name.clone(), by: principal.name.to_string() };
    let started = worker.services.retraining.ask_persistently(Services::write_deadline(), message).await?;
    started.map_err(|_| unknown())?;
    Ok(HttpResponse::Accepted().json(details(&worker.services, &name)?))
}

/// Cancels the retraining of a model that runs or waits; a run ends after the boosting round it is in.
#[utoipa::path(
    delete, path = "/models/{name}/retraining", tag = "models",
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 202, description = "It ends, unless it was at its end already.", body = RetrainingDetails),
        (status = 404, description = "The settings name no retraining of this model.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It neither runs nor waits.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(worker: web::Data<Worker>, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let message = |slot| CancelRetraining { slot, model: name.clone() };
    let cancelled = worker.services.retraining.ask_persistently(Services::write_deadline(), message).await?;
    if cancelled.map_err(|_| unknown())? {
        Ok(HttpResponse::Accepted().json(details(&worker.services, &name)?))
    } else {
        Err(Problem::conflict("no retraining of this model runs or waits"))
    }
}
