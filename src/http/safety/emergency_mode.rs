//! `POST /safety/emergency-mode`: pulls or releases the brake.
use super::super::routes::{Endpoint, Verb};
use super::super::services::{Services, Worker, put_off};
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Principal, Problem};
use actix_web::{HttpResponse, web};
use bellwether_actors::runtime::now;
use bellwether_actors::safety::{EmergencyOutcome, SetEmergency};
use bellwether_domain::safety::{Behaviour, EmergencyEntry, Scope};
use bellwether_domain::types::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The route; never throttled.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/safety/emergency-mode", Access::AtLeast(Role::Operator), || web::to(post))
        .never_throttled();

/// Longest reason, in bytes.
const LONGEST_REASON: usize = 1_000;

/// The wish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyRequest {
    /// On or off.
    active: bool,
    /// Why, for those who come after.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
    /// `global`, `model:NAME` or `service:NAME`.
    #[serde(default)]
    #[schema(value_type = String, default = "global", example = "model:extreme_events")]
    scope: Scope,
    /// What callers get meanwhile.
    #[serde(default)]
    #[schema(value_type = BehaviourSchema)]
    behaviour: Behaviour,
}

/// What callers get while the brake is on: the approved fallback, or 503.
#[derive(Debug, ToSchema)]
#[schema(as = Behaviour, rename_all = "snake_case")]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub enum BehaviourSchema {
    /// The approved fallback, HTTP 200.
    Fallback,
    /// HTTP 503.
    Block,
}

/// The brake of one scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmergencyView {
    /// What it covers.
    pub scope: String,
    /// Whether it is on.
    pub active: bool,
    /// What callers get.
    #[schema(value_type = BehaviourSchema)]
    pub behaviour: Behaviour,
    /// Why.
    pub reason: String,
    /// Name of the key that set it.
    pub by: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
}

/// A release that more admins must ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseWaits {
    /// Admins that asked.
    have: usize,
    /// Admins that must ask.
    need: usize,
}

impl Check for EmergencyRequest {
    fn check(&self) -> Vec<FieldError> {
        if self.reason.trim().is_empty() || self.reason.len() > LONGEST_REASON {
            return vec![FieldError::new("/reason", format!("give a reason of 1 to {LONGEST_REASON} bytes"))];
        }
        Vec::new()
    }
}

impl From<&EmergencyEntry> for EmergencyView {
    fn from(entry: &EmergencyEntry) -> Self {
        let EmergencyEntry { scope, active, behaviour, reason, by, since } = entry;
        Self {
            scope: scope.to_string(),
            active: *active,
            behaviour: *behaviour,
            reason: reason.clone(),
            by: by.clone(),
            since: since.to_string(),
        }
    }
}

/// Pulls (operator) or releases (admin) the emergency brake. It is on disk and in force before this answers.
#[utoipa::path(
    post, path = "/safety/emergency-mode", tag = "safety", request_body = EmergencyRequest,
    responses(
        (status = 200, description = "In force, and on disk.", body = EmergencyView),
        (status = 202, description = "The release waits for more admins.", body = ReleaseWaits),
    )
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    principal: Principal,
    StrictJson(request): StrictJson<EmergencyRequest>,
) -> Result<HttpResponse, Problem> {
    let EmergencyRequest { active, reason, scope, behaviour } = request;
    if !active && principal.role < Some(Role::Admin) {
        return Err(Problem::forbidden("releasing the brake needs role admin"));
    }
    let entry = EmergencyEntry { scope, active, behaviour, reason, by: principal.name.to_string(), since: now() };
    let (deadline, required_approvals) = (Services::write_deadline(), worker.services.release_approvals);
    let set = |slot| SetEmergency { slot, entry: entry.clone(), required_approvals, deadline };
    match worker.services.safety.ask_persistently(deadline, set).await? {
        Ok(EmergencyOutcome::InForce(entry)) => Ok(HttpResponse::Ok().json(EmergencyView::from(&entry))),
        Ok(EmergencyOutcome::Waiting { have, need }) => Ok(HttpResponse::Accepted().json(ReleaseWaits { have, need })),
        Err(error) => Err(put_off("setting emergency mode", &error)),
    }
}
