//! `GET /models/regime-detection/{service}/history`: the changes that were found.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::Worker;
use super::super::super::{Access, FieldError, Problem, StrictQuery};
use super::detect::{ChangePoint, Level, Magnitude};
use actix_web::web;
use bellwether_actors::models::regime_detection::FoundChange;
use bellwether_domain::types::{FeatureName, Role, ServiceId};
use bellwether_models::anomaly::bocpd::Regime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The route.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/models/regime-detection/{service}/history", Access::AtLeast(Role::Viewer), || {
        web::to(get)
    });

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// Of this quantity alone.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    quantity: Option<FeatureName>,
    /// The latest so many; 1 to 1,000, by default 100. Of each stream the latest 100 are kept.
    #[param(minimum = 1, maximum = 1_000)]
    limit: Option<usize>,
}

/// The changes of a service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangesAnswer {
    /// Of which service.
    #[schema(value_type = String)]
    service: ServiceId,
    /// The changes, newest first.
    changes: Vec<ChangePoint>,
}

/// The changes that were found in a service's streams, newest first.
#[utoipa::path(
    get, path = "/models/regime-detection/{service}/history", tag = "models",
    params(("service" = String, Path, description = "Name of the service."), ChangesQuery),
    responses((status = 200, description = "The changes.", body = ChangesAnswer))
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    service: web::Path<ServiceId>,
    StrictQuery(ChangesQuery { quantity, limit }): StrictQuery<ChangesQuery>,
) -> Result<web::Json<ChangesAnswer>, Problem> {
    let limit = limit.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        let message = format!("it is {limit}: use 1 to 1000");
        return Err(Problem::unprocessable(vec![FieldError::new("/limit", message)]));
    }
    let streams = worker.services.streams.service(&service);
    let streams = streams.ok_or_else(|| Problem::not_found(format!("service {service} has no stream")))?;
    if let Some(missing) = quantity.as_ref().filter(|quantity| !streams.contains_key(*quantity)) {
        return Err(Problem::not_found(format!("service {service} has no stream {missing}")));
    }
    let asked = streams.iter().filter(|(name, _)| quantity.as_ref().is_none_or(|only| only == *name));
    let mut changes: Vec<(&FeatureName, &FoundChange)> =
        asked.flat_map(|(name, stream)| stream.changes().iter().rev().map(move |found| (name, found))).collect();
    // Stable: of one stream the later row stays first.
    changes.sort_by_key(|(_, found)| std::cmp::Reverse(found.detected_at()));
    let changes = changes.into_iter().take(limit).map(|(name, found)| told(name, found)).collect();
    Ok(web::Json(ChangesAnswer { service: service.into_inner(), changes }))
}

fn told(quantity: &FeatureName, found: &FoundChange) -> ChangePoint {
    let change = found.change;
    ChangePoint {
        quantity: quantity.clone(),
        at: found.started_at().map(|at| at.to_string()),
        detected_at: found.detected_at().to_string(),
        index: change.alarm,
        start: change.start,
        probability: change.probability,
        magnitude: Magnitude { before: level(&change.before), after: level(&change.after) },
        lag: change.lag(),
    }
}

const fn level(regime: &Regime) -> Level {
    Level { mean: regime.mean, sd: regime.standard_deviation }
}
