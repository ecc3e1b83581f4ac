//! `bellwether evt fit`: the upper tail of a column, as figures and as a picture.
mod picture;
#[cfg(test)]
mod tests;

use super::input;
use super::{Refusal, output};
use bellwether_actors::models::{ExtremesQuestion, IntervalKind, report};
use bellwether_adapters::csv::{CsvError, CsvReader};
use bellwether_domain::types::Fields;
use bellwether_models::tail::peaks_over_threshold::{
    Coverage, ExtremesError, Level, Options, OutOfRange, PeaksOverThreshold, ReturnPeriod, Threshold, extremal_index,
};
use std::io::Read;
use std::path::{Path, PathBuf};

/// As it is typed.
const COMMAND: &str = "bellwether evt fit";
/// Rows of a file beyond which its reading would take too long, or its values too much memory.
const MOST_ROWS: usize = 10_000_000;
/// Exceedances beyond which a fit would take too long.
const MOST_EXCEEDANCES: usize = 1_000_000;
/// Exceedances times profile-likelihood bounds beyond which these would take too long.
const MOST_PROFILED: usize = 400_000;
/// Levels or return periods of one call.
const MOST_ASKED: usize = 32;

const AFTER_HELP: &str = "\
Example:
  bellwether evt fit --data fire.csv --column loss --threshold 10 --plot tail.svg

  fire.csv has a header, then a row per value:
    date,loss
    1980-01-03,1.68
    1980-01-04,3.62

  The answer, shortened:
    \"shape\": 0.497,                               above 0: a heavy tail
    \"scale\": 6.98,
    \"exceedances\": 109,                           values above 10
    \"var\": { \"0.99\": 27.29, \"0.999\": 94.34 },   that 99 % and 99.9 % of all stay below
    \"cvar\": { \"0.99\": 58.24, \"0.999\": 191.5 }   mean of those above var

A good threshold is high enough for the fit to describe what lies above it, and low
enough to leave some fifty values there: look at --plot. For the lower tail negate the
column.";

/// Study the extremes of a column.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Fit(Fit),
}

/// Fit the upper tail of a column and print, as JSON, how large its extremes become.
///
/// A generalized Pareto distribution is fitted by maximum likelihood to what lies strictly above the threshold. Empty
/// cells, NaN and NA are skipped and counted. Without a threshold 5 % of the values lie above it (at least 50, at most
/// 500, never more than a fifth).
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
struct Fit {
    /// CSV file with a header
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Column that holds the values
    #[arg(long, value_name = "NAME", default_value = "value")]
    column: String,
    /// The tail starts at this value
    #[arg(long, value_name = "U", value_parser = finite, allow_negative_numbers = true, conflicts_with = "threshold_quantile")]
    threshold: Option<f64>,
    /// The tail starts at this quantile of the column (Hyndman-Fan type 7), between 0 and 1
    #[arg(long, value_name = "Q", value_parser = level, allow_negative_numbers = true)]
    threshold_quantile: Option<Level>,
    /// Levels of var and cvar, not below the threshold's [default: those of 0.95, 0.99, 0.999 in the tail]
    #[arg(long, value_name = "P,..", value_parser = level, value_delimiter = ',', allow_negative_numbers = true)]
    levels: Option<Vec<Level>>,
    /// Return periods in rows: a return level is exceeded once in so many [default: those of 100, 1000 in the tail]
    #[arg(long, value_name = "ROWS,..", value_parser = period, value_delimiter = ',', allow_negative_numbers = true)]
    return_periods: Option<Vec<f64>>,
    /// How bounds are found: delta is symmetric, profile (likelihood) asymmetric as tails are, and slower
    #[arg(long, value_enum, default_value_t = Intervals::Delta)]
    intervals: Intervals,
    /// Probability with which bounds hold
    #[arg(long, value_name = "P", value_parser = coverage, default_value = "0.95", allow_negative_numbers = true)]
    coverage: Coverage,
    /// Draws return levels with their bounds, and how well the fit describes what was observed
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Intervals {
    Delta,
    Profile,
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| "give a finite number".to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "give a number with a decimal point".to_owned())
}

fn level(text: &str) -> Result<Level, String> {
    Level::new(number(text)?).map_err(|_| "give a number above 0 and below 1".to_owned())
}

fn coverage(text: &str) -> Result<Coverage, String> {
    Coverage::new(number(text)?).map_err(|_| "give a number above 0 and below 1".to_owned())
}

fn period(text: &str) -> Result<f64, String> {
    let rows = number(text)?;
    ReturnPeriod::new(rows, 1.0).map(|_| rows).map_err(|_: OutOfRange| "give a finite number above 1".to_owned())
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Fit(arguments) = arguments.command;
    arguments.check()?;
    let column = Values::read(&arguments.data, &arguments.column)?;
    let question = arguments.question();
    let refused = |error: ExtremesError| advised(&error.to_string()).at(arguments.place());
    arguments.check_work(&column.values, question.threshold)?;
    let mut figures = report(&column.values, &question).map_err(refused)?;
    column.add_to(&mut figures, question.threshold);
    if let Some(path) = &arguments.plot {
        let options = Options::default().with_threshold(question.threshold);
        let fitted = PeaksOverThreshold::new(options).and_then(|tail| tail.fit(&column.values)).map_err(refused)?;
        let picture =
            picture::Picture { column: &arguments.column, values: &column.values, fitted, question: &question };
        let drawn = picture.draw()?.ok_or_else(|| {
            Refusal::new(
                "the values spread too far, or too little, for a picture",
                "leave --plot out, or change their unit",
            )
            .at(arguments.place())
        })?;
        output::replace(path, drawn.as_bytes())?;
    }
    output::print(&(serde_json::to_string_pretty(&figures)? + "\n"))
}

