//! Trees and rows laid out for walking many rows: 12 bytes a node, and eight rows at a time through one tree, so that the
//! processor waits for eight nodes at once instead of one after the other.
use super::{CategorySet, Node, Split, Tree};

/// Rows walked together.
const TOGETHER: usize = 8;
const DEFAULT_LEFT: u32 = 1 << 31;
const CATEGORICAL: u32 = 1 << 30;
const LEAF: u32 = 1 << 29;
/// The position of the feature; models with more cannot be made.
const FEATURE: u32 = (1 << 29) - 1;
/// Levels after which it is looked whether all rows have come to their leaves.
const BURST: usize = 8;

/// A node. A leaf compares with NaN, which leads right, and its right child is itself.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The threshold, or the bits of the place of a set of categories.
    threshold: f32,
    /// Position of the feature, and the flags above it.
    feature: u32,
    left: u32,
}

/// A tree for walking.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    steps: Vec<Step>,
    /// What a leaf adds, by node.
    values: Vec<f32>,
    sets: Vec<&'t CategorySet>,
    depth: usize,
}

/// Rows for walking, in groups of eight.
#[derive(Debug)]
pub(super) struct Rows {
    features: usize,
    count: usize,
    /// Group by group, feature by feature; behind the last row zeros.
    values: Vec<[f32; TOGETHER]>,
    /// Whether a group has a missing value.
    missing: Vec<bool>,
}

impl Rows {
    /// `rows` is rows x features.
    pub(super) fn new(rows: &[f32], features: usize) -> Self {
        let groups = rows.chunks(TOGETHER * features);
        let (mut values, mut missing) = (Vec::with_capacity(groups.len() * features), Vec::new());
        for group in groups {
            let start = values.len();
            values.resize(start + features, [0.0; TOGETHER]);
            for (row, cells) in group.chunks_exact(features).enumerate() {
                for (cell, place) in cells.iter().zip(&mut values[start..]) {
                    place[row] = *cell;
                }
            }
            missing.push(group.iter().any(|cell| cell.is_nan()));
        }
        Self { features, count: rows.len() / features, values, missing }
    }
}

impl<'t> Walk<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        let nodes = tree.nodes();
        let mut walk = Self {
            steps: Vec::with_capacity(nodes.len()),
            values: Vec::with_capacity(nodes.len()),
            sets: Vec::new(),
            depth: depth(nodes),
        };
        for (index, node) in (0_u32..).zip(nodes) {
            let (step, value) = match node {
                Node::Leaf { value, .. } => {
                    (Step { threshold: f32::NAN, feature: LEAF, left: index.wrapping_sub(1) }, *value)
                }
                Node::Inner { feature, split, default_left, left, .. } => {
                    let missing = if *default_left { DEFAULT_LEFT } else { 0 };
                    let (threshold, kind) = walk.question(split);
                    (Step { threshold, feature: (feature & FEATURE) | kind | missing, left: *left }, 0.0)
                }
            };
            walk.steps.push(step);
            walk.values.push(value);
        }
        walk
    }

    fn question(&mut self, split: &'t Split) -> (f32, u32) {
        match split {
            Split::Below(threshold) => (*threshold, 0),
            Split::In(set) => {
                self.sets.push(set);
                (f32::from_bits(u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX)), CATEGORICAL)
            }
        }
    }

    /// Adds each row's leaf, times `weight`, to every `stride`-th of the margins.
    pub(super) fn add(&self, rows: &Rows, weight: f32, margins: &mut [f32], stride: usize) {
        let mut margins = margins.iter_mut().step_by(stride).take(rows.count);
        for (group, missing) in rows.values.chunks_exact(rows.features).zip(&rows.missing) {
            let at = match (self.sets.is_empty(), missing) {
                (true, false) => self.descend::<false>(group),
                (true, true) => self.descend::<true>(group),
                (false, _) => std::array::from_fn(|row| self.descend_alone(group, row)),
            };
            for (at, margin) in at.iter().zip(&mut margins) {
                *margin += weight * self.values[*at as usize];
            }
        }
    }

    /// Where each row of a group ends, for trees that test no categories.
    fn descend<const MISSING: bool>(&self, group: &[[f32; TOGETHER]]) -> [u32; TOGETHER] {
        let mut at = [0_u32; TOGETHER];
        for level in 1..=self.depth {
            for (row, at) in at.iter_mut().enumerate() {
                let step = self.steps[*at as usize];
                let value = group[(step.feature & FEATURE) as usize][row];
                #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN leads right")]
                let mut right = u32::from(!(value < step.threshold));
                if MISSING {
                    right &= !(u32::from(value.is_nan()) & (step.feature >> 31));
                }
                *at = step.left.wrapping_add(right);
            }
            if level % BURST == 0 && at.iter().all(|at| self.steps[*at as usize].feature & LEAF != 0) {
                break;
            }
        }
        at
    }

    fn descend_alone(&self, group: &[[f32; TOGETHER]], row: usize) -> u32 {
        let mut at = 0;
        loop {
            let step = self.steps[at as usize];
            if step.feature & LEAF != 0 {
                return at;
            }
            let value = group[(step.feature & FEATURE) as usize][row];
            let goes_left = if value.is_nan() {
                step.feature & DEFAULT_LEFT != 0
            } else if step.feature & CATEGORICAL == 0 {
                value < step.threshold
            } else {
                !self.sets[step.threshold.to_bits() as usize].holds(value)
            };
            at = step.left + u32::from(!goes_left);
        }
    }
}

/// Levels below the root; children stand behind their parents.
fn depth(nodes: &[Node]) -> usize {
    let mut levels = vec![0_usize; nodes.len()];
    let mut most = 0;
    for (index, node) in nodes.iter().enumerate() {
        if let Node::Inner { left, .. } = node {
            let level = levels[index] + 1;
            most = most.max(level);
            levels[*left as usize..=*left as usize + 1].fill(level);
        }
    }
    most
}
