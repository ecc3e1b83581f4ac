//! `/models`: one file per capability; what they share is here.
mod answer;
pub mod bandit;
pub mod extreme_events;
mod fields;
pub mod list;
pub mod regime_detection;
pub mod registry;

pub use answer::{Asked, answer};
pub use fields::{DeadlineMs, GivenFeatures};

use super::routes::Endpoint;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[extreme_events::POST, list::GET];
