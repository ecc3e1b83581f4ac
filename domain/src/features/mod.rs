//! Features: declared in a registry, computed ahead of requests from observations.
mod calendar;
mod moments;
mod point_log;
mod recent_values;
mod rolling_window;
mod series;
mod sketch;

pub use calendar::{
    Calendar, CalendarDocument, CalendarError, CalendarField, CalendarMoment, LunchDocument, SessionPhase,
};
pub use recent_values::RecentValues;
pub use sketch::{RELATIVE_ERROR, Sketch};
