//! A tree with what its explanation needs of every node.
use super::paths::Paths;
use crate::tail::boosting::{Node, Split, Tree};

/// A tree's nodes in their own order: parents before children, siblings side by side.
#[derive(Debug, Clone)]
pub(super) struct CompiledTree {
    pub(super) nodes: Vec<CompiledNode>,
    /// Most distinct features on a path.
    pub(super) path_features: usize,
    mean: f64,
}

#[derive(Debug, Clone)]
pub(super) enum CompiledNode {
    Leaf(f64),
    Inner(Inner),
}

#[derive(Debug, Clone)]
pub(super) struct Inner {
    pub(super) feature: u32,
    pub(super) left: u32,
    /// The node below the last question about the same feature further up; the root if there is none.
    pub(super) previous: u32,
    pub(super) default_left: bool,
    pub(super) split: Split,
    /// Share of the rows that goes left, and that goes right.
    pub(super) shares: [f64; 2],
    /// Product of the shares behind the questions about the same feature further up; 1 if there is none.
    pub(super) before: f64,
}

/// Shares of the rows of a node that its children have. Covers of 0 tell nothing: both halves alike.
fn shares(cover: f32, children: [f32; 2]) -> [f64; 2] {
    let sound = cover > 0.0 && cover.is_finite();
    children.map(|child| match f64::from(child) / f64::from(cover) {
        share if sound && share >= 0.0 => share.min(1.0),
        _ => 0.5,
    })
}

impl CompiledTree {
    /// The tree with its leaves multiplied by `weight`.
    pub(super) fn new(tree: &Tree, weight: f32) -> Self {
        let source = tree.nodes();
        let paths = Paths::new(source);
        let mut behind = vec![1.0; source.len()];
        let mut nodes = Vec::with_capacity(source.len());
        for (at, node) in source.iter().enumerate() {
            nodes.push(match node {
                Node::Leaf { value, .. } => CompiledNode::Leaf(f64::from(*value) * f64::from(weight)),
                Node::Inner { feature, split, default_left, left, cover, .. } => {
                    let children = [*left, *left + 1].map(|child| source[child as usize].cover());
                    let shares = shares(*cover, children);
                    let previous = paths.previous[at];
                    let before = behind[previous as usize];
                    for (child, share) in behind[*left as usize..].iter_mut().zip(shares) {
                        *child = before * share;
                    }
                    let (default_left, split) = (*default_left, split.clone());
                    CompiledNode::Inner(Inner {
                        feature: *feature,
                        left: *left,
                        previous,
                        default_left,
                        split,
                        shares,
                        before,
                    })
                }
            });
        }
        let mean = mean(&nodes);
        Self { nodes, path_features: paths.most_features, mean }
    }

    /// The leaves' mean, weighted by the rows' shares.
    pub(super) const fn mean(&self) -> f64 {
        self.mean
    }
}

fn mean(nodes: &[CompiledNode]) -> f64 {
    let mut means = vec![0.0; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        means[at] = match node {
            CompiledNode::Leaf(value) => *value,
            CompiledNode::Inner(inner) => {
                let left = inner.left as usize;
                inner.shares[0] * means[left] + inner.shares[1] * means[left + 1]
            }
        };
    }
    means.first().copied().unwrap_or(0.0)
}
