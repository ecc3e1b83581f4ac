//! How to train. [`Parameters`] are chosen freely; [`Options`] exist only for those that make sense.
use super::OptionError;
use crate::out_of_range::OutOfRange;
use std::num::NonZeroUsize;

/// Trees beyond which a model is of no use.
const MOST_TREES: usize = 1_000_000;

/// The loss that trees are grown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loss {
    /// Pinball loss; every leaf answers the quantile of its rows' residuals (XGBoost up to 3.3). The better one for far
    /// quantiles.
    #[default]
    Refreshed,
    /// Smoothed pinball loss with second derivatives, leaves by Newton steps (XGBoost from 3.4).
    Smoothed,
}

/// Which leaf is split next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GrowPolicy {
    /// The one nearest to the root.
    #[default]
    DepthWise,
    /// The one whose split lowers the loss most.
    LossGuided,
}

/// How predictions may move when a feature grows and all others stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monotone {
    /// They never fall.
    Increasing,
    /// They never rise.
    Decreasing,
}

/// When to stop before the last round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// After this many rounds in which the validation loss (mean over the quantiles) set no new minimum.
    pub patience: usize,
    /// A loss counts as a new minimum if it lies lower by more than this, in the target's unit.
    pub min_delta: f64,
}

/// Shares of features that are drawn, each in (0, 1]; they multiply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnShares {
    /// For a tree.
    pub by_tree: f64,
    /// For a level of a tree.
    pub by_level: f64,
    /// For a node.
    pub by_node: f64,
}

/// What can be chosen; the defaults are for predicting far quantiles well.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Levels to predict, each between 0 and 1; one model holds them all.
    pub quantiles: Vec<f64>,
    /// The loss that trees are grown for.
    pub loss: Loss,
    /// Rounds of boosting; each adds a tree per quantile.
    pub rounds: usize,
    /// What leaves are multiplied by, in (0, 1].
    pub learning_rate: f64,
    /// Levels of splits on the way to a leaf; `None` for any number.
    pub max_depth: Option<u32>,
    /// Leaves of a tree; `None` for any number.
    pub max_leaves: Option<u32>,
    /// Which leaf is split next.
    pub grow_policy: GrowPolicy,
    /// Sum of the second derivatives (number of rows, without weights) that a leaf has at least. `None` lets it grow
    /// with the distance of the quantile from the median.
    pub min_child_weight: Option<f64>,
    /// Bins into which a feature is cut, from 2 to 256.
    pub max_bin: usize,
    /// Least loss that a split takes away (`gamma`).
    pub min_split_loss: f64,
    /// L2 regularisation of leaves while growing (`lambda`).
    pub lambda: f64,
    /// L1 regularisation of leaves while growing (`alpha`).
    pub alpha: f64,
    /// Share of the rows that a tree sees, in (0, 1].
    pub subsample: f64,
    /// Shares of the features that trees, levels and nodes see.
    pub column_shares: ColumnShares,
    /// Features, by name, in which predictions are monotone.
    pub monotone: Vec<(String, Monotone)>,
    /// Features of fewer categories than this are split one category against the others.
    pub max_cat_to_onehot: usize,
    /// Categories that one side of a split holds at most, where they are sorted first.
    pub max_cat_threshold: usize,
    /// When to stop before the last round.
    pub early_stopping: Option<EarlyStopping>,
    /// Where the drawing of rows and features starts.
    pub seed: u64,
    /// Threads that work; the result does not depend on their number.
    pub threads: NonZeroUsize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            quantiles: Vec::new(),
            loss: Loss::default(),
            rounds: 300,
            learning_rate: 0.1,
            max_depth: Some(6),
            max_leaves: None,
            grow_policy: GrowPolicy::default(),
            min_child_weight: None,
            max_bin: 256,
            min_split_loss: 0.0,
            lambda: 1.0,
            alpha: 0.0,
            subsample: 1.0,
            column_shares: ColumnShares::default(),
            monotone: Vec::new(),
            max_cat_to_onehot: 4,
            max_cat_threshold: 64,
            early_stopping: None,
            seed: 0,
            threads: NonZeroUsize::MIN,
        }
    }
}

impl Default for ColumnShares {
    fn default() -> Self {
        Self { by_tree: 1.0, by_level: 1.0, by_node: 1.0 }
    }
}

/// Parameters that make sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Options(Parameters);

impl Options {
    /// # Errors
    /// [`OptionError`] names the first parameter outside of its range.
    pub fn new(parameters: Parameters) -> Result<Self, OptionError> {
        check_quantiles(&parameters)?;
        let Parameters { learning_rate, min_split_loss, lambda, alpha, subsample, column_shares, .. } = parameters;
        for (name, share) in [
            ("the learning rate", learning_rate),
            ("the share of rows", subsample),
            ("the share of features by tree", column_shares.by_tree),
            ("the share of features by level", column_shares.by_level),
            ("the share of features by node", column_shares.by_node),
        ] {
            within(name, share, share > 0.0 && share <= 1.0, "(0, 1]")?;
        }
        for (name, value) in [
            ("gamma", Some(min_split_loss)),
            ("lambda", Some(lambda)),
            ("alpha", Some(alpha)),
            ("the least weight of a child", parameters.min_child_weight),
            ("the least improvement", parameters.early_stopping.map(|stopping| stopping.min_delta)),
        ] {
            let value = value.unwrap_or(0.0);
            within(name, value, value >= 0.0 && value <= f64::from(f32::MAX), "[0, 3.4e38]")?;
        }
        for (name, value, low, high, range) in [
            ("the number of bins", parameters.max_bin, 2, 256, "[2, 256]"),
            (
                "the number of leaves",
                parameters.max_leaves.map_or(2, |leaves| leaves as usize),
                2,
                usize::MAX,
                "[2, inf)",
            ),
            (
                "the patience",
                parameters.early_stopping.map_or(1, |stopping| stopping.patience),
                1,
                usize::MAX,
                "[1, inf)",
            ),
            ("the number of categories of a side", parameters.max_cat_threshold, 1, usize::MAX, "[1, inf)"),
        ] {
            within(name, value as f64, (low..=high).contains(&value), range)?;
        }
        Ok(Self(parameters))
    }

    /// What was chosen.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.0
    }
}

fn check_quantiles(parameters: &Parameters) -> Result<(), OptionError> {
    let Parameters { quantiles, rounds, .. } = parameters;
    if quantiles.is_empty() {
        return Err(OptionError::NoQuantile);
    }
    for (index, level) in quantiles.iter().enumerate() {
        // A level that is 0 or 1 as an f32 would ask for the least or the largest value there can be.
        #[expect(clippy::cast_possible_truncation, reason = "the model holds f32")]
        let single = *level as f32;
        within("the quantile", *level, single > 0.0 && single < 1.0, "(0, 1)")?;
        #[expect(clippy::cast_possible_truncation, reason = "the model holds f32")]
        if quantiles[..index].iter().any(|other| (*other as f32) == single) {
            return Err(OptionError::QuantileTwice(*level));
        }
    }
    if rounds.saturating_mul(quantiles.len()) > MOST_TREES {
        return Err(OptionError::TooManyTrees { quantiles: quantiles.len(), rounds: *rounds, most: MOST_TREES });
    }
    within("the number of rounds", *rounds as f64, *rounds > 0, "[1, inf)")?;
    Ok(())
}

fn within(name: &'static str, value: f64, is_inside: bool, range: &'static str) -> Result<(), OutOfRange> {
    if is_inside { Ok(()) } else { Err(OutOfRange { name, value, range }) }
}
