//! Bayesian online change point detection, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::anomaly::bocpd::{
    Detector, GaussianPrior, Hazard, ObservationModel, Options, Reading, Scaling, Step, segment,
};
use rand::{RngExt, SeedableRng};

mod behaviour;
mod counts;
mod evidence;
mod hostile;
mod properties;
mod snapshot;
mod turing;

/// Standard normal noise by Box and Muller, the same for a seed.
fn noise(seed: u64, n: usize) -> Vec<f64> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || {
        let (radius, angle) = ((-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt(), random.random::<f64>());
        radius * (std::f64::consts::TAU * angle).cos()
    };
    (0..n).map(|_| normal()).collect()
}

/// Noise with `step` added from row `at` on.
fn stepped(seed: u64, n: usize, at: usize, step: f64) -> Vec<f64> {
    noise(seed, n).into_iter().enumerate().map(|(row, value)| value + if row < at { 0.0 } else { step }).collect()
}

/// The recursion of the paper in the unit of the data.
fn known() -> Options {
    Options::default().with_scaling(Scaling::Known { centre: 0.0, spread: 1.0 }).with_outlier_share(0.0)
}

fn watched(options: Options, values: &[f64]) -> (Detector, Vec<Step>) {
    let mut detector = Detector::new(options).unwrap();
    let steps = values.iter().map(|value| detector.observe(Some(*value))).collect();
    (detector, steps)
}

/// Probability by first row of the current run.
fn by_start(detector: &Detector) -> std::collections::BTreeMap<u64, f64> {
    detector.posterior().map(|(length, probability)| (detector.observed() - length, probability)).collect()
}
