//! Reading and writing XGBoost's files, and batch prediction: a model of the reference's size (1,500 trees of 47 nodes
//! over 18 features, five outputs). `serde_json` reading the same text as values without meaning is the measure for JSON.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::boosting::{BoostedTrees, Features, ModelParts, Node, Objective, Split, Tree, xgboost};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::hint::black_box;

const FEATURES: usize = 18;
const OUTPUTS: usize = 5;
const ROUNDS: usize = 300;
const NODES: usize = 47;

/// A tree whose node i has the children 2 i + 1 and 2 i + 2.
fn tree(random: &mut ChaCha8Rng) -> Tree {
    let mut node = |index: usize| {
        let (value, cover) = (random.random_range(-1.0..1.0_f32), 100.0);
        if 2 * index + 2 >= NODES {
            return Node::Leaf { value, cover };
        }
        let feature = random.random_range(0..18);
        Node::Inner {
            feature,
            split: Split::Below(value),
            default_left: false,
            left: 0,
            gain: 1.5,
            cover,
            weight: 0.25,
        }
    };
    let nodes: Vec<_> = (0..NODES).map(&mut node).collect();
    Tree::from_linked(&nodes, |index| (2 * i64::try_from(index).unwrap() + 1, 2 * i64::try_from(index).unwrap() + 2))
        .unwrap()
}

fn model() -> BoostedTrees {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let trees: Vec<_> = (0..ROUNDS * OUTPUTS).map(|_| tree(&mut random)).collect();
    BoostedTrees::new(ModelParts {
        objective: Objective::Quantile { levels: vec![0.05, 0.5, 0.95, 0.99, 0.999] },
        base_scores: vec![0.0, 1.0, 2.0, 3.0, 4.0],
        features: Features { count: FEATURES, ..Features::default() },
        tree_outputs: (0..5).cycle().take(trees.len()).collect(),
        round_starts: (0..=ROUNDS).map(|round| round * OUTPUTS).collect(),
        trees,
        tree_weights: None,
        best_round: None,
        attributes: BTreeMap::new(),
    })
    .unwrap()
}

fn files(criterion: &mut Criterion) {
    let model = model();
    let (json, ubjson) = (xgboost::to_json(&model), xgboost::to_ubjson(&model));
    let mut group = criterion.benchmark_group("xgboost_model");
    group.bench_function("read_json", |bencher| bencher.iter(|| xgboost::read(black_box(&json)).unwrap()));
    group.bench_function("read_json_as_plain_values", |bencher| {
        bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&json)).unwrap());
    });
    group.bench_function("read_ubjson", |bencher| bencher.iter(|| xgboost::read(black_box(&ubjson)).unwrap()));
    group.bench_function("write_json", |bencher| bencher.iter(|| xgboost::to_json(black_box(&model))));
    group.bench_function("write_ubjson", |bencher| bencher.iter(|| xgboost::to_ubjson(black_box(&model))));
    group.finish();
}

fn prediction(criterion: &mut Criterion) {
    let (model, mut random) = (model(), ChaCha8Rng::seed_from_u64(6));
    let mut group = criterion.benchmark_group("boosted_trees");
    for rows in [1, 15, 4096] {
        let values: Vec<f32> = (0..rows * FEATURES).map(|_| random.random_range(-1.0..1.0)).collect();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("margins_of_{rows}_rows"), |bencher| {
            bencher.iter(|| model.margins(black_box(&values)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, files, prediction);
criterion_main!(benches);
