//! `bellwether explain`: why a model of boosted trees answers what it answers.
mod importances;
mod picture;
mod row;

use super::Refusal;
use super::model_input::{Choice, open_model};
use super::output;
use bellwether_models::tail::boosting::BoostedTrees;
use std::path::{Path, PathBuf};

/// As it is typed.
const COMMAND: &str = "bellwether explain";

const AFTER_HELP: &str = "\
Examples:
  bellwether explain --model tail.json --data rows.csv --row 7 --quantile 0.95 --plot why.svg

  explains the seventh row below the header. The answer, shortened:
    q0.95 of row 7 is 17.21
      12.70  bias: the model's mean, before anything is known of the row
      +3.91  load = 0.81
      +1.02  hour = 14
      -0.42  6 other features
      17.21  sum

  bellwether explain --model tail.json --data rows.csv --target latency_ms

  says what each feature is worth: how much its splits lowered the loss in training,
  and by how much the loss on rows.csv rises when its values are shuffled.

Contributions are exact SHAP values of the trees, with the training rows' shares as
weights. They explain the model, not the world. They add up to the margin: the
prediction itself for quantiles, its logit for binary:logistic. Quantiles are served
sorted: where two have changed places, the one whose value is served is explained, and
the answer says which.";

/// Explain one prediction of a model of boosted trees, or, without --row, how much its features matter.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Model file in XGBoost's JSON or UBJSON
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// CSV file with a header
    #[arg(long, value_name = "F.csv")]
    data: Option<PathBuf>,
    /// The row to explain: the first below the header is 1; empty lines do not count
    #[arg(long, value_name = "N", requires = "data", conflicts_with = "target")]
    row: Option<u64>,
    #[command(flatten)]
    choice: Choice,
    /// Features that are listed, the most important first
    #[arg(long, value_name = "K", default_value_t = 10)]
    top: usize,
    /// Column with the truth, to measure importance by shuffling (permutation importance)
    #[arg(long, value_name = "COL", requires = "data")]
    target: Option<String>,
    /// Shufflings of each feature
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeats: u32,
    /// Seed of the shufflings: the same one gives the same figures
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Draws the contributions as steps from bias to prediction, or the importances as bars
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What was found out, in the forms in which it can be given.
struct Answer {
    text: String,
    json: serde_json::Value,
    picture: String,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.check()?;
    let model = open_model(&arguments.model)?;
    let answer = match (&arguments.data, arguments.row) {
        (Some(data), Some(row)) => row::explain(&model, arguments, data, row)?,
        _ => importances::explain(&model, arguments)?,
    };
    if let Some(path) = &arguments.plot {
        output::replace(path, answer.picture.as_bytes())?;
    }
    match arguments.format {
        Format::Text => output::print(&answer.text),
        Format::Json => output::print(&(serde_json::to_string_pretty(&answer.json)? + "\n")),
    }
}

impl Arguments {
    /// What can be refused before a file is read.
    fn check(&self) -> Result<(), Refusal> {
        if self.row == Some(0) {
            return Err(Refusal::new("there is no row 0", "the first row below the header is 1"));
        }
        if self.data.is_some() && self.row.is_none() && self.target.is_none() {
            let what = "--data alone explains nothing";
            return Err(Refusal::new(what, "add --row N to explain a row, or --target COL to shuffle the features"));
        }
        match &self.plot {
            Some(path) if !is_svg(path) => {
                let what = format!("{} does not end in .svg", path.display());
                Err(Refusal::new(what, "pictures are SVG: name one such as why.svg"))
            }
            _ => Ok(()),
        }
    }
}

fn is_svg(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("svg"))
}

/// The features' names; a model without any calls them f0, f1, ...
fn names(model: &BoostedTrees) -> Vec<String> {
    let features = &model.parts().features;
    if features.names.is_empty() {
        (0..features.count).map(|index| format!("f{index}")).collect()
    } else {
        features.names.clone()
    }
}