impl Fit {
    fn place(&self) -> String {
        format!("{}, column \"{}\"", self.data.display(), self.column)
    }

    fn question(&self) -> ExtremesQuestion {
        let threshold = match (self.threshold, self.threshold_quantile) {
            (Some(value), _) => Threshold::Value(value),
            (None, Some(level)) => Threshold::Quantile(level),
            (None, None) => Threshold::Automatic,
        };
        ExtremesQuestion {
            threshold,
            levels: self.levels.clone(),
            return_periods: self.return_periods.clone(),
            intervals: match self.intervals {
                Intervals::Delta => IntervalKind::Delta,
                Intervals::Profile => IntervalKind::Profile,
            },
            coverage: self.coverage,
            judge_newest: false,
        }
    }

    /// What can be refused before the file is read.
    fn check(&self) -> Result<(), Refusal> {
        let lists = [
            ("levels", self.levels.as_ref().map(Vec::len)),
            ("return-periods", self.return_periods.as_ref().map(Vec::len)),
        ];
        for (name, length) in lists {
            if length.is_some_and(|length| length > MOST_ASKED) {
                let what = format!("--{name} holds more than {MOST_ASKED} numbers");
                return Err(Refusal::new(what, "ask in several calls"));
            }
        }
        match &self.plot {
            Some(path) if !path.extension().is_some_and(|end| end.eq_ignore_ascii_case("svg")) => {
                let what = format!("{} does not end in .svg", path.display());
                Err(Refusal::new(what, "pictures are SVG: name one such as tail.svg"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what would take too long.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "small counts"
    )]
    fn check_work(&self, values: &[f64], threshold: Threshold) -> Result<(), Refusal> {
        let above = match threshold {
            Threshold::Value(threshold) => values.iter().filter(|value| **value > threshold).count(),
            Threshold::Quantile(level) => (values.len() as f64 * (1.0 - level.get())).ceil() as usize,
            Threshold::Automatic => return Ok(()),
        };
        if above > MOST_EXCEEDANCES {
            let what = format!("{above} values above the threshold are more than a tail needs");
            let hint = format!("raise the threshold until at most {MOST_EXCEEDANCES} are left");
            return Err(Refusal::new(what, hint).at(self.place()));
        }
        let bounds = 2 + self.levels.as_ref().map_or(3, Vec::len) + self.return_periods.as_ref().map_or(2, Vec::len);
        if self.intervals == Intervals::Profile && above.saturating_mul(bounds) > MOST_PROFILED {
            let what =
                format!("{bounds} profile-likelihood bounds over {above} values above the threshold take too long");
            let hint = format!(
                "raise the threshold until at most {} are left, or use --intervals delta",
                MOST_PROFILED / bounds
            );
            return Err(Refusal::new(what, hint).at(self.place()));
        }
        Ok(())
    }
}

/// The values of a column.
#[derive(Debug)]
struct Values {
    /// In the file's order, without the missing ones.
    values: Vec<f64>,
    /// Row of each missing one, counted from 0.
    missing: Vec<usize>,
}

impl Values {
    fn read(path: &Path, column: &str) -> Result<Self, Refusal> {
        Self::take(input::open(path, "split the file, or fit its latest part", COMMAND)?, column)
    }

    fn take<R: Read>(mut table: CsvReader<R>, name: &str) -> Result<Self, Refusal> {
        let refused = |error: CsvError| advised(&error.to_string());
        let column = table.column(name).map_err(refused)?;
        let (mut values, mut missing) = (Vec::new(), Vec::new());
        while let Some(row) = table.next_row().map_err(refused)? {
            let rows = values.len() + missing.len();
            if rows == MOST_ROWS {
                let what = format!("more than {MOST_ROWS} rows are too many for one fit");
                return Err(Refusal::new(what, "split the file, or fit its latest part").at(table.file()));
            }
            match row.number(column).map_err(refused)? {
                Some(value) => values.push(value),
                None => missing.push(rows),
            }
        }
        Ok(Self { values, missing })
    }

    /// What the column says beside the tail's own figures.
    fn add_to(&self, figures: &mut Fields, threshold: Threshold) {
        figures.set("missing", self.missing.len());
        let choice = match threshold {
            Threshold::Automatic => "automatic",
            Threshold::Quantile(_) => "quantile",
            Threshold::Value(_) => "value",
        };
        figures.set("threshold_choice", choice);
        let index = figures
            .at("threshold")
            .and_then(|threshold| threshold.as_number())
            .map(|threshold| extremal_index(&self.in_time(threshold), threshold));
        figures.set("extremal_index", index.and_then(Result::ok));
    }

    /// The values in the file's order with `filler` for the missing, which keeps the distances between the others.
    fn in_time(&self, filler: f64) -> Vec<f64> {
        let (mut all, mut values) = (Vec::with_capacity(self.values.len() + self.missing.len()), self.values.iter());
        for row in &self.missing {
            all.extend(values.by_ref().take(row - all.len()));
            all.push(filler);
        }
        all.extend(values);
        all
    }
}

/// A message that ends in its remedy, as a refusal.
fn advised(message: &str) -> Refusal {
    input::advised(&message, COMMAND)
}
