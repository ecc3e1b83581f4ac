//! What a model was trained for, and the link between margin and prediction that follows from it.
use std::collections::BTreeMap;

/// The training objective, by XGBoost's name for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Objective {
    /// `reg:quantileerror`: output i predicts the quantile at level i.
    Quantile {
        /// The levels in the model's own order (need not ascend), between 0 and 1.
        levels: Vec<f32>,
    },
    /// Any other objective whose prediction is well defined.
    Other {
        /// XGBoost's name, such as `binary:logistic`.
        name: String,
        /// Its own parameters as the file has them, by group: `tweedie_regression_param`, `reg_loss_param`, ...
        parameters: BTreeMap<String, ObjectiveParameter>,
    },
}

/// An entry of an objective beside its name.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectiveParameter {
    /// A group of named values, which are text in the file.
    Group(BTreeMap<String, String>),
    /// Numbers (what unbiased ranking has learnt about positions).
    Numbers(Vec<f32>),
    /// A text.
    Text(String),
}

impl Objective {
    /// XGBoost's name for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Quantile { .. } => "reg:quantileerror",
            Self::Other { name, .. } => name,
        }
    }
}
