//! From what is typed to parameters of training.
use super::Xgboost;
use bellwether_models::tail::boosting::{self, ColumnShares, EarlyStopping, Loss, Monotone, Parameters};
use std::num::NonZeroUsize;

/// Which leaf is split next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum GrowPolicy {
    Depthwise,
    Lossguide,
}

/// The loss that trees are grown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Objective {
    PinballRefresh,
    PinballSmooth,
}

/// Reads `column=+1` or `column=-1`.
pub(super) fn monotone(text: &str) -> Result<(String, Monotone), String> {
    let wanted = "give a column and a direction, as in load=+1 or load=-1".to_owned();
    let (column, direction) = text.rsplit_once('=').ok_or_else(|| wanted.clone())?;
    match direction.trim() {
        "+1" | "1" => Ok((column.trim().to_owned(), Monotone::Increasing)),
        "-1" => Ok((column.trim().to_owned(), Monotone::Decreasing)),
        _ => Err(wanted),
    }
}

impl Xgboost {
    pub(super) fn parameters(&self) -> Parameters {
        Parameters {
            quantiles: self.quantiles.clone(),
            loss: match self.objective {
                Objective::PinballRefresh => Loss::Refreshed,
                Objective::PinballSmooth => Loss::Smoothed,
            },
            rounds: self.rounds,
            learning_rate: self.learning_rate,
            max_depth: Some(self.max_depth).filter(|depth| *depth > 0),
            max_leaves: Some(self.max_leaves).filter(|leaves| *leaves > 0),
            grow_policy: match self.grow_policy {
                GrowPolicy::Depthwise => boosting::GrowPolicy::DepthWise,
                GrowPolicy::Lossguide => boosting::GrowPolicy::LossGuided,
            },
            min_child_weight: self.min_child_weight,
            max_bin: self.max_bin,
            min_split_loss: self.gamma,
            lambda: self.lambda,
            alpha: self.alpha,
            subsample: self.subsample,
            column_shares: ColumnShares {
                by_tree: self.colsample_bytree,
                by_level: self.colsample_bylevel,
                by_node: self.colsample_bynode,
            },
            monotone: self.monotone.clone(),
            early_stopping: self
                .early_stopping_rounds
                .map(|patience| EarlyStopping { patience, min_delta: self.min_delta }),
            seed: self.seed,
            threads: self.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN),
            ..Parameters::default()
        }
    }
}
