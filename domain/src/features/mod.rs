//! Features: declared in a registry, computed ahead of requests from observations.
//!
//! Observations flow into a [`FeatureEngine`], which knows the [`FeatureRegistry`] and the [`Calendar`]; it publishes
//! [`ServiceFeatures`], which anybody may read at any time without a lock.
mod calendar;
mod document;
mod engine;
#[cfg(test)]
mod engine_tests;
mod expression;
mod expression_parser;
mod feature_vector;
mod moments;
mod point_log;
mod recent_values;
mod registry;
#[cfg(test)]
mod registry_tests;
mod rolling_window;
mod series;
mod service_state;
mod sketch;
mod validation;

pub use calendar::{
    Calendar, CalendarDocument, CalendarError, CalendarField, CalendarMoment, LunchDocument, SessionPhase,
};
pub use document::{FeatureDocument, FeatureError, FeatureType, FeaturesDocument};
pub use engine::{EngineLimits, EngineStats, FURTHEST_AHEAD, FeatureEngine, Ingested, OLDEST};
pub use expression::{Expression, ExpressionError};
pub use feature_vector::{FeatureValue, FeaturesView, Reading, ServiceFeatures};
pub use recent_values::RecentValues;
pub use registry::{Aggregate, FeatureRegistry, FeatureSpec, Rule};
pub use sketch::{RELATIVE_ERROR, Sketch};
