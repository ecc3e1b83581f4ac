//! `POST /models/{name}/promote`, `/rollback`: which version answers.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker};
use super::super::super::strict_json::{Check, StrictJson};
use super::super::super::{Access, FieldError, Principal, Problem};
use super::document::RegisteredSummary;
use super::{named, refused};
use actix_web::web;
use bellwether_actors::registry::{PromoteModel, RollBackModel};
use bellwether_actors::runtime::now;
use bellwether_domain::ports::{Promotion, Signed};
use bellwether_domain::registry::VersionNumber;
use bellwether_domain::types::Role;
use serde::Deserialize;
use utoipa::ToSchema;

/// The route that promotes.
pub const PROMOTE: Endpoint =
    Endpoint::new(Verb::Post, "/models/{name}/promote", Access::AtLeast(Role::Admin), || web::to(promote));
/// The route that rolls back.
pub const ROLLBACK: Endpoint =
    Endpoint::new(Verb::Post, "/models/{name}/rollback", Access::AtLeast(Role::Admin), || web::to(rollback));

/// Longest reason, in bytes.
const LONGEST_REASON: usize = 1_000;

/// Which version becomes champion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionRequest {
    /// The version.
    #[schema(minimum = 1)]
    version: u32,
    /// Why, for those who come after; needed unless it is the first champion.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

/// Which champion comes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// The version; the champion before the present one when left out.
    #[serde(default)]
    #[schema(minimum = 1)]
    to: Option<u32>,
    /// Why, for those who come after.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

fn check_reason(reason: Option<&str>) -> Vec<FieldError> {
    let sound = |reason: &str| !reason.trim().is_empty() && reason.len() <= LONGEST_REASON;
    match reason {
        Some(reason) if !sound(reason) => {
            vec![FieldError::new("/reason", format!("give a reason of 1 to {LONGEST_REASON} bytes"))]
        }
        _ => Vec::new(),
    }
}

impl Check for PromotionRequest {
    fn check(&self) -> Vec<FieldError> {
        check_reason(self.reason.as_deref())
    }
}

impl Check for RollbackRequest {
    fn check(&self) -> Vec<FieldError> {
        check_reason(Some(&self.reason))
    }
}

/// Makes a version the champion. The first champion needs nothing, any other a reason; `bellwether models promote` takes
/// a comparison on a validation file in its place.
#[utoipa::path(
    post, path = "/models/{name}/promote", tag = "models", request_body = PromotionRequest,
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 200, description = "It is the champion: on disk, and in force in this process.", body = RegisteredSummary),
        (status = 404, description = "There is no such model or version.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is the champion already, a reason is missing, or its file is damaged.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn promote(
    worker: web::Data<Worker>,
    principal: Principal,
    name: web::Path<String>,
    StrictJson(request): StrictJson<PromotionRequest>,
) -> Result<web::Json<RegisteredSummary>, Problem> {
    let name = named(&name)?;
    let signed = Signed { by: principal.name.to_string(), at: now(), reason: request.reason };
    let promotion = Box::new(Promotion { version: VersionNumber(request.version), signed, comparison: None });
    let message = |slot| PromoteModel { slot, name: name.clone(), promotion: promotion.clone() };
    let answer = worker.services.registry.ask_persistently(Services::write_deadline(), message).await?;
    answer.map(|view| web::Json(RegisteredSummary::from(&view))).map_err(|error| refused(&error))
}

/// Makes a former champion the champion again.
#[utoipa::path(
    post, path = "/models/{name}/rollback", tag = "models", request_body = RollbackRequest,
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 200, description = "It is the champion again: on disk, and in force in this process.", body = RegisteredSummary),
        (status = 404, description = "There is no such model or version.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "There is no champion to go back to, or its file is damaged.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rollback(
    worker: web::Data<Worker>,
    principal: Principal,
    name: web::Path<String>,
    StrictJson(RollbackRequest { to, reason }): StrictJson<RollbackRequest>,
) -> Result<web::Json<RegisteredSummary>, Problem> {
    let name = named(&name)?;
    let signed = Signed { by: principal.name.to_string(), at: now(), reason: Some(reason) };
    let to = to.map(VersionNumber);
    let message = |slot| RollBackModel { slot, name: name.clone(), to, signed: signed.clone() };
    let answer = worker.services.registry.ask_persistently(Services::write_deadline(), message).await?;
    answer.map(|view| web::Json(RegisteredSummary::from(&view))).map_err(|error| refused(&error))
}
