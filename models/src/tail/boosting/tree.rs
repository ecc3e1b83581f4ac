//! One decision tree, in the canonical order that prediction and explanation rely on.
use super::{CategorySet, TreeError};

/// What an inner node asks of a row. The answer yes leads left for [`Split::Below`], right for [`Split::In`].
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// Left if the value is below the threshold (strictly, both f32).
    Below(f32),
    /// Right if the value's category is in the set; negative codes and codes beyond it go left.
    In(CategorySet),
}

/// A node of a tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Where a row ends.
    Leaf {
        /// What is added to the margin.
        value: f32,
        /// Sum of the second derivatives of the training rows that ended here (their number, without weights, for
        /// the pinball loss).
        cover: f32,
    },
    /// Where rows part.
    Inner {
        /// Position of the feature.
        feature: u32,
        /// The question.
        split: Split,
        /// Whether a missing value goes left.
        default_left: bool,
        /// Index of the left child; the right one follows it.
        left: u32,
        /// How much the split lowered the loss.
        gain: f32,
        /// Sum of the second derivatives of the training rows that came through.
        cover: f32,
        /// `-G / (H + lambda)`: what the node would answer as a leaf, not shrunk.
        weight: f32,
    },
}

impl Node {
    /// Sum of the second derivatives of the training rows that came through.
    #[must_use]
    pub const fn cover(&self) -> f32 {
        match self {
            Self::Leaf { cover, .. } | Self::Inner { cover, .. } => *cover,
        }
    }
}

/// A decision tree. The root is node 0, nodes stand level by level (breadth first), siblings side by side, left first:
/// a child's index is above its parent's. Every node is reached from the root exactly once.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// A tree of nodes in any order, where `children(i)` gives both children of inner node i as they stand in `nodes`
    /// (their own `left` is ignored). Nodes that the root does not reach are dropped.
    ///
    /// # Errors
    /// [`TreeError`] when there is no root, a child does not exist, or a node is reached twice.
    pub fn from_linked(nodes: &[Node], children: impl Fn(usize) -> (i64, i64)) -> Result<Self, TreeError> {
        Self::grown(nodes.len(), |index| Ok(nodes[index].clone()), children, |error| error)
    }

    /// A tree of `count` nodes, made one by one as the root reaches them; else as [`Self::from_linked`].
    pub(super) fn grown<E>(
        count: usize,
        node: impl Fn(usize) -> Result<Node, E>,
        children: impl Fn(usize) -> (i64, i64),
        refused: impl Fn(TreeError) -> E,
    ) -> Result<Self, E> {
        if count == 0 {
            return Err(refused(TreeError::Empty));
        }
        let mut reached = vec![false; count];
        reached[0] = true;
        let mut order = vec![0];
        let mut ordered = Vec::with_capacity(count);
        let mut next = 0;
        while let Some(&index) = order.get(next) {
            next += 1;
            let mut node = node(index)?;
            if let Node::Inner { left, .. } = &mut node {
                *left = u32::try_from(order.len()).unwrap_or(u32::MAX);
                let (first, second) = children(index);
                for child in [first, second] {
                    let at = usize::try_from(child).ok().filter(|at| *at < count);
                    let at =
                        at.ok_or_else(|| refused(TreeError::ChildOutOfRange { node: index, child, nodes: count }))?;
                    if std::mem::replace(&mut reached[at], true) {
                        return Err(refused(TreeError::ReachedTwice { node: at }));
                    }
                    order.push(at);
                }
            }
            ordered.push(node);
        }
        Ok(Self { nodes: ordered })
    }

    /// A tree that is a single leaf.
    #[must_use]
    pub fn leaf(value: f32, cover: f32) -> Self {
        Self { nodes: vec![Node::Leaf { value, cover }] }
    }

    /// The nodes, the root first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Value of the leaf where a row ends; NaN is missing.
    #[must_use]
    pub fn value_of(&self, row: &[f32]) -> f32 {
        match &self.nodes[self.leaf_of(row)] {
            Node::Leaf { value, .. } => *value,
            Node::Inner { .. } => 0.0,
        }
    }

    /// Index of the leaf where a row ends; NaN is missing.
    #[must_use]
    pub fn leaf_of(&self, row: &[f32]) -> usize {
        let mut at = 0;
        while let Node::Inner { feature, split, default_left, left, .. } = &self.nodes[at] {
            let value = row[*feature as usize];
            at = *left as usize + usize::from(!split.goes_left(value, *default_left));
        }
        at
    }
}

impl Split {
    /// Where a value leads; NaN is missing.
    #[must_use]
    pub fn goes_left(&self, value: f32, default_left: bool) -> bool {
        if value.is_nan() {
            return default_left;
        }
        match self {
            Self::Below(threshold) => value < *threshold,
            Self::In(set) => !set.holds(value),
        }
    }
}
