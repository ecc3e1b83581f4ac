//! `bellwether evt stream`: values that are too large for the tail of those before them.
use super::super::{Refusal, output};
use super::values::Values;
use super::{level, probability};
use bellwether_domain::types::{FieldValue, Fields};
use bellwether_models::tail::peaks_over_threshold::{ExtremesError, Level, Observed, StreamingOptions, StreamingTail};
use std::path::PathBuf;

/// Rows beyond which the reading would take too long.
const MOST_ROWS: usize = 2_000_000;
/// Alarms beyond which an answer only becomes longer.
const MOST_ALARMS: usize = 10_000;

const AFTER_HELP: &str = "\
Example:
  bellwether evt stream --data latency.csv --column ms --alarm-probability 1e-5

  The answer, shortened:
    \"alarms\": [ { \"row\": 3396, \"value\": 99.25, \"probability\": 5.1e-12 } ],
    \"alarm_level\": 84.3                          the next alarm is above this

A row's probability is that of a value at least as large, by the rows before it. Of rows
that are all alike about one in 1 / --alarm-probability is a false alarm.";

/// Follow a column row by row and print, as JSON, the values too large for the tail of those before them.
///
/// The threshold is a quantile of the newest rows, the tail that of the newest peaks above it, so that old rows are
/// forgotten and each row costs the same. Empty cells, NaN and NA are skipped and counted.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Stream {
    /// CSV file with a header
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Column that holds the values
    #[arg(long, value_name = "NAME", default_value = "value")]
    column: String,
    /// Probability below which a value is an alarm
    #[arg(long, value_name = "P", value_parser = probability, default_value = "1e-4", allow_negative_numbers = true)]
    alarm_probability: f64,
    /// The threshold is this quantile of the newest rows
    #[arg(long, value_name = "Q", value_parser = level, default_value = "0.95", allow_negative_numbers = true)]
    threshold_quantile: Level,
    /// How many newest rows that are; the first alarm is possible after so many
    #[arg(long, value_name = "ROWS", default_value_t = 500)]
    window: usize,
    /// How many newest peaks the tail is fitted to
    #[arg(long, value_name = "N", default_value_t = 200)]
    peaks: usize,
    /// Judge how far a row lies above the mean of so many rows before it, for values that drift; 0 judges the row itself
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    average_over: usize,
}

impl Stream {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let tail = self.tail()?;
        let column = Values::read(&self.data, &self.column)?;
        let figures = self.follow(tail, &column)?;
        output::print(&(serde_json::to_string_pretty(&figures)? + "\n"))
    }

    fn tail(&self) -> Result<StreamingTail, Refusal> {
        for (name, number) in [("window", self.window), ("peaks", self.peaks), ("average-over", self.average_over)] {
            if number > 10_000 {
                return Err(Refusal::new(
                    format!("--{name} {number} is more than a stream remembers"),
                    "use at most 10000",
                ));
            }
        }
        let options = StreamingOptions::default()
            .with_window(self.window)
            .with_level(self.threshold_quantile)
            .with_peaks(self.peaks)
            .with_alarm_probability(self.alarm_probability)
            .with_average_over(self.average_over);
        StreamingTail::new(options).map_err(|out| {
            Refusal::new(out.to_string(), "ten rows of the window must lie above the quantile, alarms must be rarer")
        })
    }

    fn follow(&self, mut tail: StreamingTail, column: &Values) -> Result<Fields, Refusal> {
        let place = || format!("{}, column \"{}\"", self.data.display(), self.column);
        if column.values.len() > MOST_ROWS {
            let what = format!("more than {MOST_ROWS} rows are too many to follow");
            return Err(Refusal::new(what, "follow the file's latest part").at(place()));
        }
        let refused = |error: ExtremesError| super::advised(&error.to_string()).at(place());
        let mut alarms: Vec<FieldValue> = Vec::new();
        let mut count = 0_usize;
        for (row, value) in column.rows() {
            if let Observed::Alarm { probability } = tail.observe(value).map_err(refused)? {
                count += 1;
                if count <= MOST_ALARMS {
                    alarms.push(alarm(row, value, probability).into());
                }
            }
        }
        let followed = tail.tail().ok_or_else(|| {
            let what = format!("{} values leave no tail behind", column.values.len());
            let hint = "more than the window are needed, of which ten differ above its quantile: give more, or a smaller --window";
            Refusal::new(what, hint).at(place())
        })?;
        Ok(Fields::with_capacity(9)
            .with("alarms", alarms)
            .with("alarm_count", count)
            .with("alarm_level", tail.alarm_level())
            .with("threshold", followed.threshold())
            .with("exceedance_rate", followed.exceedance_rate())
            .with("shape", followed.pareto().shape())
            .with("scale", followed.pareto().scale())
            .with("observations", column.values.len())
            .with("missing", column.missing.len()))
    }
}

fn alarm(row: usize, value: f64, probability: f64) -> Fields {
    Fields::with_capacity(3).with("row", row + 1).with("value", value).with("probability", probability)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        stream: Stream,
    }

    fn parsed(options: &[&str]) -> Stream {
        Line::try_parse_from(["stream", "--data", "f.csv"].iter().chain(options)).unwrap().stream
    }

    /// Quantiles of an exponential, in an order that goes up and down.
    fn column(n: usize) -> Values {
        let value = |i: usize| -(((i * 7919) % n) as f64 + 0.5).ln() + (n as f64).ln();
        Values { values: (0..n).map(value).collect(), missing: vec![3] }
    }

    #[test]
    fn an_outlier_is_the_alarm_and_its_row_counts_the_missing() {
        let stream = parsed(&["--alarm-probability", "1e-6"]);
        let mut column = column(3001);
        column.values[2000] = 500.0;
        let figures = stream.follow(stream.tail().unwrap(), &column).unwrap();
        let number = |path: &str| figures.at(path).unwrap().as_number().unwrap();
        assert_eq!((number("alarm_count"), number("alarms.0.value")), (1.0, 500.0));
        // Rows count from 1, and one is missing before it.
        assert_eq!((number("alarms.0.row"), number("missing")), (2002.0, 1.0));
        assert!(number("alarms.0.probability") < 1e-6 && number("alarm_level") > number("threshold"));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_its_remedy() {
        for options in
            [&["--window", "100"][..], &["--peaks", "9"], &["--alarm-probability", "0.5"], &["--peaks", "20000"]]
        {
            let said = parsed(options).tail().unwrap_err().to_string();
            assert!(said.contains("\nhint: "), "{said}");
        }
        let stream = parsed(&[]);
        let said = stream.follow(stream.tail().unwrap(), &column(400)).unwrap_err().to_string();
        assert!(said.starts_with("400 values leave no tail behind\n  at f.csv"), "{said}");
    }
}
