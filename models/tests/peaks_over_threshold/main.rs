//! Extremes by peaks over threshold, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::peaks_over_threshold::{
    Coverage, ExtremesError, Fitted, Interval, IntervalMethod, Level, Options, PeaksOverThreshold, Quantity,
    ReturnPeriod, Threshold,
};

mod black_swans;
mod clusters;
mod danish_fire;
mod goodness;
mod optimum;
mod properties;
mod reference;
mod refusals;
mod streaming;

fn level(level: f64) -> Level {
    Level::new(level).unwrap()
}

fn period(observations: f64) -> ReturnPeriod {
    ReturnPeriod::new(1.0, observations).unwrap()
}

fn fit(values: &[f64], threshold: Threshold) -> Result<Fitted, ExtremesError> {
    PeaksOverThreshold::new(Options::default().with_threshold(threshold)).unwrap().fit(values)
}

fn fit_above(threshold: f64, values: &[f64]) -> Fitted {
    fit(values, Threshold::Value(threshold)).unwrap()
}

fn profile_interval(fit: &Fitted, quantity: Quantity) -> Interval {
    fit.interval(quantity, IntervalMethod::ProfileLikelihood, Coverage::default()).unwrap()
}

/// Quantiles of a generalized Pareto at (i + 1/2)/m from the top.
fn pareto_quantiles(shape: f64, scale: f64, m: usize) -> Vec<f64> {
    let tail = |i: usize| (i as f64 + 0.5) / m as f64;
    (0..m).map(|i| scale * (-shape * tail(i).ln()).exp_m1() / shape).collect()
}

/// The same numbers in (0, 1) for a seed, everywhere.
fn uniforms(seed: u64, n: usize) -> Vec<f64> {
    use rand::{RngExt, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| 1.0 - random.random::<f64>()).map(|u| u.min(1.0 - 1e-16)).collect()
}

/// A sample of a generalized Pareto of scale 1.
fn pareto_sample(shape: f64, m: usize, seed: u64) -> Vec<f64> {
    let value = |u: f64| if shape == 0.0 { -u.ln() } else { (-shape * u.ln()).exp_m1() / shape };
    uniforms(seed, m).into_iter().map(value).collect()
}

#[track_caller]
fn assert_close(what: &str, got: f64, expected: f64, tolerance: f64) {
    let error = (got - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1e-300), "{what}: {got} instead of {expected}");
}
