//! `GET /config/active`: the configuration version in force, with its document.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use bellwether_domain::types::Role;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The route.
pub const GET: Endpoint = Endpoint::new(Verb::Get, "/config/active", Access::AtLeast(Role::Viewer), || web::to(get));

/// The configuration in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActiveConfig<'a> {
    version: VersionView<'a>,
    #[schema(value_type = Object)]
    document: &'a RawValue,
}

/// A configuration version.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView<'a> {
    /// Its identity.
    id: &'a str,
    /// SHA-256 of its document.
    hash: &'a str,
    /// Where it stands.
    #[schema(value_type = String, example = "ACTIVE")]
    state: bellwether_domain::config::VersionState,
    /// Name of the key that drafted it.
    author: &'a str,
    /// When it was drafted.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The configuration version in force, with its document.
#[utoipa::path(
    get, path = "/config/active", tag = "config",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of a former answer.")),
    responses(
        (status = 200, description = "Version and document.", body = ActiveConfig, headers(("ETag" = String, description = "The document's hash."))),
        (status = 304, description = "Nothing has changed."),
    )
)]
pub(crate) async fn get(worker: web::Data<Worker>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let config = worker.services.config.load();
    let tag = EntityTag::new_strong(config.hash.clone());
    let unchanged = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Items(items)) => items.iter().any(|item| item.weak_eq(&tag)),
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Err(_) => false,
    };
    if unchanged {
        return Ok(HttpResponse::NotModified().insert_header(header::ETag(tag)).finish());
    }
    let document: &RawValue = serde_json::from_str(&config.document)
        .map_err(|_| Problem::internal("the configuration in force is no JSON: it must have been damaged"))?;
    let created_at = config.created_at.to_string();
    let version =
        VersionView { id: &config.id, hash: &config.hash, state: config.state, author: &config.author, created_at };
    Ok(HttpResponse::Ok().insert_header(header::ETag(tag)).json(ActiveConfig { version, document }))
}
