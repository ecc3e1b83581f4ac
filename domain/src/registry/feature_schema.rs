//! What a model's inputs are called and how they are read.
use super::ContentHash;
use serde::{Deserialize, Serialize};

/// How a column is read, in the words of XGBoost's `feature_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnKind {
    /// A number.
    #[serde(rename = "float")]
    Float,
    /// A whole number.
    #[serde(rename = "int")]
    Integer,
    /// 0 or 1.
    #[serde(rename = "i")]
    Indicator,
    /// A quantity.
    #[serde(rename = "q")]
    Quantitative,
    /// A category.
    #[serde(rename = "c")]
    Categorical,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureColumn {
    /// Its name.
    pub name: String,
    /// How it is read.
    pub kind: ColumnKind,
}

/// The inputs of a model, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureSchema {
    columns: Vec<FeatureColumn>,
}

impl FeatureSchema {
    /// Of these inputs.
    #[must_use]
    pub const fn new(columns: Vec<FeatureColumn>) -> Self {
        Self { columns }
    }

    /// The inputs.
    #[must_use]
    pub fn columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// Says whether two models take the same inputs: the hash of names and kinds in their order. Each text is preceded
    /// by its length, so that no two schemas run into one.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        let mut text = String::new();
        for FeatureColumn { name, kind } in &self.columns {
            text += &format!("{}:{name}:{kind:?};", name.len());
        }
        ContentHash::of(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(columns: &[(&str, ColumnKind)]) -> FeatureSchema {
        let column = |(name, kind): &(&str, ColumnKind)| FeatureColumn { name: (*name).to_owned(), kind: *kind };
        FeatureSchema::new(columns.iter().map(column).collect())
    }

    #[test]
    fn schemas_have_one_hash_if_names_kinds_and_order_agree() {
        use ColumnKind::{Categorical, Float};
        let one = schema(&[("load", Float), ("venue", Categorical)]);
        assert_eq!(one.hash(), one.clone().hash());
        for other in [
            schema(&[("venue", Categorical), ("load", Float)]),
            schema(&[("load", Float), ("venue", Float)]),
            schema(&[("load", Float)]),
            schema(&[]),
            schema(&[("load:Float;5:venue", Categorical)]),
        ] {
            assert_ne!(one.hash(), other.hash(), "{other:?}");
        }
    }
}
