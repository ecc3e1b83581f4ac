//! What the online learners remember: decisions of experiments, their rewards, values appended to streams.
mod decision;
mod decision_id;
mod event;
mod stream_value;

pub use decision::{Decision, DecisionMode, RewardRange};
pub use decision_id::{DecisionId, InvalidDecisionId};
pub use event::ExperimentEvent;
pub use stream_value::StreamValue;
