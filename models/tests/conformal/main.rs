//! Conformal calibration, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use bellwether_models::tail::conformal::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod coverage_law;
mod drift;
mod groups;
mod online_state;
mod ranks;
mod reference;
mod split;

fn coverage(coverage: f64) -> Coverage {
    Coverage::new(coverage).unwrap()
}

fn split(level: f64, sides: Sides) -> SplitConformal {
    SplitConformal::new(coverage(level)).with_sides(sides)
}

fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Laplace distributed with scale 1.
fn laplace(random: &mut ChaCha8Rng) -> f64 {
    let tail = (1.0 - random.random::<f64>()).ln();
    if random.random::<bool>() { tail } else { -tail }
}
