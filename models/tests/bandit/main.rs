//! Contextual bandits, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

mod comparisons;
mod data;
mod experiments;
mod hostile;
mod law;
mod models;
mod oracle;
mod replay;
mod snapshots;

use bellwether_models::optimize::bandit::{
    CanaryPercent, DrawKey, Experiment, ExperimentOptions, Memory, Mode, Policy, PolicyKind, PolicyOptions,
    RewardRecord, Workspace,
};

fn options(kind: PolicyKind, alpha: f64, memory: Memory) -> PolicyOptions {
    PolicyOptions::new(kind).with_alpha(alpha).unwrap().with_memory(memory).unwrap()
}

fn policy(kind: PolicyKind, alpha: f64, memory: Memory, arms: usize, dimension: usize) -> (Policy, Workspace) {
    (Policy::new(options(kind, alpha, memory), arms, dimension).unwrap(), Workspace::default())
}

fn canary(percent: f64) -> CanaryPercent {
    CanaryPercent::new(percent).unwrap()
}

/// Numbers in [0, 1) that depend on nothing but their index: splitmix64, written down apart from the program's own draws.
fn noise(index: u64) -> f64 {
    let mut mixed = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A context of a constant and one number.
fn context(round: u64) -> [f64; 2] {
    [1.0, noise(round) * 2.0 - 1.0]
}

/// Serves rounds live and rewards each at once; `reward` is told the arm and the round.
fn serve(
    experiment: &mut Experiment,
    rounds: std::ops::Range<u64>,
    percent: f64,
    seed: u64,
    mut reward: impl FnMut(usize, u64) -> f64,
) {
    for round in rounds {
        let context = context(round);
        let key = DrawKey::of_round(seed, round);
        let decided = experiment.decide(&context, canary(percent), Mode::Live, key).unwrap();
        experiment.record_decision(decided.record()).unwrap();
        let reward = reward(decided.arm, round);
        experiment.record_reward(RewardRecord::of(&decided, &context, reward), true).unwrap();
    }
}

fn experiment(kind: PolicyKind, arms: usize) -> Experiment {
    let options = ExperimentOptions::new(arms, 2).unwrap().with_policy(PolicyOptions::new(kind));
    Experiment::new(options).unwrap()
}

#[track_caller]
fn assert_close(what: &str, got: f64, expected: f64, tolerance: f64) {
    let error = (got - expected).abs();
    assert!(error <= tolerance * (1.0 + expected.abs()), "{what}: {got} instead of {expected}");
}
