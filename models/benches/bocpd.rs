//! What one sample costs a detector, and what a segmentation costs, as samples per second.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use std::hint::black_box;

use bellwether_models::anomaly::bocpd::{Detector, Hazard, ObservationModel, Options, segment};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};

const SAMPLES: u32 = 20_000;

/// Normal noise by Box and Muller whose mean steps by 5 standard deviations every 2,000 samples; the same at every run.
fn steps() -> Vec<f64> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut normal = || {
        let (radius, angle) = ((-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt(), random.random::<f64>());
        radius * (std::f64::consts::TAU * angle).cos()
    };
    (0..SAMPLES).map(|row| normal() + 5.0 * f64::from(row / 2_000 % 2)).collect()
}

fn bocpd(criterion: &mut Criterion) {
    let values = steps();
    let mut group = criterion.benchmark_group("bocpd");
    group.throughput(Throughput::Elements(u64::from(SAMPLES)));
    let constant = Hazard::constant(1e5).unwrap();
    let returns = Options::default().with_model(ObservationModel::variance());
    for (name, options) in [
        // Nothing is negligible: after 100 samples all 100 run lengths are in use at each.
        ("100_run_lengths_in_use", Options::default().with_negligible(0.0)),
        ("100_run_lengths_in_use_constant_hazard", Options::default().with_negligible(0.0).with_hazard(constant)),
        ("default", Options::default()),
        ("default_variance", returns),
    ] {
        group.bench_with_input(BenchmarkId::new("observe", name), &values, |bencher, values| {
            bencher.iter(|| {
                let mut detector = Detector::new(options).unwrap();
                values.iter().map(|value| detector.observe(Some(black_box(*value))).score).sum::<f64>()
            });
        });
    }
    let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    group.bench_function("segment", |bencher| {
        bencher.iter(|| segment(black_box(&some), Options::default()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, bocpd);
criterion_main!(benches);
