//! A model: trees, what they are added to, and what their inputs and outputs mean.
use super::{Features, ModelError, Node, Objective, Tree, TreeError};
use std::collections::BTreeMap;

/// What a model is made of; [`BoostedTrees::new`] checks it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParts {
    /// What it was trained for.
    pub objective: Objective,
    /// One per output, as XGBoost's file holds them: before the link (a probability for logistic objectives).
    pub base_scores: Vec<f32>,
    /// What the inputs are.
    pub features: Features,
    /// The trees in the file's order, in which leaves are added.
    pub trees: Vec<Tree>,
    /// The output that each tree adds to.
    pub tree_outputs: Vec<u32>,
    /// What each tree's leaves are multiplied by (dart); `None` for 1.
    pub tree_weights: Option<Vec<f32>>,
    /// Where each boosting round's trees start, and the number of trees last: rounds + 1 entries.
    pub round_starts: Vec<usize>,
    /// The last round that prediction uses, counted from 0, when training stopped early.
    pub best_round: Option<usize>,
    /// The file's other attributes.
    pub attributes: BTreeMap<String, String>,
}

/// Gradient-boosted trees: margin of output k = base score k + the leaves of the trees for k, added in file order in f32.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostedTrees {
    parts: ModelParts,
}

impl BoostedTrees {
    /// A model of parts that agree with each other.
    ///
    /// # Errors
    /// [`ModelError`] names the part that contradicts another.
    pub fn new(parts: ModelParts) -> Result<Self, ModelError> {
        let (outputs, trees) = (parts.base_scores.len(), parts.trees.len());
        if outputs == 0 {
            return Err(ModelError::NoOutput);
        }
        let lengths = [
            ("the list of tree outputs", Some(parts.tree_outputs.len()), trees),
            ("the list of tree weights", parts.tree_weights.as_ref().map(Vec::len), trees),
            ("the list of feature names", named(parts.features.names.len()), parts.features.count),
            ("the list of feature types", named(parts.features.kinds.len()), parts.features.count),
            ("the dictionary of categories", named(parts.features.categories.len()), parts.features.count),
        ];
        for (what, found, expected) in lengths {
            if let Some(found) = found.filter(|found| *found != expected) {
                return Err(ModelError::Length { what, found, expected });
            }
        }
        for (tree, output) in parts.tree_outputs.iter().map(|output| *output as usize).enumerate() {
            if output >= outputs {
                return Err(ModelError::OutputOutOfRange { tree, output, outputs });
            }
        }
        for (tree, nodes) in parts.trees.iter().map(Tree::nodes).enumerate() {
            check_features(nodes, parts.features.count).map_err(|error| ModelError::Tree { tree, error })?;
        }
        check_rounds(&parts)?;
        Ok(Self { parts })
    }

    /// What the model is made of.
    #[must_use]
    pub const fn parts(&self) -> &ModelParts {
        &self.parts
    }

    /// Numbers that a prediction has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.parts.base_scores.len()
    }

    /// The trees that prediction uses: those up to the best round, when training stopped early, else all.
    #[must_use]
    pub fn trees_in_use(&self) -> &[Tree] {
        let end = self.parts.best_round.map_or(self.parts.trees.len(), |round| self.parts.round_starts[round + 1]);
        &self.parts.trees[..end]
    }
}

/// The length of a list that may be left out.
fn named(length: usize) -> Option<usize> {
    (length > 0).then_some(length)
}

fn check_features(nodes: &[Node], features: usize) -> Result<(), TreeError> {
    for (index, node) in nodes.iter().enumerate() {
        if let Node::Inner { feature, .. } = node
            && *feature as usize >= features
        {
            return Err(TreeError::FeatureOutOfRange { node: index, feature: u64::from(*feature), features });
        }
    }
    Ok(())
}

fn check_rounds(parts: &ModelParts) -> Result<(), ModelError> {
    let (starts, trees) = (&parts.round_starts, parts.trees.len());
    let wrong = |why: String| Err(ModelError::Rounds { why });
    if starts.first() != Some(&0) || starts.last() != Some(&trees) {
        return wrong(format!("they must start at tree 0 and end at {trees}"));
    }
    if starts.windows(2).any(|pair| pair[0] > pair[1]) {
        return wrong("their starts do not ascend".to_owned());
    }
    match parts.best_round {
        Some(round) if round + 1 >= starts.len() => wrong(format!("the best one is {round} of {}", starts.len() - 1)),
        _ => Ok(()),
    }
}
