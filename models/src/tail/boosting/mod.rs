//! Gradient-boosted decision trees that predict quantiles, in XGBoost's own model.
//!
//! A [`BoostedTrees`] is what an XGBoost file holds: trees whose leaves are added to a base score, each for one output.
//! It comes from a file or from training here; prediction, explanation and writing take it from either.
mod categories;
mod error;
mod features;
mod link;
mod model;
mod objective;
mod predict;
mod row_predictor;
mod train;
mod tree;
mod walk;
pub mod xgboost;

pub use categories::{Categories, CategorySet};
pub use error::{ModelError, RowError, TreeError};
pub use features::{FeatureKind, Features};
pub use link::Link;
pub use model::{BoostedTrees, ModelParts};
pub use objective::{Objective, ObjectiveParameter};
pub use predict::{RowsError, ServedQuantile, served_quantiles};
pub use row_predictor::RowPredictor;
pub use train::{
    Column, ColumnShares, EarlyStopping, GrowPolicy, Loss, Monotone, NumberColumn, OptionError, Options, Parameters,
    Round, TableError, TrainError, Trained, TrainingTable, mean_pinball_loss, train,
};
pub use tree::{Node, Split, Tree};
