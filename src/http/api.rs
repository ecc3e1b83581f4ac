//! The whole API: one table of routes, one document.
use super::openapi::{self, RenderedDocument};
use super::routes::{OWN, Table};
use super::{admin, config, features, health, metrics, models, safety, telemetry};
use utoipa::OpenApi;

/// Every route of the process.
pub const TABLE: Table = &[
    OWN,
    health::ROUTES,
    metrics::ROUTES,
    models::ROUTES,
    models::regime_detection::ROUTES,
    models::bandit::ROUTES,
    models::registry::ROUTES,
    safety::ROUTES,
    config::ROUTES,
    features::ROUTES,
    telemetry::ROUTES,
    admin::ROUTES,
];

#[derive(OpenApi)]
#[openapi(paths(
    health::health,
    health::live,
    health::ready,
    metrics::get,
    models::extreme_events::post,
    models::list::get,
    models::regime_detection::detect::post,
    models::regime_detection::history::get,
    models::bandit::decide::post,
    models::bandit::reward::post,
    models::bandit::experiments::list,
    models::bandit::experiments::get,
    models::bandit::control::pause,
    models::bandit::control::freeze,
    models::bandit::control::resume,
    models::bandit::control::retire,
    models::bandit::control::promote,
    models::bandit::control::readmit,
    models::registry::versions::get,
    models::registry::changing::promote,
    models::registry::changing::rollback,
    models::registry::retraining::get,
    models::registry::retraining::start,
    models::registry::retraining::cancel,
    safety::emergency_mode::post,
    safety::status::get,
    safety::overrides::post,
    safety::overrides::delete,
    config::active::get,
    features::list::get,
    features::registry::get,
    features::service::get,
    features::history::get,
    telemetry::observations::post,
    telemetry::observations::get,
    admin::faults::post,
    admin::faults::get,
    admin::faults::delete,
    admin::keys::post,
    admin::keys::get,
    admin::keys::delete,
))]
struct Api;

/// The OpenAPI document of every route.
///
/// # Errors
/// A part that does not serialise; a fault of the program.
pub fn document() -> serde_json::Result<serde_json::Value> {
    openapi::assemble([Api::openapi()], TABLE)
}

/// The document as it is served.
///
/// # Errors
/// As [`document`].
pub fn rendered() -> serde_json::Result<RenderedDocument> {
    document().map(|document| openapi::render(&document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented_and_every_documented_route_exists() {
        assert_eq!(openapi::disagreements(&document().unwrap(), TABLE), Vec::<String>::new());
        assert_eq!(super::super::routes::faults(TABLE), Vec::<String>::new());
    }
}
