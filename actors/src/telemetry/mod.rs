//! Telemetry: one actor per source; each hands its observations to the feature store.
mod polled_source;
mod push;
mod source_status;

pub use polled_source::{MakeSource, PolledSource, PolledSourceOptions};
pub use push::{Push, PushActor, PushOutcome};
pub use source_status::{SourceBoard, SourceCell, SourceView};
