//! What calibration costs, and what a prediction pays for it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use std::hint::black_box;

use bellwether_models::tail::conformal::online::{AdaptiveConformal, AdaptiveOptions, QuantileTracker, TrackerOptions};
use bellwether_models::tail::conformal::{Coverage, Interval, Sides, SplitConformal};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};

/// Intervals and targets, the same at every run.
fn rows(n: usize) -> (Vec<Interval>, Vec<f64>) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let row = |_| {
        let level = 100.0 * random.random::<f64>();
        (Interval::new(level - 1.0, level + 1.0), level + 4.0 * random.random::<f64>() - 2.0)
    };
    (0..n).map(row).unzip()
}

fn conformal(criterion: &mut Criterion) {
    let coverage = Coverage::new(0.99).unwrap();
    let mut group = criterion.benchmark_group("conformal");
    for n in [1_000, 100_000] {
        let (intervals, targets) = rows(n);
        for sides in [Sides::Symmetric, Sides::Asymmetric] {
            let wanted = SplitConformal::new(coverage).with_sides(sides);
            group.bench_function(BenchmarkId::new(format!("calibrate {sides:?}"), n), |bencher| {
                bencher.iter(|| wanted.calibrate(black_box(&intervals), &targets).unwrap());
            });
        }
        let scores: Vec<f64> = intervals.iter().zip(&targets).map(|(one, target)| one.score(*target)).collect();
        // What the calibration would cost by sorting.
        group.bench_function(BenchmarkId::new("sort the scores", n), |bencher| {
            bencher.iter(|| {
                let mut scores = black_box(&scores).clone();
                scores.sort_unstable_by(f64::total_cmp);
                scores[n - n / 100]
            });
        });
    }
    let (intervals, targets) = rows(2_000);
    let scores: Vec<f64> = intervals.iter().zip(&targets).map(|(one, target)| one.score(*target)).collect();
    let calibrated = SplitConformal::new(coverage).calibrate(&intervals, &targets).unwrap();
    group.bench_function("correct one interval", |bencher| {
        bencher.iter(|| calibrated.correct(black_box(intervals[0])));
    });
    let mut adaptive = AdaptiveConformal::new(AdaptiveOptions::new(coverage), &scores).unwrap();
    let mut turn = scores.iter().cycle();
    group.bench_function("adaptive: issue and observe", |bencher| {
        bencher.iter(|| {
            let issued = adaptive.issue();
            adaptive.observe(&issued, *turn.next().unwrap()).unwrap()
        });
    });
    let mut tracker = QuantileTracker::new(TrackerOptions::new(coverage), &scores).unwrap();
    group.bench_function("tracker: issue and observe", |bencher| {
        bencher.iter(|| {
            let issued = tracker.issue();
            tracker.observe(&issued, *turn.next().unwrap()).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, conformal);
criterion_main!(benches);
