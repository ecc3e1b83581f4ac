//! Deep or lopsided trees: nodes that know their children.
use super::forest::{GROUP, Weighted};
use super::questions::{Answers, LEFT, Questions};
use crate::tail::boosting::Node;

/// Levels walked before it is looked whether all trees have come to a leaf.
const LEVELS: usize = 4;

/// A node; a leaf leads to itself, so that trees of all depths are walked alike.
#[derive(Debug, Clone, Copy)]
struct LinkedNode {
    left: u32,
    question: u16,
}

/// Up to sixteen trees, one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Linked {
    depth: usize,
    trees: usize,
    roots: [u32; GROUP],
    nodes: Vec<LinkedNode>,
    /// What a node adds if it is a leaf.
    values: Vec<f32>,
}

impl Linked {
    pub(super) fn new(questions: &Questions, trees: &[Weighted<'_>], depth: usize) -> Option<Self> {
        let mut group = Self { depth, trees: trees.len(), roots: [0; GROUP], nodes: Vec::new(), values: Vec::new() };
        for (index, tree) in trees.iter().enumerate() {
            let root = u32::try_from(group.nodes.len()).ok()?;
            group.roots[index] = root;
            for (node, at) in tree.tree.nodes().iter().zip(root..) {
                let (question, left) = match node {
                    Node::Inner { feature, split, default_left, left, .. } => {
                        (questions.number(*feature, split, *default_left)?, root.checked_add(*left)?)
                    }
                    Node::Leaf { .. } => (LEFT, at),
                };
                group.nodes.push(LinkedNode { left, question });
                group.values.push(tree.value(node));
            }
        }
        Some(group)
    }

    /// Adds the leaf of every tree, in their order.
    pub(super) fn add<const N: usize>(&self, answers: &Answers<N>, margin: &mut f32) {
        let mut at = self.roots;
        for _ in 0..self.depth.div_ceil(LEVELS) {
            let before = at;
            for _ in 0..LEVELS {
                for at in &mut at {
                    let node = self.nodes[*at as usize];
                    *at = node.left + u32::from(answers[usize::from(node.question) % N]);
                }
            }
            if at == before {
                break;
            }
        }
        for at in &at[..self.trees] {
            *margin += self.values[*at as usize];
        }
    }
}
