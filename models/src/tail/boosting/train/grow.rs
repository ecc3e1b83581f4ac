//! Growing a tree: leaves are split until none is worth it, or there are enough.
use super::GrowPolicy;
use super::binned::{BinnedTable, NARROW, Place};
use super::draw::DrawnFeatures;
use super::frontier::{Expansion, Frontier};
use super::gain::{Bounds, Sums};
use super::histogram::Histogram;
use super::split::{BestSplit, Candidate, SplitRules, best_split};
use super::tally::Tally;
use std::ops::Range;

/// Cells of histograms that one tree keeps for leaves to be split.
const MOST_KEPT_CELLS: usize = 2 << 20;
/// Cells of histograms that are left for the next tree.
const MOST_SPARE_CELLS: usize = 1 << 18;

/// What limits a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_depth: Option<u32>,
    pub(super) max_leaves: Option<u32>,
    pub(super) policy: GrowPolicy,
    pub(super) threads: usize,
}

/// A node of a tree that has grown.
#[derive(Debug)]
pub(super) struct GrownNode {
    /// Which of the tree's rows it holds.
    pub(super) rows: Range<usize>,
    pub(super) depth: u32,
    pub(super) sums: Sums,
    pub(super) bounds: Bounds,
    /// Its split, and the position of the left child; the right one follows.
    pub(super) split: Option<(BestSplit, usize)>,
}

/// A tree without answers: its nodes, parents before children, and the rows in the order of the leaves.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) nodes: Vec<GrownNode>,
    pub(super) rows: Vec<u32>,
}

/// Grows one tree.
#[derive(Debug)]
pub(super) struct Grower<'a, T: Tally> {
    pub(super) table: &'a BinnedTable,
    pub(super) rules: &'a SplitRules,
    pub(super) limits: Limits,
    pub(super) features: &'a DrawnFeatures,
    pub(super) tally: T,
    /// What each row of the table adds.
    pub(super) gradients: &'a [T::Row],
}

impl<T: Tally> Grower<'_, T> {
    /// A tree of these rows; `spare` histograms are used, and left for the next tree.
    pub(super) fn grow(&self, rows: Vec<u32>, spare: &mut Vec<Histogram<T>>) -> Grown {
        let mut tree = Tree { grower: self, nodes: Vec::new(), rows, spare, scratch: Vec::new() };
        tree.grow();
        let grown = Grown { nodes: tree.nodes, rows: tree.rows };
        let cells = spare.first().map_or(1, Histogram::len).max(1);
        spare.truncate(MOST_SPARE_CELLS / cells);
        grown
    }
}

/// A tree while it grows.
struct Tree<'a, T: Tally> {
    grower: &'a Grower<'a, T>,
    nodes: Vec<GrownNode>,
    rows: Vec<u32>,
    /// Histograms to be used again.
    spare: &'a mut Vec<Histogram<T>>,
    /// Rows that go right, while a node's rows part.
    scratch: Vec<u32>,
}

