//! `bellwether detect bocpd`: the regimes of a column by Bayesian online change point detection.
use super::super::{Refusal, output};
use super::picture::Picture;
use super::series::{Series, written};
use bellwether_models::anomaly::bocpd::{
    Detector, Hazard, ObservationModel, Options, OutOfRange, SegmentError, segment,
};
use std::fmt::Write;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Example:
  bellwether detect bocpd --data latency.csv --column p99_ms --plot regimes.svg

  latency.csv has a header, then a row per sample, in time order:
    timestamp,p99_ms
    2026-11-23T10:00:00Z,20.3
    2026-11-23T10:00:01Z,19.8

  The answer has a row for each:
    timestamp,value,score,run_length,is_change,change_point
    2026-11-23T10:02:30Z,25.1,5.0312,150,0,
    2026-11-23T10:02:31Z,24.7,4.1220,2,0,
    2026-11-23T10:02:32Z,25.6,0.5533,3,1,150

  score         -log10 of the chance of a value at least as far out: 3 is one in a thousand
  run_length    samples since the last change, most probably
  is_change     1 where an alarm is raised (with --retrospective: in the first row of a regime)
  change_point  there: the first row of the new regime, counted from 0

The first 20 values serve to find centre and spread; nothing is scored before them.";

/// Find where the regime of a column changes, row by row as a stream would, or in hindsight.
///
/// Every row updates the probabilities of how long the current regime has lasted [Adams & MacKay 2007]. Online nothing
/// of the future is used; --retrospective standardises by the whole series and finds its most probable segmentation.
/// Empty cells, NaN and NA are missing: time passes, nothing is learned.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Bocpd {
    /// CSV file with a header, its rows in time order
    #[arg(long, value_name = "F.csv")]
    pub(super) data: PathBuf,
    /// Column that holds the values
    #[arg(long, value_name = "NAME", default_value = "value")]
    column: String,
    /// Mean run length in samples; the hazard is then constant, 1 / SAMPLES [default: a mean of 100000 with changes in
    /// quick succession less likely]
    #[arg(long, value_name = "SAMPLES", value_parser = hazard, allow_negative_numbers = true)]
    hazard_lambda: Option<Hazard>,
    /// The most probable segmentation of the whole series, instead of row by row
    #[arg(long)]
    retrospective: bool,
    /// What samples of one regime look like: gaussian (mean and variance change), variance (around zero, as log returns),
    /// poisson (counts), bernoulli (0 or 1)
    #[arg(long, value_enum, value_name = "MODEL", default_value_t = Model::Gaussian)]
    model: Model,
    /// Draws the series with its regimes, and the run length
    #[arg(long, value_name = "OUT.svg")]
    pub(super) plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Model {
    Gaussian,
    Variance,
    Poisson,
    Bernoulli,
}

fn hazard(text: &str) -> Result<Hazard, String> {
    let refused = || "give a number of samples above 1, such as 1e5".to_owned();
    let samples: f64 = text.trim().parse().map_err(|_| refused())?;
    Hazard::constant(samples).map_err(|_: OutOfRange| refused())
}

/// What is said of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    pub(super) score: f64,
    pub(super) run_length: u64,
    /// The first row of the new regime, where a change is marked.
    pub(super) change_point: Option<u64>,
}

impl Bocpd {
    pub(super) fn run(self) -> anyhow::Result<()> {
        if let Some(path) = self.plot.as_ref().filter(|path| !path.extension().is_some_and(is_svg)) {
            let what = format!("{} does not end in .svg", path.display());
            return Err(Refusal::new(what, "pictures are SVG: name one such as regimes.svg").into());
        }
        let options = self.options();
        let model = options.model();
        let refused = |value: f64| (!model.supports(value)).then(|| model.support());
        let series = Series::read(&self.data, &self.column, refused)?;
        let verdicts =
            if self.retrospective { hindsight(&series.values, options)? } else { online(&series.values, options)? };
        if let Some(path) = &self.plot {
            let picture = Picture { column: &self.column, values: &series.values, verdicts: &verdicts };
            let drawn = picture.draw()?.ok_or_else(|| {
                Refusal::new("there is nothing to draw", "give at least two rows, or leave --plot out").at(format!(
                    "{}, column \"{}\"",
                    self.data.display(),
                    self.column
                ))
            })?;
            output::replace(path, drawn.as_bytes())?;
        }
        output::print(&table(&series, &verdicts)?)
    }

    fn options(&self) -> Options {
        let options = Options::default().with_model(match self.model {
            Model::Gaussian => ObservationModel::default(),
            Model::Variance => ObservationModel::variance(),
            Model::Poisson => ObservationModel::poisson(),
            Model::Bernoulli => ObservationModel::binomial(),
        });
        self.hazard_lambda.map_or(options, |hazard| options.with_hazard(hazard))
    }
}

fn is_svg(ending: &std::ffi::OsStr) -> bool {
    ending.eq_ignore_ascii_case("svg")
}

/// Row by row, with nothing of the future; a change is marked where its alarm is raised.
pub(super) fn online(values: &[Option<f64>], options: Options) -> Result<Vec<Verdict>, OutOfRange> {
    let mut detector = Detector::new(options)?;
    let observed = values.iter().map(|value| {
        let step = detector.observe(*value);
        let change = detector.last_change().filter(|_| step.is_change);
        Verdict { score: step.score, run_length: step.run_length, change_point: change.map(|change| change.start) }
    });
    Ok(observed.collect())
}

/// By the most probable segmentation; a change is marked in the first row of its segment. Scores are those of the
/// online recursion in the unit of the whole series.
pub(super) fn hindsight(values: &[Option<f64>], options: Options) -> Result<Vec<Verdict>, SegmentError> {
    let found = segment(values, options)?;
    let mut verdicts = online(values, options.with_scaling(found.scaling()))?;
    let mut starts = found.change_points().into_iter().peekable();
    let mut start = 0;
    for (row, verdict) in verdicts.iter_mut().enumerate() {
        let is_first = starts.next_if_eq(&row).is_some();
        start = if is_first { row } else { start };
        verdict.run_length = (row - start + 1) as u64;
        verdict.change_point = is_first.then_some(row as u64);
    }
    Ok(verdicts)
}

fn table(series: &Series, verdicts: &[Verdict]) -> Result<String, std::fmt::Error> {
    let mut text = format!("{},value,score,run_length,is_change,change_point\n", series.label());
    for (row, (value, verdict)) in series.values.iter().zip(verdicts).enumerate() {
        let (label, value) = (series.labelled(row), value.map(written).unwrap_or_default());
        let Verdict { score, run_length, change_point } = *verdict;
        let (is_change, start) = change_point.map_or((0, String::new()), |start| (1, start.to_string()));
        writeln!(text, "{label},{value},{score:.4},{run_length},{is_change},{start}")?;
    }
    Ok(text)
}
