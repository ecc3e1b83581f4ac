//! `GET /features/registry`: the declared features.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use actix_web::web;
use bellwether_domain::types::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// The route.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/features/registry", Access::AtLeast(Role::Viewer), || web::to(get));

/// The declared features.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registry {
    /// By name.
    #[schema(value_type = Vec<Object>)]
    features: serde_json::Value,
}

/// The declared features: what each one is, its unit, its time to live, its owner.
#[utoipa::path(
    get, path = "/features/registry", tag = "features",
    responses((status = 200, description = "Every declared feature.", body = Registry))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<Registry>, Problem> {
    let config = worker.services.config.load();
    let document: serde_json::Value = serde_json::from_str(&config.document)
        .map_err(|_| Problem::internal("the configuration in force is no JSON: it must have been damaged"))?;
    let declared = document.pointer("/features/features").cloned().unwrap_or_default();
    Ok(web::Json(Registry { features: declared }))
}
