//! The model registry's rules: versions of named models, who is champion, when a version may be promoted, how to go back.
//!
//! Versions never change. Who is champion and who challenger follows from the history alone, so that the two cannot
//! disagree.
mod comparison;
mod content_hash;
mod evaluation;
mod event;
mod feature_schema;
mod model_name;
mod promotion;
mod registered_model;
mod reservoir;
mod rollback;
mod version;

pub use comparison::{Comparison, ComparisonError, LossDifference, Predictions, QuantileComparison, compare};
pub use content_hash::{ContentHash, InvalidHash};
pub use evaluation::{Evaluation, QuantileEvaluation, evaluate};
pub use event::{Action, ModelEvent};
pub use feature_schema::{ColumnKind, FeatureColumn, FeatureSchema};
pub use model_name::{InvalidModelName, ModelName};
pub use promotion::{PromotionRefused, may_promote};
pub use registered_model::RegisteredModel;
pub use reservoir::reservoir;
pub use rollback::{RollbackRefused, rollback_target};
pub use version::{ModelKind, ModelVersion, TrainingData, VersionNumber};
