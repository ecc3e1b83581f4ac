//! `bellwether evt`: the upper tail of a column, as figures and as a picture; `stream` follows it row by row.
mod periods;
mod picture;
mod stream;
#[cfg(test)]
mod tests;
mod values;

use super::input;
use super::{Refusal, output};
use bellwether_actors::models::{ExtremesQuestion, IntervalKind, ThresholdChoice, report};
use bellwether_models::tail::peaks_over_threshold::{
    Coverage, Declustering, ExtremesError, FalseDiscoveryRate, Level, Threshold,
};
use periods::Asked;
use std::path::PathBuf;
use values::Values;

/// As it is typed.
const COMMAND: &str = "bellwether evt fit";
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

  How large does a burst become, once in a day and once in thirty?
  bellwether evt fit --data latency.csv --column ms --period 5min --return-periods 1d,30d \\
    --clusters auto --intervals profile

A good threshold is high enough for the fit to describe what lies above it, and low
enough to leave some fifty values there: look at --plot and at p_value, or let
--choose-threshold test several. For the lower tail negate the column.";

/// Study the extremes of a column.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Fit(Box<Fit>),
    Stream(stream::Stream),
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
    #[arg(long, value_name = "U", value_parser = finite, allow_negative_numbers = true, conflicts_with_all = ["threshold_quantile", "choose_threshold"])]
    threshold: Option<f64>,
    /// The tail starts at this quantile of the column (Hyndman-Fan type 7), between 0 and 1
    #[arg(long, value_name = "Q", value_parser = level, allow_negative_numbers = true, conflicts_with = "choose_threshold")]
    threshold_quantile: Option<Level>,
    /// The tail starts at the lowest of ten thresholds whose fit a test (Anderson-Darling) does not reject
    #[arg(long)]
    choose_threshold: bool,
    /// Levels of var and cvar, not below the threshold's [default: those of 0.95, 0.99, 0.999 in the tail]
    #[arg(long, value_name = "P,..", value_parser = level, value_delimiter = ',', allow_negative_numbers = true)]
    levels: Option<Vec<Level>>,
    /// Return periods in rows, or in time with --period: a return level is exceeded once in so many [default: those of
    /// 100, 1000 in the tail]
    #[arg(long, value_name = "ROWS|TIME,..", value_parser = periods::asked, value_delimiter = ',', allow_negative_numbers = true)]
    return_periods: Option<Vec<Asked>>,
    /// Time from one row to the next, such as 5min
    #[arg(long, value_name = "TIME", value_parser = periods::seconds)]
    period: Option<f64>,
    /// Return levels are those of bursts: exceedances are one if fewer than ROWS others lie between them; auto takes the
    /// run length from the data
    #[arg(long, value_name = "auto|ROWS", value_parser = declustering)]
    clusters: Option<Declustering>,
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

fn probability(text: &str) -> Result<f64, String> {
    coverage(text).map(Coverage::get)
}

fn declustering(text: &str) -> Result<Declustering, String> {
    match text.trim() {
        "auto" => Ok(Declustering::Intervals),
        rows => match rows.parse() {
            Ok(rows) if rows > 0 => Ok(Declustering::Runs(rows)),
            _ => Err("give auto, or a whole number of rows of at least 1".to_owned()),
        },
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Fit(fit) => run_fit(&fit),
        Command::Stream(stream) => stream.run(),
    }
}

fn run_fit(arguments: &Fit) -> anyhow::Result<()> {
    arguments.check()?;
    let column = Values::read(&arguments.data, &arguments.column)?;
    let question = arguments.question()?;
    let refused = |error: ExtremesError| advised(&error.to_string()).at(arguments.place());
    arguments.check_work(&column.values, question.threshold)?;
    let mut figures = report(column.series(), &question).map_err(refused)?;
    figures.set("missing", column.missing.len());
    figures.set("threshold_choice", arguments.choice());
    if let Some(path) = &arguments.plot {
        let picture = picture::Picture::of(&arguments.column, column.series(), &question).map_err(refused)?;
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

    fn question(&self) -> Result<ExtremesQuestion, Refusal> {
        let threshold = match (self.threshold, self.threshold_quantile) {
            (Some(value), _) => ThresholdChoice::Given(Threshold::Value(value)),
            (None, Some(level)) => ThresholdChoice::Given(Threshold::Quantile(level)),
            (None, None) if self.choose_threshold => ThresholdChoice::Tested(FalseDiscoveryRate::default()),
            (None, None) => ThresholdChoice::default(),
        };
        let periods =
            self.return_periods.as_ref().map(|all| all.iter().map(|asked| asked.in_rows(self.period)).collect());
        Ok(ExtremesQuestion {
            threshold,
            levels: self.levels.clone(),
            return_periods: periods.transpose()?,
            clusters: self.clusters,
            intervals: match self.intervals {
                Intervals::Delta => IntervalKind::Delta,
                Intervals::Profile => IntervalKind::Profile,
            },
            coverage: self.coverage,
            judge_newest: false,
        })
    }

    const fn choice(&self) -> &'static str {
        match (self.threshold, self.threshold_quantile, self.choose_threshold) {
            (Some(_), ..) => "value",
            (None, Some(_), _) => "quantile",
            (None, None, true) => "tested",
            (None, None, false) => "automatic",
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
    fn check_work(&self, values: &[f64], threshold: ThresholdChoice) -> Result<(), Refusal> {
        let above = match threshold {
            ThresholdChoice::Given(Threshold::Value(threshold)) => {
                values.iter().filter(|value| **value > threshold).count()
            }
            ThresholdChoice::Given(Threshold::Quantile(level)) => {
                (values.len() as f64 * (1.0 - level.get())).ceil() as usize
            }
            _ => return Ok(()), // few by their own rule
        };
        if above > MOST_EXCEEDANCES {
            let what = format!("{above} values above the threshold are more than a tail needs");
            let hint = format!("raise the threshold until at most {MOST_EXCEEDANCES} are left");
            return Err(Refusal::new(what, hint).at(self.place()));
        }
        let bounds =
            2 + 2 * self.levels.as_ref().map_or(3, Vec::len) + self.return_periods.as_ref().map_or(2, Vec::len);
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

/// A message that ends in its remedy, as a refusal.
fn advised(message: &str) -> Refusal {
    input::advised(&message, COMMAND)
}
