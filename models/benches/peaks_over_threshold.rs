//! What one fit of the tail costs, with everything that a reply carries.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use std::hint::black_box;

use bellwether_models::tail::peaks_over_threshold::{
    Coverage, FalseDiscoveryRate, Fitted, IntervalMethod, Level, Options, PeaksOverThreshold, Quantity, ReturnPeriod,
    StreamingOptions, StreamingTail, Threshold,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};

/// Student-like values: a generalized Pareto with random sign, the same at every run.
fn values(n: usize) -> Vec<f64> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut value = || {
        let (tail, sign) = (1.0 - random.random::<f64>(), if random.random::<bool>() { 1.0 } else { -1.0 });
        sign * (-0.3 * tail.ln()).exp_m1() / 0.3
    };
    (0..n).map(|_| value()).collect()
}

fn model() -> PeaksOverThreshold {
    let threshold = Threshold::Quantile(Level::new(0.9).unwrap());
    PeaksOverThreshold::new(Options::default().with_threshold(threshold)).unwrap()
}

/// Standard errors, three levels' value at risk, mean beyond and interval, three return levels with intervals.
fn reply(fit: &Fitted) -> f64 {
    let mut sum = fit.standard_errors().unwrap().shape;
    let mut interval = |quantity| {
        let interval = fit.interval(quantity, IntervalMethod::Delta, Coverage::default()).unwrap();
        sum += interval.upper.unwrap() - interval.lower.unwrap();
    };
    interval(Quantity::Shape);
    interval(Quantity::Scale);
    let levels = [0.99, 0.995, 0.999].map(|level| Level::new(level).unwrap());
    let periods = [1.0, 10.0, 100.0].map(|periods| ReturnPeriod::new(periods, 252.0).unwrap());
    levels.into_iter().for_each(|level| interval(Quantity::ValueAtRisk(level)));
    periods.into_iter().for_each(|period| interval(Quantity::ReturnLevel(period)));
    for level in levels {
        sum += fit.value_at_risk(level).unwrap();
        sum += fit.conditional_value_at_risk(level).unwrap().finite().unwrap();
    }
    periods.into_iter().for_each(|period| sum += fit.return_level(period).unwrap());
    sum
}

fn peaks_over_threshold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peaks_over_threshold");
    for n in [500, 4_000, 100_000] {
        let (values, model) = (values(n), model());
        group.bench_with_input(BenchmarkId::new("fit_and_reply", n), &values, |bencher, values| {
            bencher.iter(|| reply(&model.fit(black_box(values)).unwrap()));
        });
    }
    for n in [500, 4_000] {
        let (values, model) = (values(n), model());
        let fit = model.fit(&values).unwrap();
        group.bench_function(BenchmarkId::new("fit_alone", n), |bencher| {
            bencher.iter(|| model.fit(black_box(&values)).unwrap());
        });
        group.bench_function(BenchmarkId::new("zhang_stephens", n), |bencher| {
            bencher.iter(|| black_box(&fit).zhang_stephens().unwrap());
        });
        let quantity = Quantity::ReturnLevel(ReturnPeriod::new(10.0, 252.0).unwrap());
        group.bench_function(BenchmarkId::new("profile_interval", n), |bencher| {
            bencher.iter(|| {
                black_box(&fit).interval(quantity, IntervalMethod::ProfileLikelihood, Coverage::default()).unwrap()
            });
        });
    }
    let (values, model) = (values(4_000), model());
    let fit = model.fit(&values).unwrap();
    group.bench_function("goodness_of_fit/4000", |bencher| bencher.iter(|| black_box(&fit).goodness_of_fit()));
    group.bench_function("select_threshold/4000", |bencher| {
        bencher.iter(|| model.select_threshold(black_box(&values), FalseDiscoveryRate::default()).unwrap());
    });
    group.bench_function("stream/4000", |bencher| {
        bencher.iter(|| {
            let mut tail = StreamingTail::new(StreamingOptions::default()).unwrap();
            values.iter().for_each(|value| {
                black_box(tail.observe(*value).unwrap());
            });
        });
    });
    group.finish();
}

criterion_group!(benches, peaks_over_threshold);
criterion_main!(benches);
