//! `bellwether bench predict`: the latency of one row, in process.
use super::latencies::Latencies;
use crate::cli::input;
use crate::cli::model_input::{Rows, open_model};
use crate::cli::plot::written;
use crate::cli::{Refusal, output};
use bellwether_models::tail::boosting::{BoostedTrees, RowPredictor};
use serde_json::json;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// As it is typed.
const COMMAND: &str = "bellwether bench predict";
/// Values of the table that are used, at most; more would measure the memory.
const MOST_VALUES: usize = 4_000_000;
/// Rows answered before the clock starts.
const WARM_UP: usize = 1000;

const AFTER_HELP: &str = "\
Example:
  bellwether bench predict --model tail.json --data rows.csv --seconds 3

  The answer:
    1,500 trees, 66,094 nodes, 18 features, 5 outputs
    latency of a row: p50 8.9 us, p99 12.1 us, p99.9 19.5 us
    112,000 rows/s on 1 thread (336,000 rows in 3 s)

Each row is answered on its own, with all outputs and the objective's link, by a thread
that does nothing else. The clock is read before and after; reading it is part of the
latency (some 20 ns).";

/// Measure the latency of predicting single rows of a table.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = AFTER_HELP)]
pub(super) struct Predict {
    /// Model file in XGBoost's JSON or UBJSON
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// CSV file with a header, whose rows are predicted over and over
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Threads, each answering rows one by one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// For how long
    #[arg(long, value_name = "S", default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "give a number from 0.01 to 3600".to_owned())
}

/// What was measured.
struct Measured {
    latencies: Latencies,
    elapsed: Duration,
}

impl Predict {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let model = open_model(&self.model)?;
        let rows = self.rows(&model)?;
        let measured = self.measure(&model, &rows)?;
        match self.format {
            Format::Text => output::print(&self.text(&model, &measured)),
            Format::Json => output::print(&(serde_json::to_string_pretty(&self.json(&model, &measured))? + "\n")),
        }
    }

    /// The table's first rows.
    fn rows(&self, model: &BoostedTrees) -> Result<Vec<f32>, Refusal> {
        let mut table = input::open(&self.data, "give a sample of its rows", COMMAND)?;
        let mut bound = Rows::bind(&table, model, COMMAND)?;
        let (mut rows, mut block) = (Vec::new(), Vec::new());
        while rows.len() < MOST_VALUES && bound.next_block(&mut table, &mut block)? > 0 {
            rows.append(&mut block);
        }
        if rows.is_empty() {
            return Err(Refusal::new("there are no rows to predict", "give a table with rows").at(table.file()));
        }
        Ok(rows)
    }

    fn measure(&self, model: &BoostedTrees, rows: &[f32]) -> anyhow::Result<Measured> {
        let predictor = RowPredictor::new(model);
        let mut answering = Answering::new(model, &predictor);
        for row in rows.chunks_exact(predictor.features().max(1)).cycle().take(WARM_UP) {
            answering.answer(row)?;
        }
        let begin = Instant::now();
        let end = begin + Duration::from_secs_f64(self.seconds);
        let found: Vec<_> = std::thread::scope(|scope| {
            let start = |_| scope.spawn(|| Answering::new(model, &predictor).until(end, rows));
            let threads: Vec<_> = (0..self.threads).map(start).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        let elapsed = begin.elapsed();
        let mut latencies = Latencies::new();
        for found in found {
            latencies.merge(&found.map_err(|_| anyhow::anyhow!("a measuring thread panicked"))??);
        }
        Ok(Measured { latencies, elapsed })
    }

    fn text(&self, model: &BoostedTrees, measured: &Measured) -> String {
        let number = |count: usize| written(count as f64, 12);
        let (rows, seconds) = (measured.latencies.count() as f64, measured.elapsed.as_secs_f64());
        let microseconds = |share: f64| written(measured.latencies.quantile(share) / 1e3, 3);
        format!(
            "{} trees, {} nodes, {} features, {} outputs\n\
             latency of a row: p50 {} us, p99 {} us, p99.9 {} us\n\
             {} rows/s on {} ({} rows in {} s)\n",
            number(model.trees_in_use().len()),
            number(nodes(model)),
            number(model.parts().features.count),
            number(model.outputs()),
            microseconds(0.5),
            microseconds(0.99),
            microseconds(0.999),
            written((rows / seconds).round(), 3),
            if self.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", self.threads) },
            written(rows, 12),
            written(seconds, 3),
        )
    }

    fn json(&self, model: &BoostedTrees, measured: &Measured) -> serde_json::Value {
        let microseconds = |share: f64| (measured.latencies.quantile(share)).round() / 1e3;
        let rows = measured.latencies.count();
        json!({
            "latency_us": { "p50": microseconds(0.5), "p99": microseconds(0.99), "p999": microseconds(0.999) },
            "rows_per_second": rows as f64 / measured.elapsed.as_secs_f64(),
            "rows": rows,
            "seconds": measured.elapsed.as_secs_f64(),
            "threads": self.threads,
            "model": {
                "trees": model.trees_in_use().len(),
                "nodes": nodes(model),
                "features": model.parts().features.count,
                "outputs": model.outputs(),
            },
        })
    }
}

fn nodes(model: &BoostedTrees) -> usize {
    model.trees_in_use().iter().map(|tree| tree.nodes().len()).sum()
}

/// Answers rows of one model into memory of its own.
struct Answering<'m> {
    model: &'m BoostedTrees,
    predictor: &'m RowPredictor,
    margins: Vec<f32>,
}

impl<'m> Answering<'m> {
    fn new(model: &'m BoostedTrees, predictor: &'m RowPredictor) -> Self {
        Self { model, predictor, margins: vec![0.0; model.outputs()] }
    }

    fn answer(&mut self, row: &[f32]) -> anyhow::Result<()> {
        self.predictor.margins(black_box(row), &mut self.margins)?;
        self.model.link().apply(&mut self.margins);
        black_box(&mut self.margins);
        Ok(())
    }

    /// Answers the rows one after the other, over and over, once in any case.
    fn until(mut self, end: Instant, rows: &[f32]) -> anyhow::Result<Latencies> {
        let mut latencies = Latencies::new();
        for row in rows.chunks_exact(self.predictor.features().max(1)).cycle() {
            let begin = Instant::now();
            self.answer(row)?;
            let now = Instant::now();
            latencies.add(u64::try_from((now - begin).as_nanos()).unwrap_or(u64::MAX));
            if now >= end {
                break;
            }
        }
        Ok(latencies)
    }
}
