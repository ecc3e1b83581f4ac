//! One quantile of the model: its predictions so far, and its next tree.
use super::super::{Node, Split, Tree, TreeError};
use super::answers::{Residuals, newton, refreshed};
use super::binned::BinnedTable;
use super::draw::{self, DrawnFeatures, Stream};
use super::gain::Regularization;
use super::gradients;
use super::grow::{Grower, Grown, GrownNode, Limits};
use super::histogram::Histogram;
use super::leaf_size::LeafSize;
use super::quantile::{mean_pinball_loss, quantile, weighted_quantile};
use super::split::{Question, SplitRules};
use super::tally::{Gradients, LargeCounts, SmallCounts};
use super::{Loss, Parameters, TrainingTable};

/// What all quantiles and rounds share.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) table: &'a TrainingTable,
    pub(super) binned: &'a BinnedTable,
    /// The validation table and its rows one behind the other.
    pub(super) validation: Option<(&'a TrainingTable, Vec<f32>)>,
    pub(super) parameters: &'a Parameters,
    pub(super) limits: Limits,
}

/// Histograms of the last tree, to be used again by the next; only one kind is in use.
#[derive(Debug, Default)]
struct Spare {
    small: Vec<Histogram<SmallCounts>>,
    large: Vec<Histogram<LargeCounts>>,
    gradients: Vec<Histogram<Gradients>>,
}

/// One quantile.
#[derive(Debug)]
pub(super) struct Output {
    index: usize,
    level: f64,
    pub(super) base_score: f32,
    leaf_size: LeafSize,
    rules: SplitRules,
    spare: Spare,
    predictions: Vec<f32>,
    validation: Vec<f32>,
    pub(super) trees: Vec<Tree>,
    pub(super) training_loss: f64,
    pub(super) validation_loss: f64,
}

impl Output {
    pub(super) fn new(shared: &Shared<'_>, index: usize, mut rules: SplitRules) -> Self {
        let level = shared.parameters.quantiles[index];
        let (target, weights) = (shared.table.target(), shared.table.weights());
        let base_score = match weights {
            None => quantile(&mut target.to_vec(), single(level)),
            Some(weights) => {
                let mut both: Vec<_> = target.iter().copied().zip(weights.iter().copied()).collect();
                weighted_quantile(&mut both, single(level))
            }
        };
        let leaf_size = LeafSize::new(level, shared.table, shared.parameters);
        rules.min_child_weight = leaf_size.min_child_weight;
        let validation_rows = shared.validation.as_ref().map_or(0, |(table, _)| table.rows());
        Self {
            index,
            level,
            base_score,
            leaf_size,
            rules,
            spare: Spare::default(),
            predictions: vec![base_score; target.len()],
            validation: vec![base_score; validation_rows],
            trees: Vec::with_capacity(shared.parameters.rounds),
            training_loss: 0.0,
            validation_loss: 0.0,
        }
    }

    /// Adds the tree of a round.
    ///
    /// # Errors
    /// [`TreeError`] if the nodes are no tree.
    pub(super) fn boost(&mut self, shared: &Shared<'_>, round: usize) -> Result<(), TreeError> {
        let stream = Stream::new(shared.parameters.seed).part(round).part(self.index);
        let rows = draw::rows(shared.table.rows(), shared.parameters.subsample, stream.part(0));
        let features =
            DrawnFeatures::new(shared.binned.features.len(), shared.parameters.column_shares, stream.part(1));
        let (grown, answers, gain_unit) = self.grown(shared, rows, &features);
        let rate = single(shared.parameters.learning_rate);
        let answers: Vec<f32> = answers.into_iter().map(|answer| rate * answer).collect();
        self.advance(shared, &grown, &answers);
        let tree = assembled(&grown, &answers, self.rules.regularization, gain_unit)?;
        self.judge(shared, &tree);
        self.trees.push(tree);
        Ok(())
    }

