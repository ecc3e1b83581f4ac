//! `bellwether conformal`: intervals and upper bounds that cover what they claim, from a model's quantiles.
mod answer;
mod bounds;
mod labelled;
mod report;
mod table;

use super::model_input::{open_model, say_best_round};
use super::{Refusal, input, say};
use answer::Answer;
use bellwether_models::tail::boosting::BoostedTrees;
use bellwether_models::tail::conformal::{
    CalibratedByGroup, ConformalError, Coverage, Interval, Sides, SplitConformal,
};
use bounds::Bounds;
use labelled::{Block, Labelled};
use report::Report;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// As it is typed.
const COMMAND: &str = "bellwether conformal";
/// Calibration rows beyond which they would take too much memory.
const MOST_ROWS: usize = 5_000_000;

const AFTER_HELP: &str = "\
Example:
  bellwether conformal --model tail.json --calibration held-out.csv --data rows.csv \\
    --target latency --coverage 0.9 > intervals.csv

  held-out.csv has the model's columns and the target, for rows that it was not trained on:
    load,hour,zone,latency
    0.81,14,north,8.9

  The answer has a row for each of rows.csv, in the same order:
    lower,upper
    5.02,16.8

The model needs the pair of quantiles that belongs to the coverage: 0.05 and 0.95 for 0.9.
With --upper it needs the one at the coverage itself, such as 0.99, and the answer is one
column, upper. A coverage needs calibration rows enough: 9 for 0.9, 99 for 0.99, 999 for
0.999. Rows without a target are skipped and counted. If rows.csv has the target, too, the
coverage found, the mean width and the interval score are printed with their standard
errors on standard error.";

/// Correct a model's quantiles by held-out rows, so that intervals contain the target as often as they claim.
///
/// Split conformalized quantile regression (Romano, Patterson and Candès 2019): the guarantee holds for any model, if
/// calibration rows and new rows are alike. Use the latest rows for what drifts.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Quantile model in XGBoost's JSON or UBJSON
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// CSV file of rows with their target that the model was not trained on
    #[arg(long, value_name = "C.csv")]
    calibration: PathBuf,
    /// CSV file of the rows to predict
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Column that holds the target
    #[arg(long, value_name = "COL")]
    target: String,
    /// Share of targets that an interval is to contain, or an upper bound to be above
    #[arg(long, value_name = "P", value_parser = coverage, default_value = "0.9", allow_negative_numbers = true)]
    coverage: Coverage,
    /// Correct each side by itself: either is missed by (1 - P)/2 of the targets at most
    #[arg(long)]
    asymmetric: bool,
    /// Print an upper bound alone, from the quantile at P
    #[arg(long, conflicts_with = "asymmetric")]
    upper: bool,
    /// Column that divides the rows into groups, each with a correction of its own
    #[arg(long, value_name = "COL")]
    group: Option<String>,
}

fn coverage(text: &str) -> Result<Coverage, String> {
    let number: Option<f64> = text.trim().parse().ok();
    number.and_then(|number| Coverage::new(number).ok()).ok_or_else(|| "give a number above 0 and below 1".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let model = open_model(&arguments.model)?;
    let wanted = SplitConformal::new(arguments.coverage).with_sides(arguments.sides());
    let bounds = Bounds::of(&model, &wanted).map_err(|refusal| refusal.at(arguments.model.display().to_string()))?;
    let mut held_out = arguments.open(&arguments.calibration, &model, &bounds, true)?;
    let mut rows = arguments.open(&arguments.data, &model, &bounds, false)?;
    let (calibrated, unlabelled) = arguments.calibrate(&mut held_out, &wanted)?;
    let mut report = Report::new(&wanted, &bounds, arguments.group.is_some());
    let (mut answer, mut block) = (Answer::new(wanted.sides()), Block::default());
    while rows.next_block(&mut block)? > 0 {
        for row in &block.rows {
            let corrected = calibrated.correct(&row.group, row.interval);
            report.add(row, &corrected, &calibrated);
            answer.line(corrected.interval)?;
        }
    }
    answer.finish()?;
    // Only now, so that a refusal stands alone.
    say_best_round(&model);
    rows.say_ignored();
    held_out.say_missing();
    rows.say_missing();
    say(&report.of_calibration(&arguments.calibration, &calibrated, unlabelled));
    say(&report.of_data(&arguments.data));
    Ok(())
}

impl Arguments {
    fn sides(&self) -> Sides {
        match (self.asymmetric, self.upper) {
            (_, true) => Sides::Upper,
            (true, _) => Sides::Asymmetric,
            _ => Sides::Symmetric,
        }
    }

    fn open<'m>(
        &'m self,
        path: &Path,
        model: &'m BoostedTrees,
        bounds: &'m Bounds,
        is_calibration: bool,
    ) -> Result<Labelled<'m>, Refusal> {
        let too_large = if is_calibration { "give the latest rows" } else { "split the file" };
        let table = input::open(path, too_large, COMMAND)?;
        Labelled::bind(table, (model, bounds), (&self.target, self.group.as_deref()), is_calibration)
    }

    /// Finds the corrections, and how many rows have no target.
    fn calibrate(
        &self,
        rows: &mut Labelled<'_>,
        wanted: &SplitConformal,
    ) -> anyhow::Result<(CalibratedByGroup<Rc<str>>, usize)> {
        let place = self.calibration.display().to_string();
        let (mut intervals, mut targets, mut groups): (Vec<Interval>, Vec<f64>, Vec<Rc<str>>) = Default::default();
        let (mut block, mut unlabelled) = (Block::default(), 0);
        while rows.next_block(&mut block)? > 0 {
            for row in &block.rows {
                match row.target {
                    Some(target) => {
                        intervals.push(row.interval);
                        targets.push(target);
                        groups.push(Rc::clone(&row.group));
                    }
                    None => unlabelled += 1,
                }
            }
            if targets.len() > MOST_ROWS {
                let what = format!("more than {MOST_ROWS} rows are too many for one calibration");
                return Err(Refusal::new(what, "give the latest rows").at(place).into());
            }
        }
        let refused = |error: ConformalError| input::advised(&error, COMMAND).at(&place);
        Ok((wanted.calibrate_by_group(&intervals, &targets, &groups).map_err(refused)?, unlabelled))
    }
}
