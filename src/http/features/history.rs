//! `GET /features/{service}/history`: the latest values of one observed quantity.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, FieldError, Problem, StrictQuery};
use super::service::unknown;
use actix_web::web;
use bellwether_domain::types::{FeatureName, Role, ServiceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The route.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/features/{service}/history", Access::AtLeast(Role::Viewer), || web::to(get));

/// Which values.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Of this observed quantity.
    #[param(value_type = String, min_length = 1, max_length = 200)]
    name: FeatureName,
    /// The latest so many; 1 to 5,000, by default 1,000.
    #[param(minimum = 1, maximum = 5_000)]
    limit: Option<usize>,
}

/// The latest values, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryAnswer {
    /// Of which service.
    #[schema(value_type = String)]
    service: ServiceId,
    /// Of which quantity.
    #[schema(value_type = String)]
    name: FeatureName,
    /// The values.
    history: Vec<HistoryPoint>,
}

/// One value.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPoint {
    /// When it was measured.
    #[schema(format = DateTime)]
    ts: String,
    /// The value.
    value: f64,
}

/// The latest values of one observed quantity, at most 5,000, oldest first.
#[utoipa::path(
    get, path = "/features/{service}/history", tag = "features",
    params(("service" = String, Path, description = "Name of the service."), HistoryQuery),
    responses((status = 200, description = "The values.", body = HistoryAnswer))
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    service: web::Path<ServiceId>,
    StrictQuery(HistoryQuery { name, limit }): StrictQuery<HistoryQuery>,
) -> Result<web::Json<HistoryAnswer>, Problem> {
    let limit = limit.unwrap_or(1_000);
    if !(1..=5_000).contains(&limit) {
        let message = format!("it is {limit}: use 1 to 5000");
        return Err(Problem::unprocessable(vec![FieldError::new("/limit", message)]));
    }
    let features = worker.services.features.of(&service).ok_or_else(|| unknown(&service))?;
    let recent = features
        .recent(name.as_str())
        .ok_or_else(|| Problem::not_found(format!("nothing called {name} was observed of service {service}")))?;
    let skipped = recent.len().saturating_sub(limit);
    let point = |(at, value): (bellwether_domain::types::Timestamp, f64)| HistoryPoint { ts: at.to_string(), value };
    let history = recent.iter().skip(skipped).map(point).collect();
    Ok(web::Json(HistoryAnswer { service: service.into_inner(), name, history }))
}
