//! `POST /safety/override`, `DELETE /safety/override/{id}`: a human's fields in place of a model's.
use super::super::routes::{Endpoint, Verb};
use super::super::services::{Services, Worker, put_off};
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Principal, Problem};
use actix_web::{HttpResponse, web};
use bellwether_actors::runtime::now;
use bellwether_actors::safety::{AddOverride, RemoveOverride};
use bellwether_domain::safety::{EmergencyState, Override, Release, Request, judge};
use bellwether_domain::types::{Capability, Fields, Level, Role, ServiceId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// The route that sets one.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/safety/override", Access::AtLeast(Role::Admin), || web::to(post)).never_throttled();
/// The route that ends one.
pub const DELETE: Endpoint =
    Endpoint::new(Verb::Delete, "/safety/override/{id}", Access::AtLeast(Role::Admin), || web::to(delete))
        .never_throttled();

/// Longest life of an override: a week.
const LONGEST_S: u64 = 7 * 24 * 3_600;
/// Longest reason, in bytes.
const LONGEST_REASON: usize = 1_000;
/// Most overrides at a time.
const MOST: usize = 10_000;

/// The wish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideRequest {
    /// Whose output, by stem.
    #[schema(value_type = String, example = "extreme_events")]
    model: Capability,
    /// For which service; for all when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    service: Option<ServiceId>,
    /// The fields that replace the model's.
    #[schema(value_type = serde_json::Map<String, serde_json::Value>)]
    output: Fields,
    /// Why, for those who come after.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
    /// When it ends by itself, in seconds from now; at most a week.
    #[schema(minimum = 1, maximum = 604_800)]
    expires_in_s: u64,
}

/// An override in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverrideView {
    /// Its identity.
    pub id: String,
    /// Whose output.
    #[schema(value_type = String)]
    pub model: Capability,
    /// For which service; null for all.
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceId>,
    /// The fields that replace the model's.
    #[schema(value_type = Object)]
    pub output: Fields,
    /// Why.
    pub reason: String,
    /// Name of the key that set it.
    pub by: String,
    /// When it was set.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl Check for OverrideRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.output.is_empty() {
            errors.push(FieldError::new("/output", "it names no field: give at least one"));
        }
        if self.reason.trim().is_empty() || self.reason.len() > LONGEST_REASON {
            errors.push(FieldError::new("/reason", format!("give a reason of 1 to {LONGEST_REASON} bytes")));
        }
        if !(1..=LONGEST_S).contains(&self.expires_in_s) {
            errors.push(FieldError::new("/expires_in_s", format!("use 1 to {LONGEST_S} seconds")));
        }
        errors
    }
}

impl From<&Override> for OverrideView {
    fn from(one: &Override) -> Self {
        let Override { id, model, service, output, reason, by, created_at, expires_at } = one.clone();
        let (created_at, expires_at) = (created_at.to_string(), expires_at.to_string());
        Self { id, model, service, output, reason, by, created_at, expires_at }
    }
}

/// Sets fields that replace a model's until they expire. What they make of an output is judged like any other, so
/// that fields which no check would pass are refused at once.
#[utoipa::path(
    post, path = "/safety/override", tag = "safety", request_body = OverrideRequest,
    responses(
        (status = 201, description = "In force, and on disk.", body = OverrideView),
        (status = 409, description = "There are too many overrides.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    principal: Principal,
    StrictJson(request): StrictJson<OverrideRequest>,
) -> Result<HttpResponse, Problem> {
    let created_at = now();
    let OverrideRequest { model, service, output, reason, expires_in_s } = request;
    let given = Override {
        id: super::super::RequestId::generate().as_str().to_owned(),
        model,
        service,
        output,
        reason,
        by: principal.name.to_string(),
        created_at,
        expires_at: created_at.plus(Duration::from_secs(expires_in_s)),
    };
    refuse_hopeless(&worker.services, &given)?;
    if worker.services.in_force.load().overrides.as_slice().len() >= MOST {
        return Err(Problem::conflict(format!("there are {MOST} overrides: remove some first")));
    }
    let deadline = Services::write_deadline();
    let add = |slot| AddOverride { slot, given: given.clone(), deadline };
    match worker.services.safety.ask_persistently(deadline, add).await? {
        Ok(()) => Ok(HttpResponse::Created().json(OverrideView::from(&given))),
        Err(error) => Err(put_off("setting an override", &error)),
    }
}

/// Over the approved output the fields must pass every check, or they could never leave.
fn refuse_hopeless(services: &Services, given: &Override) -> Result<(), Problem> {
    let in_force = services.in_force.load();
    let service = given.service.clone().unwrap_or_default();
    let mut output = in_force.policy.approved(given.model).clone();
    output.merge(&given.output);
    let request = Request {
        model: given.model,
        service: &service,
        outcome: Ok(output),
        preliminary: None,
        stale_inputs: &[],
        last_answer: None,
        last_good: None,
        overrides: &[],
        particulars: None,
        emergency: &EmergencyState::new(),
        now: given.created_at,
    };
    let Release::Answer(answer) = judge(&in_force.policy, request) else { return Ok(()) };
    let faults = answer.verdict().violations.iter().filter(|violation| violation.level >= Level::Unsafe);
    let errors: Vec<FieldError> = faults
        .map(|violation| FieldError::new("/output", format!("{}: {}", violation.check, violation.message)))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::unprocessable(errors)) }
}

/// Ends an override before it expires.
#[utoipa::path(
    delete, path = "/safety/override/{id}", tag = "safety", params(("id" = String, Path, description = "Identity of the override.")),
    responses((status = 204, description = "It is over."))
)]
pub(crate) async fn delete(worker: web::Data<Worker>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let deadline = Services::write_deadline();
    let remove = |slot| RemoveOverride { slot, id: id.clone(), deadline };
    match worker.services.safety.ask_persistently(deadline, remove).await? {
        Ok(true) => Ok(HttpResponse::NoContent().finish()),
        Ok(false) => Err(Problem::not_found("there is no such override: /safety/status lists them")),
        Err(error) => Err(put_off("ending an override", &error)),
    }
}
