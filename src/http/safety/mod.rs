//! `/safety`: the brake, overrides, and what they and the checks did.
pub mod emergency_mode;
pub mod overrides;
pub mod status;

use super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[emergency_mode::POST, status::GET, overrides::POST, overrides::DELETE];