impl<T: Tally> Tree<'_, T> {
    fn grow(&mut self) {
        let all = 0..self.rows.len();
        let mut total = T::Cell::default();
        self.rows.iter().for_each(|row| T::add(&mut total, self.grower.gradients[*row as usize]));
        let sums = self.grower.tally.sums(total);
        self.nodes.push(GrownNode { rows: all.clone(), depth: 0, sums, bounds: Bounds::NONE, split: None });
        let mut frontier = Frontier::new(self.grower.limits.policy);
        if self.may_split(0) {
            let histogram = self.histogram(all);
            self.consider(0, histogram, &mut frontier);
        }
        let mut leaves = 1;
        while let Some(expansion) = frontier.pop() {
            if self.grower.limits.max_leaves.is_some_and(|most| leaves >= most) {
                self.spare.extend(expansion.histogram);
                break;
            }
            leaves += u32::from(self.split(expansion, &mut frontier));
        }
    }

    /// Whether a node is worth a search.
    fn may_split(&self, node: usize) -> bool {
        let GrownNode { depth, sums, rows, .. } = &self.nodes[node];
        let is_too_light = sums.weight < 2.0 * self.grower.rules.min_child_weight;
        if self.grower.limits.max_depth.is_some_and(|most| *depth >= most) || is_too_light || rows.len() < 2 {
            return false;
        }
        !self.grower.tally.is_pure(*sums)
    }

    fn histogram(&mut self, rows: Range<usize>) -> Histogram<T> {
        let Grower { table, gradients, limits, .. } = self.grower;
        let mut histogram = self.spare.pop().unwrap_or_else(|| Histogram::empty(table));
        histogram.fill(table, &self.rows[rows], gradients, limits.threads);
        histogram
    }

    /// Looks for the node's best split, and queues it.
    fn consider(&mut self, index: usize, histogram: Histogram<T>, frontier: &mut Frontier<T>) {
        let Grower { table, rules, features, tally, .. } = self.grower;
        let node = &self.nodes[index];
        let (sums, bounds) = (node.sums, node.bounds);
        let candidate = Candidate { sums, bounds, gain: rules.gain(sums, bounds) };
        let features = features.of_node(node.depth, index);
        match best_split(rules, table, tally, &histogram, &features, candidate) {
            None => self.spare.push(histogram),
            Some(split) if (frontier.len() + 1) * histogram.len() > MOST_KEPT_CELLS => {
                self.spare.push(histogram);
                frontier.push(Expansion { node: index, split, histogram: None });
            }
            Some(split) => frontier.push(Expansion { node: index, split, histogram: Some(histogram) }),
        }
    }

    /// Splits a node and looks at its children; `false` if all its rows turn out to go one way.
    fn split(&mut self, expansion: Expansion<T>, frontier: &mut Frontier<T>) -> bool {
        let Expansion { node, split, histogram } = expansion;
        let Range { start, end } = self.nodes[node].rows.clone();
        let middle = start + self.part(start..end, &split);
        if middle == start || middle == end {
            self.spare.extend(histogram);
            return false;
        }
        let (depth, children) = (self.nodes[node].depth + 1, self.nodes.len());
        let bounds = self.child_bounds(node, &split);
        for (rows, sums, bounds) in [(start..middle, split.left, bounds.0), (middle..end, split.right, bounds.1)] {
            self.nodes.push(GrownNode { rows, depth, sums, bounds, split: None });
        }
        self.nodes[node].split = Some((split, children));
        self.consider_children(children, histogram, frontier);
        true
    }

    /// The smaller child's histogram is summed up, the larger one's is what its parent's leaves.
    fn consider_children(&mut self, children: usize, parent: Option<Histogram<T>>, frontier: &mut Frontier<T>) {
        let rows = |tree: &Self, node: usize| tree.nodes[node].rows.clone();
        let (left, right) = (children, children + 1);
        let (small, large) =
            if rows(self, left).len() <= rows(self, right).len() { (left, right) } else { (right, left) };
        let wanted = (self.may_split(small), self.may_split(large));
        let mut histograms = [None, None];
        match (wanted, parent) {
            ((false, false), parent) => self.spare.extend(parent),
            ((true, false), parent) => {
                self.spare.extend(parent);
                histograms[0] = Some(self.histogram(rows(self, small)));
            }
            ((small_too, true), Some(mut rest)) => {
                let smaller = self.histogram(rows(self, small));
                rest.subtract(&smaller);
                histograms[1] = Some(rest);
                if small_too {
                    histograms[0] = Some(smaller);
                } else {
                    self.spare.push(smaller);
                }
            }
            ((small_too, true), None) => {
                histograms[1] = Some(self.histogram(rows(self, large)));
                histograms[0] = small_too.then(|| self.histogram(rows(self, small)));
            }
        }
        let [smaller, larger] = histograms;
        let mut both = [(small, smaller), (large, larger)];
        both.sort_by_key(|(node, _)| *node);
        for (node, histogram) in both {
            if let Some(histogram) = histogram {
                self.consider(node, histogram, frontier);
            }
        }
    }

    /// Puts the rows that go left before those that go right, each in their order; how many go left.
    fn part(&mut self, rows: Range<usize>, split: &BestSplit) -> usize {
        let table = self.grower.table;
        let feature = &table.features[split.feature];
        let bins = feature.cuts.bins();
        let goes_left: Vec<bool> = (0..=bins.max(NARROW)).map(|bin| split.goes_left(bin, bins)).collect();
        let rows = &mut self.rows[rows];
        self.scratch.resize(rows.len().max(self.scratch.len()), 0);
        match feature.place {
            Place::Narrow(at) => {
                parted(rows, &mut self.scratch, |row| goes_left[usize::from(table.narrow_row(row)[at])])
            }
            Place::Wide(at) => {
                let bins = &table.wide()[at];
                parted(rows, &mut self.scratch, |row| goes_left[usize::from(bins[row as usize])])
            }
        }
    }

    fn child_bounds(&self, node: usize, split: &BestSplit) -> (Bounds, Bounds) {
        let (rules, bounds) = (self.grower.rules, self.nodes[node].bounds);
        if !rules.is_constrained() {
            return (bounds, bounds);
        }
        let answer = |sums| bounds.clamp(rules.regularization.weight(sums));
        let middle = f32::midpoint(answer(split.left), answer(split.right));
        bounds.split(middle, rules.monotone(split.feature))
    }
}

/// Every row is written to both sides, and stays where it belongs: no branch that a processor could only guess.
fn parted(rows: &mut [u32], scratch: &mut [u32], goes_left: impl Fn(u32) -> bool) -> usize {
    let (mut left, mut right) = (0, 0);
    for index in 0..rows.len() {
        let row = rows[index];
        let is_left = goes_left(row);
        rows[left] = row;
        scratch[right] = row;
        left += usize::from(is_left);
        right += usize::from(!is_left);
    }
    rows[left..].copy_from_slice(&scratch[..right]);
    left
}
