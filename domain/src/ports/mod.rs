//! The outside world as the rest of Bellwether sees it. Adapters implement these traits.
mod learner_log;
mod model_registry;
mod state_store;
mod telemetry_source;

pub use learner_log::{
    Append, Appended, Claimed, Epoch, Learner, LearnerChange, LearnerSnapshot, LearnerWrite, LearnerWritten, Logged,
    LoggedEntry, SnapshotPart,
};
pub use model_registry::{FileStamp, ModelRegistry, NewVersion, Promotion, RegistryError, Signed};
pub use state_store::{ObservationPage, ObservationQuery, StateStore, StoreError, StoredState, Write, Written};
pub use telemetry_source::{Polled, SourceError, TelemetrySource};
