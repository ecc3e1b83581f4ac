//! The best split of a node: Chen and Guestrin 2016, algorithms 1 (over bins) and 3 (missing values).
use super::super::CategorySet;
use super::Monotone;
use super::binned::{BinnedFeature, BinnedTable};
use super::cuts::Cuts;
use super::gain::{Bounds, Regularization, Sums};
use super::histogram::Histogram;
use super::split_categories;
use super::tally::Tally;

/// A split must take more than this off the loss.
const LEAST_GAIN: f32 = 1e-6;
/// Sums below this share of a node's are rounding errors.
const NOISE: f64 = 1e-10;

/// What makes a split good, the same for every node of a tree.
#[derive(Debug)]
pub(super) struct SplitRules {
    pub(super) regularization: Regularization,
    pub(super) min_child_weight: f64,
    pub(super) min_split_loss: f32,
    /// Per feature; empty when no feature is constrained.
    pub(super) monotone: Vec<Option<Monotone>>,
    pub(super) max_cat_to_onehot: usize,
    pub(super) max_cat_threshold: usize,
}

/// A node that may be split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) sums: Sums,
    pub(super) bounds: Bounds,
    /// What it takes off the loss as it is.
    pub(super) gain: f32,
}

/// What is asked of a row's bin.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// Left if the bin comes before this one; as a value: below the threshold.
    Before { bin: usize, threshold: f32 },
    /// Right if the category is in the set.
    In(CategorySet),
}

/// A split of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BestSplit {
    pub(super) feature: usize,
    pub(super) question: Question,
    pub(super) default_left: bool,
    /// What it takes off the loss.
    pub(super) gain: f32,
    pub(super) left: Sums,
    pub(super) right: Sums,
}

impl BestSplit {
    /// Whether a row goes left, by its bin.
    pub(super) fn goes_left(&self, bin: usize, missing: usize) -> bool {
        if bin == missing {
            return self.default_left;
        }
        match &self.question {
            Question::Before { bin: first_right, .. } => bin < *first_right,
            Question::In(set) => !set.contains(u32::try_from(bin).unwrap_or(u32::MAX)),
        }
    }
}

impl SplitRules {
    pub(super) fn monotone(&self, feature: usize) -> Option<Monotone> {
        self.monotone.get(feature).copied().flatten()
    }

    pub(super) fn is_constrained(&self) -> bool {
        !self.monotone.is_empty()
    }

    /// What a node takes off the loss, answering within its bounds.
    pub(super) fn gain(&self, sums: Sums, bounds: Bounds) -> f32 {
        if self.is_constrained() {
            self.regularization.gain_given(sums, bounds.clamp(self.regularization.weight(sums)))
        } else {
            self.regularization.gain(sums)
        }
    }
}

/// The best of the splits seen so far.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) rules: &'a SplitRules,
    pub(super) node: Candidate,
    gain: f32,
    /// What both children together must take off the loss to be looked at closely; a little lower than needed.
    bar: f64,
}

impl<'a> Search<'a> {
    const fn new(rules: &'a SplitRules, node: Candidate) -> Self {
        Self { rules, node, gain: 0.0, bar: bar(node.gain) }
    }

    /// Whether a split is better than all before; if so it is the new best.
    #[inline]
    pub(super) fn improves(&mut self, left: Sums, right: Sums, monotone: Option<Monotone>) -> bool {
        let lighter = left.weight.min(right.weight);
        if lighter < self.rules.min_child_weight || lighter <= 0.0 {
            return false;
        }
        let gain = if self.rules.is_constrained() {
            self.constrained_gain(left, right, monotone)
        } else {
            // Most splits are refused here, without a division.
            let Regularization { lambda, .. } = self.rules.regularization;
            let (below, above) = (left.weight + lambda, right.weight + lambda);
            let square = |sums: Sums| {
                let gradient = self.rules.regularization.thresholded(sums.gradient);
                gradient * gradient
            };
            if square(left) * above + square(right) * below <= self.bar * (below * above) {
                return false;
            }
            self.rules.regularization.gain(left) + self.rules.regularization.gain(right) - self.node.gain
        };
        let is_better = gain > self.gain && gain.is_finite();
        if is_better {
            self.gain = gain;
            self.bar = bar(self.node.gain + gain);
        }
        is_better
    }

