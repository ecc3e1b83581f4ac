//! Extremes by peaks over threshold, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::peaks_over_threshold::{
    Coverage, ExtremesError, Fitted, Interval, IntervalMethod, Level, Options, PeaksOverThreshold, Quantity,
    ReturnPeriod, Threshold,
};

mod black_swans;
mod danish_fire;
mod optimum;
mod properties;
mod refusals;

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

#[track_caller]
fn assert_close(what: &str, got: f64, expected: f64, tolerance: f64) {
    let error = (got - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1e-300), "{what}: {got} instead of {expected}");
}
