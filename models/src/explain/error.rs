//! What cannot be explained.
use crate::tail::boosting::RowError;

/// Why there is no explanation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum ExplainError {
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("there is no output {output}: the model has {outputs}")]
    NoOutput { output: usize, outputs: usize },
    #[error("a tree asks for {features} features on one path, which takes too long to explain beyond {most}")]
    TooDeep { features: usize, most: usize },
    #[error("there is no feature {position}: a row has {features}")]
    NoFeature { position: usize, features: usize },
    #[error("a table without rows has no permutation importance")]
    NoRows,
    #[error("permutation importance needs at least one repeat")]
    NoRepeats,
}
