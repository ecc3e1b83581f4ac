//! `POST /models/bandit/{experiment}/pause`, `freeze`, `resume`, `retire`, `promote`, `readmit`: what people do to experiments.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker, put_off};
use super::super::super::strict_json::{Check, StrictJson};
use super::super::super::{Access, FieldError, Problem, RequestContext};
use super::experiments::ExperimentDetails;
use super::{named, unknown};
use actix_web::web;
use bellwether_actors::models::bandit::{ChangeExperiment, ChangeRefused, Command};
use bellwether_domain::types::{ArmName, Role};
use bellwether_models::optimize::bandit::BanditError;
use serde::Deserialize;
use utoipa::ToSchema;

const fn operator(pattern: &'static str, handler: fn() -> actix_web::Route) -> Endpoint {
    Endpoint::new(Verb::Post, pattern, Access::AtLeast(Role::Operator), handler)
}

/// The route that pauses.
pub const PAUSE: Endpoint = operator("/models/bandit/{experiment}/pause", || web::to(pause));
/// The route that freezes.
pub const FREEZE: Endpoint = operator("/models/bandit/{experiment}/freeze", || web::to(freeze));
/// The route that resumes.
pub const RESUME: Endpoint = operator("/models/bandit/{experiment}/resume", || web::to(resume));
/// The route that retires.
pub const RETIRE: Endpoint = operator("/models/bandit/{experiment}/retire", || web::to(retire));
/// The route that promotes an arm.
pub const PROMOTE: Endpoint =
    Endpoint::new(Verb::Post, "/models/bandit/{experiment}/promote", Access::AtLeast(Role::Admin), || web::to(promote));
/// The route that readmits an arm.
pub const READMIT: Endpoint = operator("/models/bandit/{experiment}/readmit", || web::to(readmit));

/// Which arm becomes the baseline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteRequest {
    /// The arm.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    arm: ArmName,
    /// Also if it is not proven better.
    #[serde(default)]
    force: bool,
}

/// Which arm may be tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadmitRequest {
    /// The arm.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    arm: ArmName,
}

impl Check for PromoteRequest {}
impl Check for ReadmitRequest {}

type Answer = Result<web::Json<ExperimentDetails>, Problem>;

/// Serves the baseline alone until it is resumed; rewards of earlier decisions still teach.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/pause", tag = "models",
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
        (status = 409, description = "It is retired.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pause(worker: web::Data<Worker>, context: RequestContext, path: web::Path<String>) -> Answer {
    change(&worker, &context, &path, Command::Pause).await
}

/// Decides on by what it has learnt so far; rewards count but teach nothing until it is resumed.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/freeze", tag = "models",
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
        (status = 409, description = "It is retired.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn freeze(worker: web::Data<Worker>, context: RequestContext, path: web::Path<String>) -> Answer {
    change(&worker, &context, &path, Command::Freeze).await
}

/// Decides and learns again.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/resume", tag = "models",
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
        (status = 409, description = "It is retired.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resume(worker: web::Data<Worker>, context: RequestContext, path: web::Path<String>) -> Answer {
    change(&worker, &context, &path, Command::Resume).await
}

/// Ends the experiment: the baseline for everybody. Rewards of earlier decisions still count.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/retire", tag = "models",
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
    )
)]
pub(crate) async fn retire(worker: web::Data<Worker>, context: RequestContext, path: web::Path<String>) -> Answer {
    change(&worker, &context, &path, Command::Retire).await
}

/// Makes an arm that is proven better the baseline; `force` promotes one that is not.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/promote", tag = "models", request_body = PromoteRequest,
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
        (status = 409, description = "The arm is not proven better, or the experiment is retired.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn promote(
    worker: web::Data<Worker>,
    context: RequestContext,
    path: web::Path<String>,
    StrictJson(PromoteRequest { arm, force }): StrictJson<PromoteRequest>,
) -> Answer {
    change(&worker, &context, &path, Command::Promote { arm, force }).await
}

/// Lets an arm that was proven worse be tried again.
#[utoipa::path(
    post, path = "/models/bandit/{experiment}/readmit", tag = "models", request_body = ReadmitRequest,
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses(
        (status = 200, description = "The experiment, changed on disk.", body = ExperimentDetails),
        (status = 409, description = "The experiment is retired.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn readmit(
    worker: web::Data<Worker>,
    context: RequestContext,
    path: web::Path<String>,
    StrictJson(ReadmitRequest { arm }): StrictJson<ReadmitRequest>,
) -> Answer {
    change(&worker, &context, &path, Command::Readmit { arm }).await
}

async fn change(worker: &Worker, context: &RequestContext, path: &str, command: Command) -> Answer {
    let name = named(path)?;
    let by = context.principal.name.to_string();
    let (experiment, what) = (name.clone(), "changing an experiment");
    let change =
        |slot| ChangeExperiment { slot, experiment: experiment.clone(), command: command.clone(), by: by.clone() };
    let changed = worker.services.bandit.ask_persistently(Services::write_deadline(), change).await?;
    match changed.map_err(|why| put_off(what, &why))? {
        Ok(()) => {
            let view = worker.services.experiments.experiment(&name).ok_or_else(|| unknown(&name))?;
            Ok(web::Json((&*view).into()))
        }
        Err(ChangeRefused::Unknown) => Err(unknown(&name)),
        Err(refused @ (ChangeRefused::UnknownArm(_) | ChangeRefused::Model(BanditError::IsBaseline { .. }))) => {
            Err(Problem::unprocessable(vec![FieldError::new("/arm", refused.to_string())]))
        }
        Err(refused) => Err(Problem::conflict(refused.to_string())),
    }
}