    /// A grown tree, what its nodes answer before the learning rate, and the unit of its gains.
    fn grown(&mut self, shared: &Shared<'_>, rows: Vec<u32>, features: &DrawnFeatures) -> (Grown, Vec<f32>, f32) {
        let (target, weights, level) = (shared.table.target(), shared.table.weights(), single(self.level));
        let (predictions, rules) = (&self.predictions, &self.rules);
        let Shared { binned: table, limits, .. } = *shared;
        if shared.parameters.loss == Loss::Smoothed {
            let (of_rows, scale) = gradients::smoothed(level, target, predictions, weights);
            let grower = Grower { table, rules, limits, features, tally: Gradients, gradients: &of_rows };
            let grown = grower.grow(rows, &mut self.spare.gradients);
            let answers = newton(&grown, rules.regularization, scale);
            return (grown, answers, scale * scale);
        }
        let two = gradients::two_gradients(level);
        let grown = match weights {
            Some(weights) => {
                let of_rows = gradients::weighted(level, target, predictions, weights);
                let grower = Grower { table, rules, limits, features, tally: Gradients, gradients: &of_rows };
                grower.grow(rows, &mut self.spare.gradients)
            }
            None if rows.len() <= SmallCounts::MOST_ROWS => {
                let of_rows = gradients::small_counts(target, predictions);
                let grower = Grower { table, rules, limits, features, tally: SmallCounts(two), gradients: &of_rows };
                grower.grow(rows, &mut self.spare.small)
            }
            None => {
                let of_rows = gradients::large_counts(target, predictions);
                let grower = Grower { table, rules, limits, features, tally: LargeCounts(two), gradients: &of_rows };
                grower.grow(rows, &mut self.spare.large)
            }
        };
        let residuals = Residuals { level, target, predictions, weights };
        let answers = refreshed(&grown, rules, residuals, self.leaf_size.prior);
        (grown, answers, 1.0)
    }

    /// Adds the answers of the leaves to the predictions of the table.
    fn advance(&mut self, shared: &Shared<'_>, grown: &Grown, answers: &[f32]) {
        for (node, answer) in grown.nodes.iter().zip(answers).filter(|(node, _)| node.split.is_none()) {
            for row in &grown.rows[node.rows.clone()] {
                self.predictions[*row as usize] += answer;
            }
        }
        if grown.rows.len() == self.predictions.len() {
            return;
        }
        let mut was_drawn = vec![false; self.predictions.len()];
        grown.rows.iter().for_each(|row| was_drawn[*row as usize] = true);
        for (row, prediction) in (0..).zip(&mut self.predictions).filter(|(row, _)| !was_drawn[*row as usize]) {
            *prediction += answers[leaf_of(grown, shared.binned, row)];
        }
    }

    fn judge(&mut self, shared: &Shared<'_>, tree: &Tree) {
        let Shared { table, validation, .. } = shared;
        self.training_loss = mean_pinball_loss(self.level, table.target(), &self.predictions, table.weights());
        if let Some((table, rows)) = validation {
            for (prediction, row) in self.validation.iter_mut().zip(rows.chunks_exact(table.columns().len())) {
                if let Node::Leaf { value, .. } = tree.nodes()[tree.leaf_of(row)] {
                    *prediction += value;
                }
            }
            self.validation_loss = mean_pinball_loss(self.level, table.target(), &self.validation, table.weights());
        }
    }
}

/// The leaf of a row that the tree was not grown from.
fn leaf_of(grown: &Grown, table: &BinnedTable, row: u32) -> usize {
    let mut at = 0;
    while let Some((split, left)) = &grown.nodes[at].split {
        let feature = &table.features[split.feature];
        at = left + usize::from(!split.goes_left(table.bin(row, feature.place), feature.cuts.bins()));
    }
    at
}

/// The tree as the model holds it.
fn assembled(
    grown: &Grown,
    answers: &[f32],
    regularization: Regularization,
    gain_unit: f32,
) -> Result<Tree, TreeError> {
    let node = |(node, answer): (&GrownNode, &f32)| match &node.split {
        None => Node::Leaf { value: *answer, cover: single(node.sums.weight) },
        Some((split, left)) => Node::Inner {
            feature: index(split.feature),
            split: match &split.question {
                Question::Before { threshold, .. } => Split::Below(*threshold),
                Question::In(set) => Split::In(set.clone()),
            },
            default_left: split.default_left,
            left: index(*left),
            gain: (split.gain * gain_unit).min(f32::MAX),
            cover: single(node.sums.weight),
            weight: node.bounds.clamp(regularization.weight(node.sums)) * gain_unit.sqrt(),
        },
    };
    let nodes: Vec<Node> = grown.nodes.iter().zip(answers).map(node).collect();
    let child = |of: usize| grown.nodes[of].split.as_ref().map_or(-1, |(_, left)| i64::from(index(*left)));
    Tree::from_linked(&nodes, |of| (child(of), child(of) + 1))
}

fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "the model holds f32")]
const fn single(number: f64) -> f32 {
    number as f32
}
