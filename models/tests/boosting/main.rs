//! Boosted trees in XGBoost's files, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::boosting::{BoostedTrees, xgboost};
use std::path::{Path, PathBuf};

mod hostile;
mod prediction;
mod reference;
mod zoo;

/// A folder of this test.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boosting").join(name)
}

/// A table's columns, and its cells row by row; an empty cell is missing.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let heads = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let cell = |cell: &str| if cell.is_empty() { f32::NAN } else { cell.parse().unwrap() };
    (heads, lines.map(|line| line.split(',').map(cell).collect()).collect())
}

fn model(path: &Path) -> BoostedTrees {
    xgboost::read(&std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bits of numbers, since -0 and 0 differ and NaN equals itself.
fn bits<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<u32> {
    numbers.into_iter().map(|number| number.to_bits()).collect()
}
