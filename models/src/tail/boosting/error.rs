//! What can be wrong with a tree or a model.

/// Why nodes are no tree. Each message says where in the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum TreeError {
    #[error("it has no nodes")]
    Empty,
    #[error("node {node} has child {child}, but there are {nodes} nodes")]
    ChildOutOfRange { node: usize, child: i64, nodes: usize },
    #[error("node {node} is reached twice: the nodes form a cycle or share a child")]
    ReachedTwice { node: usize },
    #[error("node {node} has one child")]
    OneChild { node: usize },
    #[error("node {node} splits feature {feature}, but the model has {features}")]
    FeatureOutOfRange { node: usize, feature: u64, features: usize },
}

/// Why parts do not make a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant")]
pub enum ModelError {
    #[error("tree {tree} is damaged: {error}")]
    Tree { tree: usize, error: TreeError },
    #[error("{what} has {found} entries, not {expected}")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("tree {tree} is for output {output}, but the model has {outputs}")]
    OutputOutOfRange { tree: usize, output: usize, outputs: usize },
    #[error("the boosting rounds do not divide the trees: {why}")]
    Rounds { why: String },
    #[error("there is no output")]
    NoOutput,
}

/// Why a row does not fit a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {what} has {found} values, but the model takes {expected}")]
pub struct RowError {
    /// What is too long or too short.
    pub what: &'static str,
    /// Its length.
    pub found: usize,
    /// The length that fits.
    pub expected: usize,
}
