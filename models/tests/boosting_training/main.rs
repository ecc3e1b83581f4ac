//! Training of boosted trees, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::boosting::{Column, Options, Parameters, Trained, TrainingTable, train};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

mod by_hand;
mod early_stopping;
mod properties;
mod reference;
mod refusals;

/// A data set, or `None` with a word on standard output that the test is skipped.
fn data(file: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = std::env::var_os("BELLWETHER_DATA").map_or_else(beside, PathBuf::from).join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {file} is absent (BELLWETHER_DATA names the folder of data sets)");
    None
}

/// A table from a file whose column `target` is to be predicted.
fn read(path: &Path) -> TrainingTable {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut values = vec![Vec::new(); names.len()];
    for line in lines {
        line.split(',').zip(&mut values).for_each(|(cell, values)| values.push(cell.parse().unwrap_or(f64::NAN)));
    }
    let at = names.iter().position(|name| *name == "target").unwrap();
    let target = values[at].clone();
    let features = names.into_iter().zip(values).enumerate().filter(|(index, _)| *index != at);
    table_of(features.map(|(_, feature)| feature).collect(), &target)
}

fn table_of(features: Vec<(&str, Vec<f64>)>, target: &[f64]) -> TrainingTable {
    let columns = features.iter().map(|(name, values)| Column::numbers(*name, values).unwrap());
    TrainingTable::new(columns.collect(), target).unwrap()
}

fn trained(table: &TrainingTable, parameters: Parameters) -> Trained {
    train(table, None, &Options::new(parameters).unwrap(), &mut |_| ControlFlow::Continue(())).unwrap()
}

fn quantiles(levels: &[f64]) -> Parameters {
    Parameters { quantiles: levels.to_vec(), ..Parameters::default() }
}

/// Raw predictions, output by output.
fn predictions(trained: &Trained, table: &TrainingTable) -> Vec<Vec<f32>> {
    let rows = 0..table.rows();
    let values: Vec<f32> =
        rows.flat_map(|row| table.columns().iter().map(move |column| column.values()[row])).collect();
    let outputs = trained.model.outputs();
    let margins = trained.model.margins(&values).unwrap();
    (0..outputs).map(|output| margins.iter().copied().skip(output).step_by(outputs).collect()).collect()
}

/// Numbers between 0 and 1 that look like noise.
fn noise(count: usize, salt: usize) -> Vec<f64> {
    (1..=count).map(|i| (i as f64 * (0.618_033_988_749 + 0.137 * salt as f64)).fract()).collect()
}
