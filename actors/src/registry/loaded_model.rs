//! A model's file, read and understood.
use bellwether_domain::ports::{ModelRegistry, RegistryError};
use bellwether_domain::registry::{ColumnKind, FeatureColumn, FeatureSchema, ModelName, ModelVersion};
use bellwether_models::tail::boosting::xgboost::{self, FileError};
use bellwether_models::tail::boosting::{BoostedTrees, FeatureKind, Objective};

use super::judging::served_levels;

/// A version that can answer: its bytes were verified, then parsed.
#[derive(Debug, Clone)]
pub struct LoadedModel {
    /// Whose version.
    pub name: ModelName,
    /// Which.
    pub version: ModelVersion,
    /// The trees.
    pub trees: BoostedTrees,
    /// A sample of what it was trained on, as CSV; `None` if nothing is known of that.
    pub sample: Option<Vec<u8>>,
}

/// Why bytes are no model that can be registered or loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum NotAModel {
    #[error("{0}")]
    Registry(#[from] RegistryError),
    #[error("{0}")]
    File(#[from] FileError),
    #[error("its objective is {objective}, but only quantile models are registered: train with reg:quantileerror")]
    NoQuantiles { objective: String },
}

impl LoadedModel {
    /// Reads a version's file and sample: first the hashes are verified, only then is anything parsed.
    ///
    /// # Errors
    /// [`NotAModel`].
    pub fn load(registry: &mut dyn ModelRegistry, name: &ModelName, version: &ModelVersion) -> Result<Self, NotAModel> {
        let bytes = registry.file(&version.sha256)?;
        let trees = xgboost::read(&bytes)?;
        let sample = version.training.as_ref().map(|training| registry.file(&training.sample)).transpose()?;
        Ok(Self { name: name.clone(), version: version.clone(), trees, sample })
    }
}

/// The levels (ascending) and inputs of a model's file, for its registration.
///
/// # Errors
/// [`NotAModel`] if the bytes are no model of quantiles.
pub fn described(bytes: &[u8]) -> Result<(BoostedTrees, Vec<f64>, FeatureSchema), NotAModel> {
    let trees = xgboost::read(bytes)?;
    let Objective::Quantile { levels } = &trees.parts().objective else {
        return Err(NotAModel::NoQuantiles { objective: trees.parts().objective.name().to_owned() });
    };
    let levels = served_levels(levels);
    let schema = schema(&trees);
    Ok((trees, levels, schema))
}

/// A model without names has the inputs `f0`, `f1`, and so on; one without kinds has numbers.
fn schema(trees: &BoostedTrees) -> FeatureSchema {
    let features = &trees.parts().features;
    let column = |index: usize| FeatureColumn {
        name: features.names.get(index).cloned().unwrap_or_else(|| format!("f{index}")),
        kind: features.kinds.get(index).map_or(ColumnKind::Float, |kind| match kind {
            FeatureKind::Float => ColumnKind::Float,
            FeatureKind::Integer => ColumnKind::Integer,
            FeatureKind::Indicator => ColumnKind::Indicator,
            FeatureKind::Quantitative => ColumnKind::Quantitative,
            FeatureKind::Categorical => ColumnKind::Categorical,
        }),
    };
    FeatureSchema::new((0..features.count).map(column).collect())
}
