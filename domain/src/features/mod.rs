//! Features: declared in a registry, computed ahead of requests from observations.
mod calendar;

pub use calendar::{
    Calendar, CalendarDocument, CalendarError, CalendarField, CalendarMoment, LunchDocument, SessionPhase,
};
