//! `GET /models/{name}/versions`: the versions of a registered model, and what was done with them.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::Worker;
use super::super::super::{Access, Problem};
use super::document::ModelDetails;
use super::unknown;
use actix_web::web;
use bellwether_domain::types::Role;

/// The route.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/models/{name}/versions", Access::AtLeast(Role::Viewer), || web::to(get));

/// The versions of a registered model, and its history: who did what, when and why.
#[utoipa::path(
    get, path = "/models/{name}/versions", tag = "models",
    params(("name" = String, Path, description = "Name of the model.")),
    responses(
        (status = 200, description = "Versions and history.", body = ModelDetails),
        (status = 404, description = "There is no such model.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    name: web::Path<String>,
) -> Result<web::Json<ModelDetails>, Problem> {
    let registered = worker.services.registered.load();
    let view = registered.model(&name).ok_or_else(unknown)?;
    Ok(web::Json(ModelDetails::from(&*view.model)))
}
