//! One row through 1,500 trees of depth 6 (18 features, five outputs), against the plain walk over the same trees; and
//! through lopsided trees, which take the other layout.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "../tests/support/random_trees.rs"]
mod random_trees;

use bellwether_models::tail::boosting::{BoostedTrees, RowPredictor};
use criterion::{Criterion, criterion_group, criterion_main};
use random_trees::{Recipe, sample};
use std::hint::black_box;

const ROWS: usize = 512;

fn plain(model: &BoostedTrees, row: &[f32], margins: &mut [f32]) {
    let parts = model.parts();
    margins.copy_from_slice(&parts.base_scores);
    for (tree, output) in model.trees_in_use().iter().zip(&parts.tree_outputs) {
        margins[*output as usize] += tree.value_of(row);
    }
}

fn rows(criterion: &mut Criterion) {
    let level =
        Recipe { features: 18, outputs: 5, trees: 1500, depth: 6, splits: 0.87, thresholds: 240, ..Recipe::default() };
    let lopsided = Recipe { depth: 12, lopsided: true, splits: 1.0, ..level.clone() };
    for (name, recipe) in [("depth_6", level), ("lopsided_12", lopsided)] {
        let sample = sample(&recipe, ROWS, 5);
        let (predictor, mut margins) = (RowPredictor::new(&sample.model), vec![0.0; 5]);
        let mut group = criterion.benchmark_group(format!("boosting_row_{name}"));
        let mut rows = sample.rows.iter().cycle();
        group.bench_function("plain_walk", |bencher| {
            bencher.iter(|| plain(&sample.model, black_box(rows.next().unwrap()), &mut margins));
        });
        group.bench_function("row", |bencher| {
            bencher.iter(|| predictor.margins(black_box(rows.next().unwrap()), &mut margins).unwrap());
        });
        let (flat, mut all) = (sample.rows.concat(), vec![0.0; 5 * ROWS]);
        group.throughput(criterion::Throughput::Elements(ROWS as u64));
        group.bench_function("512_rows", |bencher| {
            bencher.iter(|| predictor.margins_of_rows(black_box(&flat), &mut all).unwrap());
        });
        group.bench_function("prepare", |bencher| bencher.iter(|| RowPredictor::new(black_box(&sample.model))));
        group.finish();
    }
}

criterion_group!(benches, rows);
criterion_main!(benches);
