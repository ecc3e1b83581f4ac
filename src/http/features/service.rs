//! `GET /features/{service}`: the features of one service.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use bellwether_actors::runtime::now;
use bellwether_domain::features::FeaturesView;
use bellwether_domain::types::{Role, ServiceId};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The route.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/features/{service}", Access::AtLeast(Role::Viewer), || web::to(get));

/// The features of one service as they are now.
#[derive(Debug, Serialize)]
struct FeaturesOfService<'a> {
    service: &'a ServiceId,
    features: FeaturesView<'a>,
}

/// The features of one service as they are now.
#[derive(Debug, ToSchema)]
#[schema(as = FeaturesOfService)]
#[allow(dead_code, reason = "it only describes the borrowed form")]
pub struct FeaturesOfServiceSchema {
    /// Its name.
    service: String,
    /// By name: value, what it is the state of, and whether it is older than its time to live.
    features: BTreeMap<String, super::super::envelope::UsedFeature>,
}

/// The features of one service as they are now.
#[utoipa::path(
    get, path = "/features/{service}", tag = "features",
    params(("service" = String, Path, description = "Name of the service.")),
    responses((status = 200, description = "Every feature, with its age judged now.", body = FeaturesOfServiceSchema))
)]
pub(crate) async fn get(worker: web::Data<Worker>, service: web::Path<ServiceId>) -> Result<HttpResponse, Problem> {
    let features = worker.services.features.of(&service).ok_or_else(|| unknown(&service))?;
    let answer = FeaturesOfService { service: &service, features: features.view(now()) };
    let mut body = Vec::with_capacity(4096);
    serde_json::to_writer(&mut body, &answer).map_err(|error| Problem::internal(error.to_string()))?;
    let json = HeaderValue::from_static("application/json");
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, json)).body(body))
}

/// A service of which nothing was observed.
pub(super) fn unknown(service: &ServiceId) -> Problem {
    Problem::not_found(format!("nothing was observed of service {service}: /features lists the services"))
}