    fn constrained_gain(&self, left: Sums, right: Sums, monotone: Option<Monotone>) -> f32 {
        let answer = |sums| self.node.bounds.clamp(self.rules.regularization.weight(sums));
        let (below, above) = (answer(left), answer(right));
        let is_allowed = match monotone {
            None => true,
            Some(Monotone::Increasing) => below <= above,
            Some(Monotone::Decreasing) => below >= above,
        };
        if !is_allowed {
            return f32::NEG_INFINITY;
        }
        self.rules.regularization.gain_given(left, below) + self.rules.regularization.gain_given(right, above)
            - self.node.gain
    }

    /// Whether a cell holds more than rounding errors.
    pub(super) fn holds_rows(&self, sums: Sums) -> bool {
        sums.weight > NOISE * self.node.sums.weight
    }
}

/// Below what is exactly needed by more than the roundings to f32.
const fn bar(needed: f32) -> f64 {
    needed as f64 * (1.0 - 5e-7)
}

/// The best split of a node over some of the features, if any is worth it. Among equals the first feature wins.
pub(super) fn best_split<T: Tally>(
    rules: &SplitRules,
    table: &BinnedTable,
    tally: &T,
    histogram: &Histogram<T>,
    features: &[usize],
    node: Candidate,
) -> Option<BestSplit> {
    let mut search = Search::new(rules, node);
    let mut best = None;
    for &index in features {
        let feature = &table.features[index];
        let cells = histogram.cells(feature.place);
        let found = match &feature.cuts {
            Cuts::Numbers { cuts, low } => {
                over_bins(&mut search, tally, cells, feature, cuts, *low, rules.monotone(index))
            }
            Cuts::Categories { count } => {
                split_categories::over_categories(&mut search, tally, cells, *count, feature.has_missing)
            }
        };
        if let Some((question, default_left, left)) = found {
            let right = node.sums.without(left);
            best = Some(BestSplit { feature: index, question, default_left, gain: search.gain, left, right });
        }
    }
    best.filter(|split| split.gain > LEAST_GAIN && split.gain >= rules.min_split_loss)
}

/// What a search over one feature found: question, where missing values go, and the left side.
pub(super) type Found = Option<(Question, bool, Sums)>;

fn over_bins<T: Tally>(
    search: &mut Search<'_>,
    tally: &T,
    cells: &[T::Cell],
    feature: &BinnedFeature,
    cuts: &[f32],
    low: f32,
    monotone: Option<Monotone>,
) -> Found {
    let (node, bins) = (search.node.sums, cuts.len());
    let mut found = None;
    let mut sum = T::Cell::default();
    for (bin, cell) in cells[..bins].iter().enumerate() {
        if *cell == T::Cell::default() {
            continue;
        }
        T::merge(&mut sum, *cell);
        let left = tally.sums(sum);
        if search.improves(left, node.without(left), monotone) {
            found = Some((Question::Before { bin: bin + 1, threshold: cuts[bin] }, false, left));
        }
    }
    if !feature.has_missing || !search.holds_rows(tally.sums(cells[bins])) {
        return found;
    }
    let mut sum = T::Cell::default();
    for (bin, cell) in cells[..bins].iter().enumerate().rev() {
        T::merge(&mut sum, *cell);
        let right = tally.sums(sum);
        let left = node.without(right);
        if search.improves(left, right, monotone) {
            let threshold = if bin == 0 { low } else { cuts[bin - 1] };
            found = Some((Question::Before { bin, threshold }, true, left));
        }
    }
    found
}
