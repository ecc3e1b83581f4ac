//! The HTTP edge: what every request and answer passes, whatever the handler behind it does.
//!
//! A part of the API is a file of handlers and a slice of [`routes::Endpoint`]; everything that is the same for all
//! of them (keys, roles, throttling, ids, panics, errors, metrics, documentation) hangs on those rows.
pub mod auth;
pub mod body;
pub mod catch_panic;
mod connection;
mod docs;
mod edge;
mod json_faults;
pub mod limits;
pub mod measure;
pub mod openapi;
pub mod problem;
pub mod request_id;
pub mod routes;
pub mod server;
pub mod strict_json;
pub mod strict_query;
#[cfg(test)]
mod tests;

pub use auth::{Access, KeyRing, Principal, SharedKeyRing};
pub use edge::{EdgeParts, RequestContext};
pub use problem::{FieldError, Problem, ProblemDocument};
pub use request_id::RequestId;
pub use routes::{Endpoint, Table, Verb};
pub use strict_json::{Check, OptionalJson, StrictJson};
pub use strict_query::StrictQuery;
