//! `GET /metrics`: Prometheus text.
use super::routes::{Endpoint, Verb};
use super::services::Worker;
use super::{Access, Problem};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use bellwether_domain::types::Role;

/// The routes of this file.
pub const ROUTES: &[Endpoint] =
    &[Endpoint::new(Verb::Get, "/metrics", Access::AtLeast(Role::Viewer), || web::to(get)).never_throttled()];

/// All metrics in Prometheus's text format.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Text exposition format 0.0.4.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<HttpResponse, Problem> {
    let services = &worker.services;
    for actor in services.board.actors() {
        let name = actor.name.to_string();
        metrics::gauge!("actor_state", "actor" => name.clone()).set(actor.state.gauge());
        #[expect(clippy::cast_precision_loss, reason = "queues are short")]
        metrics::gauge!("actor_queue_depth", "actor" => name).set(actor.queued as f64);
    }
    #[expect(clippy::cast_precision_loss, reason = "threads are few")]
    metrics::gauge!("actor_leaked_threads").set(services.leaked.count() as f64);
    let text = services.metrics.render();
    let content_type = HeaderValue::from_static(crate::observability::metrics::CONTENT_TYPE);
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(text))
}
