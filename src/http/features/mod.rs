//! `/features`: what is computed ahead of requests.
pub mod history;
pub mod list;
pub mod registry;
pub mod service;

use super::routes::Endpoint;

/// The routes of this folder; the registry before the services, whose pattern would hide it.
pub const ROUTES: &[Endpoint] = &[list::GET, registry::GET, service::GET, history::GET];
