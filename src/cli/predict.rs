//! `bellwether predict`: what a model of boosted trees predicts for the rows of a table.
mod answer;
mod contributions;

use super::model_input::{Choice, Rows, open_model, say_best_round};
use super::{Refusal, input};
use answer::Answer;
use contributions::Contributions;
use std::path::PathBuf;

/// As it is typed.
const COMMAND: &str = "bellwether predict";

const AFTER_HELP: &str = "\
Example:
  bellwether predict --model tail.json --data rows.csv > predictions.csv

  rows.csv has a header, then a row per prediction:
    load,hour,zone
    0.81,14,north
    0.35,,south

  The answer has a row for each, in the same order:
    q0.5,q0.95,q0.99                  latency that 50 %, 95 %, 99 % stay below
    8.31,17.2,21.9
    6.04,11.8,15.1

Columns are found by the model's feature names, in any order; others are ignored. A
model without names takes f0, f1, ... or, if there are just as many, the columns in
their order. An empty cell, NaN or NA is a missing value; inf is a number. Categories
are given by the names the model was trained with. The columns of the answer are
q0.95, ... for quantiles, prediction for one output, class_0, class_1, ... for several.

  bellwether predict --model tail.json --data rows.csv --contributions --quantile 0.95

  has a column for each feature, and bias: what the model answers before it knows
  anything of the row.
    load,hour,zone,bias
    3.91,1.02,-0.44,12.7";

/// Predict the rows of a table with a model of boosted trees (XGBoost's file, of any objective).
///
/// The numbers are XGBoost's own, to the last bit. Quantiles of a row are sorted, so that they never cross; --raw leaves
/// them as the trees say. A model that stopped early predicts with its best round, and the command says so.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Model file in XGBoost's JSON or UBJSON, as `save_model` writes it
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// CSV file with a header
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Print what the trees add up to: no link (such as the logistic function), quantiles unsorted
    #[arg(long)]
    raw: bool,
    /// Print, instead of the predictions, what each feature adds to one output (exact SHAP values) and the bias: they
    /// sum to what --raw prints
    #[arg(long, conflicts_with = "raw")]
    contributions: bool,
    #[command(flatten)]
    choice: Choice,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.contributions && !arguments.choice.is_open() {
        let what = "--quantile and --output choose what --contributions explains";
        return Err(Refusal::new(what, "add --contributions, or leave them out").into());
    }
    let model = open_model(&arguments.model)?;
    let chosen = if arguments.contributions { Some(arguments.choice.of(&model)?) } else { None };
    let mut table = input::open(&arguments.data, "split the file", COMMAND)?;
    let mut rows = Rows::bind(&table, &model, COMMAND)?;
    let mut values = Vec::new();
    if let Some(chosen) = chosen {
        let mut answer = Contributions::new(&model, &chosen, rows.names())?;
        while rows.next_block(&mut table, &mut values)? > 0 {
            answer.add(&values)?;
        }
        answer.finish()?;
    } else {
        let mut answer = Answer::new(&model, arguments.raw);
        while rows.next_block(&mut table, &mut values)? > 0 {
            answer.add(&values)?;
        }
        answer.finish()?;
    }
    // Only now: a refusal is to stand alone.
    say_best_round(&model);
    rows.say_ignored(&[]);
    rows.say_missing();
    Ok(())
}
