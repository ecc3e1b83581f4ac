//! `bellwether train xgboost`: quantile gradient boosting, written down in XGBoost's own format.
mod examples;
mod parameters;
mod picture;
mod progress;
mod report;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use examples::training_table;

use crate::cli::{Refusal, output, say};
use bellwether_models::tail::boosting::{
    Monotone, OptionError, Options, TrainError, Trained, TrainingTable, train, xgboost,
};
use examples::Examples;
use parameters::{GrowPolicy, Objective};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// As it is typed.
const COMMAND: &str = "bellwether train xgboost";

const AFTER_HELP: &str = "\
Example:
  bellwether train xgboost --data train.csv --target latency_ms --quantiles 0.5,0.95,0.99 --out model.json \\
    --validation later.csv --early-stopping-rounds 20 --monotone load=+1 --plot curve.svg

  train.csv has a header, then a row per case; every column but the target is a feature:
    load,queue,hour,latency_ms
    0.71,3,14,12.5
    0.93,18,14,61.0

  The answer, shortened:
    \"rounds\": 132, \"best_round\": 111,         counted from 0; predictions stop there
    \"quantiles\": [ { \"quantile\": 0.95, \"validation_loss\": 1.92, \"validation_coverage\": 0.948 }, .. ]

  Coverage is the share of the rows at or below the prediction: near the quantile, if all is well.
  bellwether predict --model model.json --data new.csv then predicts; so does the Python package.

Far quantiles: a leaf needs about 1/(1 - q) rows to tell quantile q, so 0.999 wants thousands of
rows. Without --min-child-weight leaves are kept that large, and lean on their neighbourhood; with it
everything is as XGBoost has it. Rows that are no sample of the future (another day, another load)
make the best --validation.";

/// Train gradient-boosted trees that predict quantiles, and write them in XGBoost's format.
///
/// Cells that are empty, NaN or NA are missing, which the trees learn to use. Prints a summary as JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Xgboost {
    /// CSV file with a header
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Column to predict
    #[arg(long, value_name = "COL")]
    target: String,
    /// Quantiles to predict, each between 0 and 1
    #[arg(long, value_name = "Q,..", value_delimiter = ',', required = true, allow_negative_numbers = true)]
    quantiles: Vec<f64>,
    /// Model file; its ending chooses the format, JSON or UBJSON (smaller, quicker to load)
    #[arg(long, value_name = "M.json|M.ubj")]
    out: PathBuf,
    /// CSV file to judge by, which training does not learn from
    #[arg(long, value_name = "V.csv")]
    validation: Option<PathBuf>,
    /// Stops after so many rounds in which the validation loss did not fall
    #[arg(long, value_name = "N", requires = "validation")]
    early_stopping_rounds: Option<usize>,
    /// By how much it must fall, in the target's unit
    #[arg(long, value_name = "X", default_value_t = 0.0, requires = "early_stopping_rounds")]
    min_delta: f64,
    /// Rounds of boosting; each adds a tree per quantile
    #[arg(long, value_name = "N", default_value_t = 300)]
    rounds: usize,
    /// Splits on the way to a leaf; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 6)]
    max_depth: u32,
    /// What every tree's answer is multiplied by
    #[arg(long, value_name = "X", default_value_t = 0.1)]
    learning_rate: f64,
    /// Rows (or their weights) that a leaf has at least [default: more for far quantiles]
    #[arg(long, value_name = "W")]
    min_child_weight: Option<f64>,
    /// Bins into which a feature is cut
    #[arg(long, value_name = "N", default_value_t = 256)]
    max_bin: usize,
    /// Predictions never fall (+1) or never rise (-1) when this column grows; may be repeated
    #[arg(long, value_name = "COL=+1|-1", value_parser = parameters::monotone)]
    monotone: Vec<(String, Monotone)>,
    /// Which leaf is split next: the one nearest to the root, or the one that gains most
    #[arg(long, value_enum, default_value_t = GrowPolicy::Depthwise)]
    grow_policy: GrowPolicy,
    /// Leaves of a tree; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_leaves: u32,
    /// L2 regularisation of leaves while trees grow
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    lambda: f64,
    /// L1 regularisation of leaves while trees grow
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    alpha: f64,
    /// Loss that a split must take away at least
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    gamma: f64,
    /// Share of the rows that each tree sees
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    subsample: f64,
    /// Share of the columns that each tree sees
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    colsample_bytree: f64,
    /// Share of these that each level of a tree sees
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    colsample_bylevel: f64,
    /// Share of these that each node sees
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    colsample_bynode: f64,
    /// Column of the rows' weights: a row of weight 2 counts as two
    #[arg(long, value_name = "COL")]
    weight: Option<String>,
    /// Columns that hold categories, by name or number
    #[arg(long, value_name = "COL,..", value_delimiter = ',')]
    categorical: Vec<String>,
    /// Columns that are no features
    #[arg(long, value_name = "COL,..", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Loss: each leaf answers its rows' quantile, or smoothed and second-order as from XGBoost 3.4 on
    #[arg(long, value_enum, default_value_t = Objective::PinballRefresh)]
    objective: Objective,
    /// Seed of what is drawn: rows and columns
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Threads that work; the model does not depend on it [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Draws the loss of every quantile, round by round
    #[arg(long, value_name = "CURVE.svg")]
    plot: Option<PathBuf>,
}

