//! `/config`: the configuration in force.
pub mod active;

use super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[active::GET];
