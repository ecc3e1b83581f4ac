//! `/admin/keys`: who may do what.
use super::super::auth::generate_key;
use super::super::routes::{Endpoint, Verb};
use super::super::services::{Services, Worker, put_off};
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Problem, RequestId};
use actix_web::{HttpResponse, web};
use bellwether_actors::access::{AddKey, RemoveKey};
use bellwether_actors::runtime::now;
use bellwether_domain::types::{KeyRecord, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The route that makes one.
pub const POST: Endpoint = Endpoint::new(Verb::Post, "/admin/keys", Access::AtLeast(Role::Admin), || web::to(post));
/// The route that lists them.
pub const GET: Endpoint = Endpoint::new(Verb::Get, "/admin/keys", Access::AtLeast(Role::Admin), || web::to(get));
/// The route that ends one.
pub const DELETE: Endpoint =
    Endpoint::new(Verb::Delete, "/admin/keys/{id}", Access::AtLeast(Role::Admin), || web::to(delete));

/// Longest name, in bytes.
const LONGEST_NAME: usize = 100;
/// Most keys.
const MOST: usize = 10_000;

/// Whose key, and what it may do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Name of the person or system; it appears in states and logs.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do.
    #[schema(value_type = RoleSchema)]
    role: Role,
}

/// What a key may do; each role may do all that the ones before it may.
#[derive(Debug, ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub enum RoleSchema {
    /// Reads.
    Viewer,
    /// Also sends observations and pulls the brake.
    Operator,
    /// Also releases the brake, overrides, manages keys and faults.
    Admin,
}

/// A new key; it is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewKey {
    /// Its identity.
    id: String,
    /// The key itself: `Authorization: Bearer KEY`.
    key: String,
}

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// Without the keys themselves, which nobody knows but their owners.
    keys: Vec<KeyEntry>,
}

/// One key.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyEntry {
    /// Its identity.
    id: String,
    /// Whose it is.
    name: String,
    /// What it may do.
    #[schema(value_type = RoleSchema)]
    role: Role,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Check for KeyRequest {
    fn check(&self) -> Vec<FieldError> {
        let bad = self.name.trim().is_empty() || self.name.len() > LONGEST_NAME || self.name.contains(char::is_control);
        let message = || format!("use 1 to {LONGEST_NAME} bytes without control characters");
        if bad { vec![FieldError::new("/name", message())] } else { Vec::new() }
    }
}

/// Makes a key. Only its hash is kept: note it down now.
#[utoipa::path(
    post, path = "/admin/keys", tag = "admin", request_body = KeyRequest,
    responses(
        (status = 201, description = "The key, in force and shown this once.", body = NewKey),
        (status = 409, description = "There are too many keys.", body = super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    StrictJson(KeyRequest { name, role }): StrictJson<KeyRequest>,
) -> Result<HttpResponse, Problem> {
    if worker.services.keys.load().len() >= MOST {
        return Err(Problem::conflict(format!("there are {MOST} keys: remove some first")));
    }
    let (key, sha256) = generate_key().map_err(|error| put_off("making a key", &error))?;
    let id = RequestId::generate().as_str().to_owned();
    let record = KeyRecord { id: id.clone(), name, role, sha256, created_at: now() };
    let deadline = Services::write_deadline();
    let add = |slot| AddKey { slot, record: record.clone(), deadline };
    match worker.services.key_keeper.ask_persistently(deadline, add).await? {
        Ok(()) => Ok(HttpResponse::Created().json(NewKey { id, key })),
        Err(error) => Err(put_off("making a key", &error)),
    }
}

/// All keys, without the keys themselves.
#[utoipa::path(
    get, path = "/admin/keys", tag = "admin",
    responses((status = 200, description = "Every key.", body = KeyList))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<KeyList>, Problem> {
    let entry = |record: &KeyRecord| KeyEntry {
        id: record.id.clone(),
        name: record.name.clone(),
        role: record.role,
        created_at: record.created_at.to_string(),
    };
    Ok(web::Json(KeyList { keys: worker.services.keys.load().iter().map(entry).collect() }))
}

/// Ends a key at once.
#[utoipa::path(
    delete, path = "/admin/keys/{id}", tag = "admin",
    params(("id" = String, Path, description = "Identity of the key.")),
    responses((status = 204, description = "It is over."))
)]
pub(crate) async fn delete(worker: web::Data<Worker>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let deadline = Services::write_deadline();
    let remove = |slot| RemoveKey { slot, id: id.clone(), deadline };
    match worker.services.key_keeper.ask_persistently(deadline, remove).await? {
        Ok(true) => Ok(HttpResponse::NoContent().finish()),
        Ok(false) => Err(Problem::not_found("there is no such key: GET /admin/keys lists them")),
        Err(error) => Err(put_off("ending a key", &error)),
    }
}
