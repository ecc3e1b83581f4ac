//! `/models/regime-detection`: change points of streams, and the changes found before.
pub mod detect;
pub mod history;

use super::super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[detect::POST, history::GET];
