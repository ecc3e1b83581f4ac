//! `/admin/faults`: makes actors misbehave, where the settings allow it.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Problem};
use actix_web::{HttpResponse, web};
use bellwether_actors::runtime::{FaultKind, FaultPlan, InjectionRefused};
use bellwether_domain::types::Role;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// The route that injects.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/admin/faults", Access::AtLeast(Role::Admin), || web::to(post)).never_throttled();
/// The route that lists.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/admin/faults", Access::AtLeast(Role::Admin), || web::to(get)).never_throttled();
/// The route that clears.
pub const DELETE: Endpoint =
    Endpoint::new(Verb::Delete, "/admin/faults", Access::AtLeast(Role::Admin), || web::to(delete)).never_throttled();

/// Longest hang or delay: a minute.
const LONGEST_MS: u64 = 60_000;

/// The fault.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultRequest {
    /// Whose, by a name that `/health` lists.
    #[schema(example = "extreme_events")]
    actor: String,
    /// Which.
    #[schema(value_type = FaultKindSchema)]
    kind: FaultKind,
    /// How long a hang or a delay lasts, in milliseconds; at most a minute.
    #[serde(default = "a_second")]
    #[schema(minimum = 0, maximum = 60_000, default = 1000)]
    duration_ms: u64,
    /// At how many messages it strikes, replicas together.
    #[serde(default = "once")]
    #[schema(minimum = 1, maximum = 1_000_000, default = 1)]
    count: u32,
}

/// Kinds of faults.
#[derive(Debug, ToSchema)]
#[schema(as = FaultKind, rename_all = "snake_case")]
#[allow(dead_code, reason = "it only describes the runtime's type")]
pub enum FaultKindSchema {
    /// The handler panics.
    Panic,
    /// No message is taken.
    Hang,
    /// An error is reported.
    Error,
    /// The output holds NaN.
    Nan,
    /// The answer is late.
    Slow,
}

const fn a_second() -> u64 {
    1_000
}

const fn once() -> u32 {
    1
}

/// All faults.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultList {
    /// Spent ones too.
    faults: Vec<FaultEntry>,
}

/// One fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultEntry {
    /// Whose.
    actor: String,
    /// Which.
    #[schema(value_type = FaultKindSchema)]
    kind: FaultKind,
    /// How often it struck.
    fired: u64,
    /// How often it will still strike.
    left: u64,
}

impl Check for FaultRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.duration_ms > LONGEST_MS {
            errors.push(FieldError::new("/duration_ms", format!("use at most {LONGEST_MS}")));
        }
        if self.count == 0 || self.count > 1_000_000 {
            errors.push(FieldError::new("/count", "use 1 to 1000000"));
        }
        errors
    }
}

fn plan(worker: &Worker) -> Result<&FaultPlan, Problem> {
    worker
        .services
        .faults
        .as_ref()
        .ok_or_else(|| Problem::not_found("fault injection is off: start with faults.enabled = true to switch it on"))
}

/// Lets an actor misbehave at its next messages.
#[utoipa::path(
    post, path = "/admin/faults", tag = "admin", request_body = FaultRequest,
    responses(
        (status = 201, description = "It will strike.", body = FaultList),
        (status = 404, description = "Fault injection is off, or there is no such actor.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The root supervisor takes no faults.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    StrictJson(request): StrictJson<FaultRequest>,
) -> Result<HttpResponse, Problem> {
    let FaultRequest { actor, kind, duration_ms, count } = request;
    let plan = plan(&worker)?;
    match plan.inject(&actor, kind, Duration::from_millis(duration_ms), count) {
        Ok(()) => Ok(HttpResponse::Created().json(listed(plan))),
        Err(error @ InjectionRefused::Root) => Err(Problem::conflict(error.to_string())),
        Err(error @ InjectionRefused::UnknownActor(_)) => Err(Problem::not_found(error.to_string())),
        Err(error @ InjectionRefused::NoMeaning { .. }) => {
            Err(Problem::unprocessable(vec![FieldError::new("/kind", error.to_string())]))
        }
    }
}

/// All faults, spent ones too.
#[utoipa::path(
    get, path = "/admin/faults", tag = "admin",
    responses(
        (status = 200, description = "Every fault with how often it struck.", body = FaultList),
        (status = 404, description = "Fault injection is off.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<FaultList>, Problem> {
    Ok(web::Json(listed(plan(&worker)?)))
}

/// Forgets all faults.
#[utoipa::path(
    delete, path = "/admin/faults", tag = "admin",
    responses(
        (status = 204, description = "There are none now."),
        (status = 404, description = "Fault injection is off.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(worker: web::Data<Worker>) -> Result<HttpResponse, Problem> {
    plan(&worker)?.clear();
    Ok(HttpResponse::NoContent().finish())
}

fn listed(plan: &FaultPlan) -> FaultList {
    let entry = |fault: bellwether_actors::runtime::FaultView| FaultEntry {
        actor: fault.actor.to_string(),
        kind: fault.kind,
        fired: fault.fired,
        left: fault.left,
    };
    FaultList { faults: plan.list().into_iter().map(entry).collect() }
}
