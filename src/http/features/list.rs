//! `GET /features`: which services have features.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use actix_web::web;
use bellwether_actors::runtime::now;
use bellwether_domain::types::{Role, ServiceId};
use serde::Serialize;
use utoipa::ToSchema;

/// The route.
pub const GET: Endpoint = Endpoint::new(Verb::Get, "/features", Access::AtLeast(Role::Viewer), || web::to(get));

/// Services described in full; of more only their number is told.
const SHOWN: usize = 1_000;

/// The services that have features.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeatureList {
    /// How many there are.
    total: usize,
    /// The first thousand of them, by name.
    services: Vec<ServiceSummary>,
}

/// One service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceSummary {
    /// Its name.
    #[schema(value_type = String)]
    service: ServiceId,
    /// How many features it has.
    features: usize,
    /// How many of them are older than their time to live.
    stale: usize,
}

/// The services that have features.
#[utoipa::path(
    get, path = "/features", tag = "features",
    responses((status = 200, description = "Services by name.", body = FeatureList))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<FeatureList>, Problem> {
    let (services, now) = (worker.services.features.services(), now());
    let total = services.len();
    let summary = |service: ServiceId| {
        let features = worker.services.features.peek(&service)?;
        let stale = features.view(now).iter().filter(|(_, reading)| reading.stale).count();
        Some(ServiceSummary { service, features: features.values().len(), stale })
    };
    Ok(web::Json(FeatureList { total, services: services.into_iter().take(SHOWN).filter_map(summary).collect() }))
}
