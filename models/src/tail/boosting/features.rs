//! What a model knows about its inputs.
use super::Categories;

/// How a feature is to be read (XGBoost's `feature_types`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// A number (`float`).
    Float,
    /// A whole number (`int`).
    Integer,
    /// 0 or 1 (`i`).
    Indicator,
    /// A quantity (`q`).
    Quantitative,
    /// A category (`c`), given by its code.
    Categorical,
}

/// The inputs of a model, by position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// How many inputs a row has.
    pub count: usize,
    /// Their names; empty when the model was trained without names.
    pub names: Vec<String>,
    /// Their kinds; empty when the file does not say.
    pub kinds: Vec<FeatureKind>,
    /// The categories behind the codes, per feature; empty when there is no dictionary.
    pub categories: Vec<Option<Categories>>,
}
