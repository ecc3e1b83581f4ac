//! Training of quantile gradient boosting by histograms.
//!
//! Source: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, equations 6 and 7 and algorithms 1
//! and 3; the treatment of the pinball loss, of bins, missing values, categories and constraints is that of XGBoost's
//! `hist` method, so that equal parameters give equal behaviour.
mod answers;
mod binned;
mod cuts;
mod draw;
mod early_stopping;
mod error;
mod frontier;
mod gain;
mod gradients;
mod grow;
mod histogram;
mod leaf_size;
mod options;
mod output;
mod quantile;
mod rounds;
mod split;
mod split_categories;
mod table;
mod tally;
mod workers;

pub use error::{OptionError, TableError, TrainError};
pub use options::{ColumnShares, EarlyStopping, GrowPolicy, Loss, Monotone, Options, Parameters};
pub use quantile::mean_pinball_loss;
pub use rounds::{Round, Trained, train};
pub use table::{Column, NumberColumn, TrainingTable};
