//! The HTTP edge: what every request and answer passes, whatever the handler behind it does.
//!
//! A part of the API is a file of handlers and a slice of [`routes::Endpoint`]; everything that is the same for all
//! of them (keys, roles, throttling, ids, panics, errors, metrics, documentation) hangs on those rows.
pub mod admin;
pub mod api;
pub mod auth;
pub mod body;
pub mod catch_panic;
pub mod config;
mod connection;
mod docs;
mod edge;
pub mod envelope;
pub mod features;
pub mod health;
mod json_faults;
pub mod limits;
pub mod measure;
pub mod metrics;
pub mod models;
pub mod openapi;
pub mod problem;
pub mod request_id;
pub mod routes;
pub mod safety;
pub mod server;
pub mod services;
pub mod strict_json;
pub mod strict_query;
pub mod telemetry;
#[cfg(test)]
mod tests;

pub use auth::{Access, KeyRing, Principal, SharedKeyRing};
pub use edge::{EdgeParts, RequestContext};
pub use problem::{FieldError, Problem, ProblemDocument};
pub use request_id::RequestId;
pub use routes::{Endpoint, Table, Verb};
pub use strict_json::{Check, OptionalJson, StrictJson};
pub use strict_query::StrictQuery;
