//! Shallow trees, filled up to complete ones: children need no links, and a node takes two bytes.
use super::forest::{GROUP, Weighted};
use super::questions::{Answers, LEFT, Questions};
use crate::tail::boosting::Node;

/// Deepest trees that are filled up.
const DEEPEST: usize = 8;
/// Leaves that filling up may leave for each that a tree has.
const FILLING: usize = 4;

/// Up to sixteen trees, each in heap order: children of node i are 2 i and 2 i + 1, the root is 1, 0 is unused.
#[derive(Debug, Clone)]
pub(super) struct Complete {
    depth: usize,
    trees: usize,
    /// The number of each node's question.
    nodes: Vec<u16>,
    leaves: Vec<f32>,
}

impl Complete {
    /// Whether filling up trees of that depth, with so many leaves in all, saves more time than it takes memory.
    pub(super) fn suits(depth: usize, leaves: usize) -> bool {
        depth <= DEEPEST && GROUP << depth <= FILLING * leaves.max(GROUP)
    }

    pub(super) fn new(questions: &Questions, trees: &[Weighted<'_>], depth: usize) -> Option<Self> {
        let (nodes, leaves) = (vec![LEFT; GROUP << depth], vec![0.0; GROUP << depth]);
        let mut group = Self { depth, trees: trees.len(), nodes, leaves };
        for (index, tree) in trees.iter().enumerate() {
            group.fill(questions, tree, index << depth)?;
        }
        Some(group)
    }

    /// Writes one tree from `start` on. Below a leaf every question leads left, to where its value is written.
    fn fill(&mut self, questions: &Questions, tree: &Weighted<'_>, start: usize) -> Option<()> {
        let mut left = vec![(0, 1_usize)];
        while let Some((index, place)) = left.pop() {
            match &tree.tree.nodes()[index] {
                Node::Inner { feature, split, default_left, left: child, .. } => {
                    self.nodes[start + place] = questions.number(*feature, split, *default_left)?;
                    left.extend([(*child as usize, 2 * place), (*child as usize + 1, 2 * place + 1)]);
                }
                leaf @ Node::Leaf { .. } => {
                    let below = self.depth - place.ilog2() as usize;
                    self.leaves[start + (place << below) - (1 << self.depth)] = tree.value(leaf);
                }
            }
        }
        Some(())
    }

    /// Adds the leaf of every tree, in their order.
    pub(super) fn add<const N: usize>(&self, answers: &Answers<N>, margin: &mut f32) {
        let leaves = match self.depth {
            0 => self.walk::<1, N>(answers),
            1 => self.walk::<2, N>(answers),
            2 => self.walk::<4, N>(answers),
            3 => self.walk::<8, N>(answers),
            4 => self.walk::<16, N>(answers),
            5 => self.walk::<32, N>(answers),
            6 => self.walk::<64, N>(answers),
            7 => self.walk::<128, N>(answers),
            _ => self.walk::<{ 1 << DEEPEST }, N>(answers),
        };
        for leaf in &leaves[..self.trees] {
            *margin += leaf;
        }
    }

    /// The leaves of trees with `LEAVES` places for them.
    fn walk<const LEAVES: usize, const N: usize>(&self, answers: &Answers<N>) -> [f32; GROUP] {
        let (nodes, leaves) = (self.nodes.as_chunks::<LEAVES>().0, self.leaves.as_chunks::<LEAVES>().0);
        let (Some(nodes), Some(leaves)) = (nodes.first_chunk::<GROUP>(), leaves.first_chunk::<GROUP>()) else {
            return [0.0; GROUP];
        };
        // The remainders are the numbers themselves; they show the compiler that no index is out of range.
        let mut at = [1; GROUP];
        for _ in 0..LEAVES.ilog2() {
            for (nodes, at) in nodes.iter().zip(&mut at) {
                let question = usize::from(nodes[*at % LEAVES]);
                *at = 2 * *at + usize::from(answers[question % N]);
            }
        }
        std::array::from_fn(|tree| leaves[tree][at[tree] % LEAVES])
    }
}
