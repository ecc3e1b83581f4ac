//! `POST` and `GET /telemetry/observations`: what services measured.
use super::super::routes::{Endpoint, Verb};
use super::super::services::{RETRY_AFTER_S, Services, Worker, put_off};
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Problem, StrictQuery};
use actix_web::web;
use bellwether_actors::runtime::now;
use bellwether_actors::store::ReadObservations;
use bellwether_actors::telemetry::{Push, PushOutcome};
use bellwether_domain::features::{FURTHEST_AHEAD, OLDEST};
use bellwether_domain::ports::{ObservationQuery, StoreError};
use bellwether_domain::types::{FeatureName, Observation, Role, ServiceId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The route that takes observations.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/telemetry/observations", Access::AtLeast(Role::Operator), || web::to(post));
/// The route that gives them back.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/telemetry/observations", Access::AtLeast(Role::Viewer), || web::to(get));

/// Most observations of one batch.
const MOST: usize = 50_000;
/// Most observations of one page.
const LARGEST_PAGE: usize = 10_000;

/// A batch; rows that are malformed are reported by their index, the others are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushRequest {
    /// The rows; at most 50,000.
    #[schema(value_type = Vec<ObservationRow>, max_items = 50_000)]
    observations: Vec<serde_json::Value>,
}

/// One measured value. Service, name and time are its key.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservationRow {
    /// Who was measured.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    service: ServiceId,
    /// What was measured.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: FeatureName,
    /// When, in RFC 3339: up to 24 hours ago and 5 minutes ahead.
    #[schema(value_type = String, format = DateTime)]
    ts: Timestamp,
    /// The value.
    value: f64,
}

/// What became of a batch; whatever is not rejected is on disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushAnswer {
    /// Rows that were new.
    accepted: usize,
    /// Rows whose key was known already; the first value stays.
    duplicates: usize,
    /// Rows that were refused.
    rejected: Vec<RejectedRow>,
}

/// A row that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedRow {
    /// Its place in the batch, from 0.
    index: usize,
    /// What is wrong with it.
    message: String,
}

impl Check for PushRequest {
    fn check(&self) -> Vec<FieldError> {
        if self.observations.len() > MOST {
            return vec![FieldError::new("/observations", format!("send at most {MOST} rows at a time"))];
        }
        Vec::new()
    }
}

/// Takes a batch of observations: durable, and in the features, before this answers.
#[utoipa::path(
    post, path = "/telemetry/observations", tag = "telemetry", request_body = PushRequest,
    responses((status = 200, description = "What became of each row.", body = PushAnswer))
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    StrictJson(request): StrictJson<PushRequest>,
) -> Result<web::Json<PushAnswer>, Problem> {
    let (mut observations, mut rejected) = (Vec::with_capacity(request.observations.len()), Vec::new());
    let clock = now();
    for (index, row) in request.observations.into_iter().enumerate() {
        match observation(row, clock) {
            Ok(observation) => observations.push(observation),
            Err(message) => rejected.push(RejectedRow { index, message }),
        }
    }
    if observations.is_empty() {
        return Ok(web::Json(PushAnswer { accepted: 0, duplicates: 0, rejected }));
    }
    let deadline = Services::write_deadline();
    let push = |slot| Push { slot, observations: observations.clone(), deadline };
    match worker.services.push.ask_persistently(deadline, push).await? {
        Ok(PushOutcome { accepted, duplicates }) => Ok(web::Json(PushAnswer { accepted, duplicates, rejected })),
        Err(error) => Err(put_off("keeping observations", &error)),
    }
}

fn observation(row: serde_json::Value, clock: Timestamp) -> Result<Observation, String> {
    if !row.is_object() {
        return Err("a row is an object with service, name, ts and value".to_owned());
    }
    let ObservationRow { service, name, ts: at, value } =
        serde_json::from_value(row).map_err(|error| error.to_string().chars().take(300).collect::<String>())?;
    if at < clock.minus(OLDEST) {
        return Err(format!("{at} is more than 24 hours ago: the row comes too late"));
    }
    if at > clock.plus(FURTHEST_AHEAD) {
        return Err(format!("{at} is more than 5 minutes ahead: check the sender's clock"));
    }
    Ok(Observation { service, name, at, value })
}

/// Which observations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ObservationsQuery {
    /// Of this service.
    #[param(value_type = String, min_length = 1, max_length = 200)]
    service: ServiceId,
    /// Of this quantity; all when left out.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<FeatureName>,
    /// At most so many; 1 to 10,000, by default 1,000.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Behind this position: `next` of the page before.
    after: Option<String>,
}

/// A page of observations, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObservationsPage {
    /// The observations.
    observations: Vec<ObservationRow>,
    /// Where the next page starts; null on the last.
    next: Option<String>,
}

/// Pushed observations, oldest first, page by page.
#[utoipa::path(
    get, path = "/telemetry/observations", tag = "telemetry", params(ObservationsQuery),
    responses((status = 200, description = "A page.", body = ObservationsPage))
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    StrictQuery(query): StrictQuery<ObservationsQuery>,
) -> Result<web::Json<ObservationsPage>, Problem> {
    let ObservationsQuery { service, name, limit, after } = query;
    let limit = limit.unwrap_or(1_000);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        let message = format!("it is {limit}: use 1 to {LARGEST_PAGE}");
        return Err(Problem::unprocessable(vec![FieldError::new("/limit", message)]));
    }
    let query = ObservationQuery { service, name, limit, after };
    let read = |slot| ReadObservations { slot, query: query.clone() };
    let page = match worker.services.store.ask_persistently(Services::write_deadline(), read).await? {
        Ok(page) => page,
        Err(error @ StoreError::UnknownPosition(_)) => {
            return Err(Problem::unprocessable(vec![FieldError::new("/after", error.to_string())]));
        }
        Err(error) => return Err(Problem::unavailable(RETRY_AFTER_S, error.to_string())),
    };
    let row = |Observation { service, name, at, value }| ObservationRow { service, name, ts: at, value };
    Ok(web::Json(ObservationsPage { observations: page.observations.into_iter().map(row).collect(), next: page.next }))
}