/// How the model is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Ubjson,
}

impl Xgboost {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let format = format(&self.out)?;
        self.check_files()?;
        let options = Options::new(self.parameters()).map_err(|error| refused_option(&error))?;
        let mut examples = Examples::read(&self.data, self.columns())?;
        let validation = match &self.validation {
            Some(path) => Some(examples.read_alike(path, self.columns())?),
            None => None,
        };
        let begin = Instant::now();
        let trained = self.train(&examples.table, validation.as_ref(), &options)?;
        let seconds = begin.elapsed().as_secs_f64();
        let picture = match &self.plot {
            Some(path) => Some((path, picture::draw(&trained, &self.quantiles)?.ok_or_else(too_odd)?)),
            None => None,
        };
        let written = match format {
            Format::Json => xgboost::to_json(&trained.model),
            Format::Ubjson => xgboost::to_ubjson(&trained.model),
        };
        let report = report::Report::new(&trained, options.parameters(), &examples.table, validation.as_ref())?;
        output::replace(&self.out, &written)?;
        if let Some((path, picture)) = picture {
            output::replace(path, picture.as_bytes())?;
        }
        say(&report.table());
        output::print(&report.summary(&self.out, written.len(), seconds)?)
    }

    fn columns(&self) -> table::Columns<'_> {
        table::Columns {
            target: &self.target,
            weight: self.weight.as_deref(),
            categorical: &self.categorical,
            ignored: &self.ignore,
        }
    }

    fn train(
        &self,
        table: &TrainingTable,
        validation: Option<&TrainingTable>,
        options: &Options,
    ) -> anyhow::Result<Trained> {
        let mut progress = progress::Progress::new(self.rounds);
        let trained = train(table, validation, options, &mut |round| progress.advance(round));
        progress.finish();
        Ok(trained.map_err(|error| self.refused(&error))?)
    }

    /// What can be refused before a file is read.
    fn check_files(&self) -> Result<(), Refusal> {
        if let Some(path) = self.plot.as_ref().filter(|path| !ends_in(path, "svg")) {
            let what = format!("{} does not end in .svg", path.display());
            return Err(Refusal::new(what, "pictures are SVG: name one such as curve.svg"));
        }
        for path in [Some(&self.out), self.plot.as_ref()].into_iter().flatten() {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
                let what = format!("{} cannot be written: its folder does not exist, or it is one", path.display());
                return Err(Refusal::new(what, "name a file in a folder that exists"));
            }
        }
        Ok(())
    }

    fn refused(&self, error: &TrainError) -> Refusal {
        let hint = match error {
            TrainError::ValidationFeatures { .. } => "give the validation file the columns of the training file",
            TrainError::NoSuchFeature { .. } => "--monotone takes the name of a column that is a feature",
            TrainError::MonotoneCategory { .. } => "leave it out of --monotone, or out of --categorical",
            TrainError::Threads { .. } => "ask for fewer --threads",
            _ => "`bellwether train xgboost --help` shows what is possible",
        };
        Refusal::new(error.to_string(), hint).at(self.data.display().to_string())
    }
}

fn format(out: &Path) -> Result<Format, Refusal> {
    match () {
        () if ends_in(out, "json") => Ok(Format::Json),
        () if ends_in(out, "ubj") => Ok(Format::Ubjson),
        () => {
            let what = format!("{} ends neither in .json nor in .ubj", out.display());
            Err(Refusal::new(what, "the ending chooses the format: name a file such as model.json or model.ubj"))
        }
    }
}

fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

fn refused_option(error: &OptionError) -> Refusal {
    match error {
        OptionError::OutOfRange(wrong) => {
            Refusal::new(format!("{} is {}", wrong.name, wrong.value), format!("give a number in {}", wrong.range))
        }
        OptionError::NoQuantile => Refusal::new(error.to_string(), "give --quantiles 0.5,0.95"),
        OptionError::QuantileTwice(_) => Refusal::new(error.to_string(), "give each quantile once"),
        OptionError::TooManyTrees { .. } => Refusal::new(error.to_string(), "give fewer --rounds or --quantiles"),
    }
}

fn too_odd() -> Refusal {
    Refusal::new("the losses are too large, too small or too many for a picture", "leave --plot out")
}
