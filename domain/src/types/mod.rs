//! Words shared by every crate: ids, units, observations, outputs, verdicts.
mod access;
mod capability;
mod identifiers;
mod model_output;
mod observation;
mod timestamp;
mod units;
mod verdict;

pub use access::{KeyRecord, Role};
pub use capability::{Capability, UnknownCapability};
pub use identifiers::{ArmName, ExperimentName, FeatureName, InvalidName, ServiceId};
pub use model_output::{FieldValue, Fields};
pub use observation::Observation;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use units::{Coverage, OutOfRange, Share};
pub use verdict::{Level, Verdict, Violation};
