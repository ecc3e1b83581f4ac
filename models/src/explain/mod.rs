//! Why a model of trees answers what it answers: contributions of features to one prediction, and their importance for
//! all.
mod error;
mod importance;
pub mod permutation;
mod tree_shap;

pub use error::ExplainError;
pub use importance::{Importance, importance};
pub use tree_shap::TreeShap;
