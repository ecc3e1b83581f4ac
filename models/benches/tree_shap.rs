//! Contributions to one output of 300 trees of depth 6 and of depth 12, against Algorithm 2 of Lundberg et al. (2020).
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "../tests/support/random_trees.rs"]
mod random_trees;

use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::{BoostedTrees, Node};
use criterion::{Criterion, criterion_group, criterion_main};
use random_trees::{Recipe, sample};
use std::hint::black_box;

/// A feature on the path: shares of rows that follow it without and with the feature, and the permutation weight.
#[derive(Debug, Clone, Copy)]
struct Element {
    feature: usize,
    zero: f64,
    one: f64,
    weight: f64,
}

fn extend(path: &mut Vec<Element>, zero: f64, one: f64, feature: usize) {
    let depth = path.len();
    path.push(Element { feature, zero, one, weight: if depth == 0 { 1.0 } else { 0.0 } });
    for index in (0..depth).rev() {
        let (weight, all) = (path[index].weight, (depth + 1) as f64);
        path[index + 1].weight += one * weight * (index + 1) as f64 / all;
        path[index].weight = zero * weight * (depth - index) as f64 / all;
    }
}

fn unwind(path: &mut Vec<Element>, at: usize) {
    let depth = path.len() - 1;
    let Element { zero, one, .. } = path[at];
    let (mut next, all) = (path[depth].weight, (depth + 1) as f64);
    for index in (0..depth).rev() {
        if one == 0.0 {
            path[index].weight *= all / (zero * (depth - index) as f64);
        } else {
            let weight = path[index].weight;
            path[index].weight = next * all / ((index + 1) as f64 * one);
            next = weight - path[index].weight * zero * (depth - index) as f64 / all;
        }
    }
    for index in at..depth {
        let Element { feature, zero, one, .. } = path[index + 1];
        path[index] = Element { feature, zero, one, ..path[index] };
    }
    path.pop();
}

fn unwound_sum(path: &[Element], at: usize) -> f64 {
    let mut path = path.to_vec();
    unwind(&mut path, at);
    path.iter().map(|element| element.weight).sum()
}

fn recurse(nodes: &[Node], at: usize, row: &[f32], mut path: Vec<Element>, step: (f64, f64, usize), sums: &mut [f64]) {
    extend(&mut path, step.0, step.1, step.2);
    match &nodes[at] {
        Node::Leaf { value, .. } => {
            for index in 1..path.len() {
                let Element { feature, zero, one, .. } = path[index];
                sums[feature] += unwound_sum(&path, index) * (one - zero) * f64::from(*value);
            }
        }
        Node::Inner { feature, split, default_left, left, cover, .. } => {
            let feature = *feature as usize;
            let side = usize::from(!split.goes_left(row[feature], *default_left));
            let (mut zero, mut one) = (1.0, 1.0);
            if let Some(known) = (1..path.len()).find(|index| path[*index].feature == feature) {
                (zero, one) = (path[known].zero, path[known].one);
                unwind(&mut path, known);
            }
            for (child, one) in [(*left as usize + side, one), (*left as usize + 1 - side, 0.0)] {
                let share = f64::from(nodes[child].cover()) / f64::from(*cover);
                recurse(nodes, child, row, path.clone(), (zero * share, one, feature), sums);
            }
        }
    }
}

fn algorithm_2(model: &BoostedTrees, row: &[f32]) -> Vec<f64> {
    let mut sums = vec![0.0; row.len()];
    for tree in model.trees_in_use() {
        recurse(tree.nodes(), 0, row, Vec::new(), (1.0, 1.0, usize::MAX), &mut sums);
    }
    sums
}

fn contributions(criterion: &mut Criterion) {
    let level = Recipe { features: 18, trees: 300, depth: 6, splits: 0.87, thresholds: 240, ..Recipe::default() };
    let deep = Recipe { depth: 12, splits: 0.8, trees: 30, ..level.clone() };
    for (name, recipe) in [("depth_6", level), ("depth_12", deep)] {
        let sample = sample(&recipe, 64, 5);
        let explainer = TreeShap::new(&sample.model).unwrap();
        for row in &sample.rows {
            for (one, other) in explainer.contributions(row, 0).unwrap().iter().zip(algorithm_2(&sample.model, row)) {
                assert!((one - other).abs() < 1e-9, "{one} {other}");
            }
        }
        let mut group = criterion.benchmark_group(format!("tree_shap_{name}"));
        let mut rows = sample.rows.iter().cycle();
        group.bench_function("algorithm_2", |bencher| {
            bencher.iter(|| algorithm_2(&sample.model, black_box(rows.next().unwrap())));
        });
        group.bench_function("quadrature", |bencher| {
            bencher.iter(|| explainer.contributions(black_box(rows.next().unwrap()), 0).unwrap());
        });
        group.bench_function("prepare", |bencher| bencher.iter(|| TreeShap::new(black_box(&sample.model)).unwrap()));
        group.finish();
    }
}

criterion_group!(benches, contributions);
criterion_main!(benches);
