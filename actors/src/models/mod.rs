//! Model actors: one per capability; inference replicas live on the HTTP workers.
pub mod bandit;
mod extreme_events;
mod extremes_report;
pub mod regime_detection;

pub use extreme_events::{ExtremeEventsActor, ExtremeEventsOptions, PredictExtremes, Refusal};
pub use extremes_report::{
    AskedPeriod, ExtremesQuestion, FittedExtremes, IntervalKind, Series, ThresholdChoice, fit, report,
};
