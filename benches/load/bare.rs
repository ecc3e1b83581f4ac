//! The least that an actix-web server can do for the same requests: the body parsed into its type, a reply of the same
//! form and size serialised. No identity, no access, no limits, no metrics, no log, no actor, no model, no disk.
use crate::requests::{ENDPOINTS, Endpoint};
use crate::servers::LISTENS;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One reply for each endpoint.
#[derive(Debug, Clone, Deserialize)]
struct Replies {
    live: Arc<Value>,
    features: Arc<Features>,
    extremes: Arc<Value>,
    bandit: Arc<Value>,
    regime: Arc<Value>,
    observations: Arc<Value>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Features {
    service: String,
    features: BTreeMap<String, Reading>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Reading {
    value: f64,
    as_of: String,
    stale: bool,
}

#[derive(Debug, Deserialize)]
struct Values {
    service: String,
    values: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "parsed for the sake of the parsing")]
struct Question {
    service: String,
    experiment: String,
    arms: Vec<String>,
    context: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
struct Rows {
    observations: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "parsed for the sake of the parsing")]
struct Row {
    service: String,
    name: String,
    ts: String,
    value: f64,
}

/// Keeps the replies of the real server, in the order of the endpoints, for the bare one.
pub(crate) fn keep(replies: &[Vec<u8>; ENDPOINTS], path: &Path) -> anyhow::Result<()> {
    let mut all = serde_json::Map::new();
    for (name, reply) in ["live", "features", "extremes", "bandit", "regime", "observations"].into_iter().zip(replies) {
        all.insert(name.to_owned(), serde_json::from_slice(reply)?);
    }
    Ok(std::fs::write(path, serde_json::to_vec(&all)?)?)
}

/// Serves until it is killed.
pub(crate) fn serve(replies: &Path) -> anyhow::Result<()> {
    let replies: Replies = serde_json::from_slice(&std::fs::read(replies)?)?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    actix_rt::System::new().block_on(async {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(replies.clone()))
                .app_data(web::JsonConfig::default().limit(8 * 1024 * 1024))
                .route("/health/live", web::get().to(live))
                .route("/features/{service}", web::get().to(features))
                .route("/models/extreme-events", web::post().to(extremes))
                .route("/models/bandit", web::post().to(bandit))
                .route("/models/regime-detection", web::post().to(regime))
                .route("/telemetry/observations", web::post().to(observations))
        })
        .workers(workers)
        .tcp_nodelay(true)
        .bind("127.0.0.1:0")?;
        println!("{LISTENS}{}", server.addrs().first().context("no address")?);
        Ok(server.run().await?)
    })
}

async fn live(replies: web::Data<Replies>) -> HttpResponse {
    HttpResponse::Ok().json(&replies.live)
}

async fn features(replies: web::Data<Replies>, service: web::Path<String>) -> HttpResponse {
    if service.is_empty() { HttpResponse::NotFound().finish() } else { HttpResponse::Ok().json(&replies.features) }
}

async fn extremes(replies: web::Data<Replies>, body: web::Json<Values>) -> HttpResponse {
    if body.service.is_empty() || body.values.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().json(&replies.extremes)
}

async fn bandit(replies: web::Data<Replies>, body: web::Json<Question>) -> HttpResponse {
    if body.experiment.is_empty() || body.arms.is_empty() || body.context.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().json(&replies.bandit)
}

async fn regime(replies: web::Data<Replies>, body: web::Json<Values>) -> HttpResponse {
    if body.service.is_empty() || body.values.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().json(&replies.regime)
}

async fn observations(replies: web::Data<Replies>, body: web::Json<Rows>) -> HttpResponse {
    if body.observations.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().json(&replies.observations)
}

/// The replies of a server to one request of each kind.
pub(crate) fn replies(
    server: &crate::servers::Server,
    endpoints: &[Endpoint; ENDPOINTS],
) -> anyhow::Result<[Vec<u8>; ENDPOINTS]> {
    let (mut connection, mut request) = (crate::http1::Connection::open(server.address)?, Vec::new());
    let mut found: [Vec<u8>; ENDPOINTS] = Default::default();
    for (endpoint, reply) in endpoints.iter().zip(&mut found) {
        endpoint.write(&mut request);
        let (status, body) = connection.exchange(&request)?;
        let text = String::from_utf8_lossy(body);
        anyhow::ensure!(status == 200 && text.contains(endpoint.sign), "{}: {status} {text}", endpoint.path);
        reply.extend_from_slice(body);
    }
    Ok(found)
}
