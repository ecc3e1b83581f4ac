//! `/admin`: API keys and injected faults.
pub mod faults;
pub mod keys;

use super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[faults::POST, faults::GET, faults::DELETE, keys::POST, keys::GET, keys::DELETE];
