//! `/telemetry`: observations in and out.
pub mod observations;

use super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[observations::POST, observations::GET];
