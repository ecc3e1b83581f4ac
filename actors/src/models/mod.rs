//! Model actors: one per capability; inference replicas live on the HTTP workers.
mod extreme_events;
mod extremes_report;

pub use extreme_events::{ExtremeEventsActor, ExtremeEventsOptions, PredictExtremes, Refusal};
pub use extremes_report::{ExtremesQuestion, IntervalKind, report};
