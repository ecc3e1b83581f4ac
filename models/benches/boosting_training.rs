//! How long training takes: 20 rounds of five quantiles over 10,000 rows and 18 features, by what is asked of it.
//! `leaf_size` is what the defaults for far quantiles cost beside XGBoost's; the rest is to be read beside `plain`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use bellwether_models::tail::boosting::{
    Column, ColumnShares, GrowPolicy, Loss, Options, Parameters, TrainingTable, train,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::ops::ControlFlow;

const ROWS: usize = 10_000;

fn noise(salt: usize) -> impl Iterator<Item = f64> {
    (1..=ROWS).map(move |i| (i as f64 * (0.618_033_988_749 + 0.137 * salt as f64)).fract())
}

fn table(missing: f64) -> TrainingTable {
    let column = |salt: usize| {
        let values = noise(salt).zip(noise(salt + 40));
        values.map(|(value, coin)| if coin < missing { f64::NAN } else { (value * 500.0).round() }).collect::<Vec<_>>()
    };
    let columns = (0..18).map(|salt| Column::numbers(format!("x{salt}"), &column(salt)).unwrap()).collect();
    let (a, b, c) = (noise(0), noise(1), noise(90));
    let target: Vec<f64> = a.zip(b).zip(c).map(|((a, b), c)| (6.0 * a).sin() + b / (1.02 - c)).collect();
    TrainingTable::new(columns, &target).unwrap()
}

fn training(criterion: &mut Criterion) {
    let (complete, missing) = (table(0.0), table(0.1));
    let weighted = table(0.0).with_weights(noise(5).map(|weight| weight as f32).collect()).unwrap();
    let plain = || Parameters {
        quantiles: vec![0.05, 0.5, 0.95, 0.99, 0.999],
        rounds: 20,
        min_child_weight: Some(5.0),
        ..Parameters::default()
    };
    let half = ColumnShares { by_node: 0.5, ..ColumnShares::default() };
    let mut group = criterion.benchmark_group("boosting_training");
    group.sample_size(10);
    for (name, table, parameters) in [
        ("plain", &complete, plain()),
        ("leaf_size", &complete, Parameters { min_child_weight: None, ..plain() }),
        ("missing", &missing, plain()),
        ("weighted", &weighted, plain()),
        ("smoothed", &complete, Parameters { loss: Loss::Smoothed, ..plain() }),
        (
            "loss_guided",
            &complete,
            Parameters { grow_policy: GrowPolicy::LossGuided, max_leaves: Some(31), max_depth: None, ..plain() },
        ),
        ("half_of_all", &complete, Parameters { subsample: 0.5, column_shares: half, ..plain() }),
    ] {
        let options = Options::new(parameters).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| train(black_box(table), None, &options, &mut |_| ControlFlow::Continue(())).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, training);
criterion_main!(benches);
