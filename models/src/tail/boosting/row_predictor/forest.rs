//! All trees of a model in groups of sixteen, each group in the form that suits its depth.
use super::complete::Complete;
use super::linked::Linked;
use super::questions::{Answers, Questions};
use crate::tail::boosting::{BoostedTrees, Node, Tree};

/// Trees that are walked together.
pub(super) const GROUP: usize = 16;
/// Rows that a group answers before the next one does: their answers fit into the nearest memory.
const ROWS: usize = 4;

/// A tree with the factor of its leaves (1, or its weight in dart).
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighted<'a> {
    pub(super) tree: &'a Tree,
    pub(super) weight: f32,
}

impl Weighted<'_> {
    /// What a leaf adds; 0 for an inner node.
    pub(super) fn value(&self, node: &Node) -> f32 {
        match node {
            Node::Leaf { value, .. } => value * self.weight,
            Node::Inner { .. } => 0.0,
        }
    }

    /// Questions on the longest path.
    fn depth(&self) -> usize {
        let nodes = self.tree.nodes();
        let mut depths = vec![0; nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            if let Node::Inner { left, .. } = node {
                let below = depths[at] + 1;
                depths[*left as usize..][..2].fill(below);
            }
        }
        depths.into_iter().max().unwrap_or(0)
    }
}

/// Groups in the order in which their leaves are added, and questions of which there are at most `N`.
#[derive(Debug, Clone)]
pub(super) struct Forest<const N: usize> {
    questions: Questions,
    groups: Vec<(usize, Group)>,
}

#[derive(Debug, Clone)]
enum Group {
    Complete(Complete),
    Linked(Linked),
}

impl Group {
    fn new(questions: &Questions, trees: &[Weighted<'_>]) -> Option<Self> {
        let depth = trees.iter().map(Weighted::depth).max().unwrap_or(0);
        let leaves: usize = trees.iter().map(|tree| tree.tree.nodes().len() / 2 + 1).sum();
        if Complete::suits(depth, leaves) {
            Complete::new(questions, trees, depth).map(Self::Complete)
        } else {
            Linked::new(questions, trees, depth).map(Self::Linked)
        }
    }

    fn add<const N: usize>(&self, answers: &Answers<N>, margin: &mut f32) {
        match self {
            Self::Complete(group) => group.add(answers, margin),
            Self::Linked(group) => group.add(answers, margin),
        }
    }
}

impl<const N: usize> Forest<N> {
    /// `None` if the model asks more than `N` questions.
    pub(super) fn new(model: &BoostedTrees, questions: &Questions) -> Option<Self> {
        if questions.count() > N {
            return None;
        }
        let parts = model.parts();
        let mut of_outputs = vec![Vec::new(); model.outputs()];
        for (index, (tree, output)) in model.trees_in_use().iter().zip(&parts.tree_outputs).enumerate() {
            let weight = parts.tree_weights.as_ref().map_or(1.0, |weights| weights[index]);
            of_outputs[*output as usize].push(Weighted { tree, weight });
        }
        let mut groups = Vec::new();
        for (output, trees) in of_outputs.iter().enumerate() {
            for trees in trees.chunks(GROUP) {
                groups.push((output, Group::new(questions, trees)?));
            }
        }
        Some(Self { questions: questions.clone(), groups })
    }

    /// Adds every tree's leaf to the output that it is for.
    pub(super) fn add_row(&self, row: &[f32], out: &mut [f32]) {
        let mut answers = [0; N];
        self.questions.answer(row, &mut answers);
        for (output, group) in &self.groups {
            group.add(&answers, &mut out[*output]);
        }
    }

    /// The same for rows of `features` values and `outputs` margins.
    pub(super) fn add_rows(&self, rows: &[f32], features: usize, out: &mut [f32], outputs: usize) {
        let mut answers = vec![[0; N]; ROWS];
        for (chunk, out) in out.chunks_mut(ROWS * outputs).enumerate() {
            let count = out.len() / outputs;
            for (row, answers) in answers[..count].iter_mut().enumerate() {
                self.questions.answer(&rows[(chunk * ROWS + row) * features..][..features], answers);
            }
            for (output, group) in &self.groups {
                for (out, answers) in out.chunks_exact_mut(outputs).zip(&answers) {
                    group.add(answers, &mut out[*output]);
                }
            }
        }
    }
}
