//! What a round costs: one decision and one reward learnt.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use std::hint::black_box;

use bellwether_models::optimize::bandit::{
    CanaryPercent, DrawKey, Experiment, ExperimentOptions, Memory, Mode, Policy, PolicyKind, PolicyOptions,
    RewardRecord, Workspace,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};

/// Contexts of the size of the digits': numbers in [0, 1] and a constant; the same at every run.
fn contexts(dimension: usize) -> Vec<Vec<f64>> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut context = || (0..dimension).map(|index| if index == 0 { 1.0 } else { random.random::<f64>() }).collect();
    (0..1000).map(|_| context()).collect()
}

/// A round: an arm is chosen, pays, and its reward is learnt.
fn rounds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bandit_round");
    for (name, kind, memory, arms, dimension) in [
        ("lin_ucb", PolicyKind::LinUcb, Memory::Full, 10, 62),
        ("epsilon_greedy", PolicyKind::EpsilonGreedy, Memory::Full, 10, 62),
        ("lin_ts", PolicyKind::LinTs, Memory::Full, 10, 62),
        ("lin_ucb_window", PolicyKind::LinUcb, Memory::Window(500), 10, 62),
        ("lin_ucb_discount", PolicyKind::LinUcb, Memory::Discount(0.995), 10, 62),
        ("lin_ucb", PolicyKind::LinUcb, Memory::Full, 8, 6),
        ("lin_ucb_discount", PolicyKind::LinUcb, Memory::Discount(0.995), 8, 6),
        ("ucb1", PolicyKind::Ucb1, Memory::Full, 8, 6),
    ] {
        let (contexts, mut workspace) = (contexts(dimension), Workspace::default());
        let options = PolicyOptions::new(kind).with_memory(memory).unwrap();
        let mut policy = Policy::new(options, arms, dimension).unwrap();
        let mut round = 0;
        group.bench_function(BenchmarkId::new(name, format!("{arms}x{dimension}")), |bencher| {
            bencher.iter(|| {
                round += 1;
                let context = black_box(&contexts[round as usize % contexts.len()]);
                let choice = policy.choose(context, DrawKey::of_round(7, round), &mut workspace).unwrap();
                let reward = if choice.arm as f64 * 0.1 < context[1] { 1.0 } else { 0.0 };
                policy.learn(choice.arm, context, reward, round, &mut workspace).unwrap();
            });
        });
    }
    group.finish();
}

/// What an experiment does for one decision and its reward.
fn experiments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bandit_experiment");
    for (kind, arms, dimension) in [(PolicyKind::LinUcb, 4, 6), (PolicyKind::LinTs, 4, 6), (PolicyKind::LinUcb, 10, 62)]
    {
        let contexts = contexts(dimension);
        let options = ExperimentOptions::new(arms, dimension).unwrap().with_policy(PolicyOptions::new(kind));
        let mut experiment = Experiment::new(options).unwrap();
        let mut round = 0;
        group.bench_function(BenchmarkId::new(kind.name(), format!("{arms}x{dimension}")), |bencher| {
            bencher.iter(|| {
                round += 1;
                let context = black_box(&contexts[round as usize % contexts.len()]);
                let key = DrawKey::of_round(7, round);
                let decided = experiment.decide(context, CanaryPercent::default(), Mode::Live, key).unwrap();
                experiment.record_decision(decided.record()).unwrap();
                experiment.record_reward(RewardRecord::of(&decided, context, context[1]), true).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, rounds, experiments);
criterion_main!(benches);
