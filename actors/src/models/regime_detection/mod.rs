//! Regime detection: every observed quantity of every service is a stream that is watched for change points.
mod backlog;
mod changed;
mod owner;
mod reader;
mod report;
mod stream;
mod streams;
mod times;

pub(crate) use owner::tell_of;
pub use owner::{AppendValues, MOST_STREAMS, Observe, RegimeDetectionActor, RegimeDetectionOptions, SaveStreams};
pub use reader::{RegimeReader, ServiceStreams};
pub use report::{decisive, report_service, report_stream};
pub use stream::{ANOMALY_SCORE, FoundChange, SETTLING, Standing, Stream};
