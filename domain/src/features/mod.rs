//! Features: declared in a registry, computed ahead of requests from observations.
mod calendar;
mod document;
mod expression;
mod expression_parser;
mod moments;
mod point_log;
mod recent_values;
mod registry;
#[cfg(test)]
mod registry_tests;
mod rolling_window;
mod series;
mod sketch;
mod validation;

pub use calendar::{
    Calendar, CalendarDocument, CalendarError, CalendarField, CalendarMoment, LunchDocument, SessionPhase,
};
pub use document::{FeatureDocument, FeatureError, FeatureType, FeaturesDocument};
pub use expression::{Expression, ExpressionError};
pub use recent_values::RecentValues;
pub use registry::{Aggregate, FeatureRegistry, FeatureSpec, Rule};
pub use sketch::{RELATIVE_ERROR, Sketch};
