//! Numbers at the ends of what 64 bits hold, and inputs that make no sense.
use super::*;
use bellwether_models::optimize::bandit::{BanditError, RewardRange, UnknownPolicy};
use proptest::prelude::*;

const MEMORIES: [Memory; 3] = [Memory::Full, Memory::Discount(0.9), Memory::Window(5)];

#[test]
fn what_makes_no_sense_is_refused_by_its_number_and_changes_nothing() {
    let mut experiment = experiment(PolicyKind::LinUcb, 3);
    serve(&mut experiment, 0..50, 10.0, 1, |_, round| noise(round));
    let before = experiment.clone();
    let good = RewardRecord { arm: 1, context: &[1.0, 0.0], propensity: 0.5, round: 3, reward: 1.0 };
    let inf = f64::INFINITY;
    for (record, expected) in [
        (RewardRecord { arm: 3, ..good }, BanditError::UnknownArm { arm: 3, arms: 3 }),
        (RewardRecord { context: &[1.0], ..good }, BanditError::Dimension { got: 1, expected: 2 }),
        (RewardRecord { context: &[1.0, inf], ..good }, BanditError::NonFiniteContext { index: 1, value: inf }),
        (RewardRecord { context: &[-1e51, 0.0], ..good }, BanditError::ContextTooLarge { index: 0, value: -1e51 }),
        (RewardRecord { reward: inf, ..good }, BanditError::NonFiniteReward { value: inf }),
        (RewardRecord { propensity: 0.0, ..good }, BanditError::Propensity { value: 0.0 }),
        (RewardRecord { propensity: 1.5, ..good }, BanditError::Propensity { value: 1.5 }),
    ] {
        assert_eq!(experiment.record_reward(record, true), Err(expected));
    }
    let nan = experiment.record_reward(RewardRecord { reward: f64::NAN, ..good }, true);
    assert!(matches!(nan, Err(BanditError::NonFiniteReward { .. })));
    let unknown = experiment.decide(&[f64::NAN, 0.0], canary(5.0), Mode::Live, DrawKey::new(1));
    assert!(matches!(unknown, Err(BanditError::NonFiniteContext { index: 0, .. })));
    assert_eq!(experiment, before);
}

#[test]
fn impossible_options_are_refused() {
    for (arms, dimension) in [(1, 2), (257, 2), (2, 0), (2, 130), (256, 129), (usize::MAX, usize::MAX)] {
        assert!(ExperimentOptions::new(arms, dimension).is_err(), "{arms} x {dimension}");
    }
    ExperimentOptions::new(256, 64).unwrap();
    ExperimentOptions::new(63, 129).unwrap();
    let options = ExperimentOptions::new(3, 2).unwrap();
    assert_eq!(options.with_baseline(3), Err(BanditError::UnknownArm { arm: 3, arms: 3 }));
    for bad in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(options.with_explore_share(bad).is_err() && options.with_confidence(bad).is_err(), "{bad}");
    }
    for kind in PolicyKind::ALL {
        let policy = PolicyOptions::new(kind);
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(policy.with_alpha(bad).is_err() && policy.with_ridge(bad).is_err());
            assert!(policy.with_memory(Memory::Discount(bad)).is_err());
        }
        assert!(policy.with_memory(Memory::Discount(1.0)).is_err() && policy.with_memory(Memory::Window(0)).is_err());
        assert_eq!(kind.name().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert!(PolicyOptions::new(PolicyKind::EpsilonGreedy).with_alpha(1.5).is_err());
    let unknown: UnknownPolicy = "ucb".parse::<PolicyKind>().unwrap_err();
    assert!(unknown.to_string().ends_with("choose one of lin_ucb, lin_ts, beta_ts, ucb1, epsilon_greedy"));
    for (lower, upper) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1.7e308, 1.7e308)] {
        assert!(RewardRange::new(lower, upper).is_err(), "{lower} to {upper}");
    }
}

/// A snapshot of anything but finite numbers would not be JSON that reads back.
fn assert_all_finite(experiment: &Experiment) {
    let text = serde_json::to_string(experiment).unwrap();
    assert_eq!(&serde_json::from_str::<Experiment>(&text).unwrap(), experiment);
    for report in experiment.arms() {
        let bounds = [report.interval, report.difference].into_iter().flatten();
        let numbers = bounds.flat_map(|bounds| [bounds.lower, bounds.upper]).chain(report.mean_reward);
        assert!(numbers.into_iter().all(f64::is_finite), "{report:?}");
    }
}

#[test]
fn rewards_of_any_magnitude_are_served_as_well() {
    for kind in [PolicyKind::LinUcb, PolicyKind::LinTs, PolicyKind::EpsilonGreedy] {
        for memory in MEMORIES {
            for unit in [1e-300, 1e-20, 1e20, 1e300] {
                let policy = PolicyOptions::new(kind).with_memory(memory).unwrap();
                let options = ExperimentOptions::new(3, 2).unwrap().with_policy(policy);
                let mut experiment = Experiment::new(options).unwrap();
                let (mut sums, mut counts) = ([0.0; 3], [0.0_f64; 3]);
                serve(&mut experiment, 0..300, 10.0, 2, |arm, round| {
                    let reward = noise(round) + arm as f64;
                    (sums[arm], counts[arm]) = (sums[arm] + reward, counts[arm] + 1.0);
                    unit * reward
                });
                assert_all_finite(&experiment);
                for (arm, report) in experiment.arms().iter().enumerate() {
                    let mean = report.mean_reward.unwrap_or(0.0) / unit;
                    assert_close("mean", mean, sums[arm] / counts[arm].max(1.0), 1e-12);
                }
            }
        }
    }
}

#[test]
fn rewards_and_contexts_of_very_different_magnitudes_overflow_nothing() {
    let rewards = [0.0, 1e300, -1e300, 1.7e308, -1.7e308, 5e-324, 1.0, -1.0, 1e-300];
    let features = [0.0, 1e50, -1e50, 1e-300, 1.0, 5e-324];
    for kind in [PolicyKind::LinUcb, PolicyKind::LinTs, PolicyKind::EpsilonGreedy] {
        for memory in MEMORIES {
            let policy = PolicyOptions::new(kind).with_memory(memory).unwrap();
            let options = ExperimentOptions::new(3, 2).unwrap().with_policy(policy);
            let mut experiment = Experiment::new(options).unwrap();
            for round in 0..400_u64 {
                let feature = |shift| features[(noise(round + shift) * features.len() as f64) as usize];
                let context = [feature(10_000), feature(20_000)];
                let key = DrawKey::of_round(3, round);
                let decided = experiment.decide(&context, canary(10.0), Mode::Live, key).unwrap();
                assert!(decided.scores.iter().all(|score| score.is_finite()), "{kind}: {decided:?}");
                experiment.record_decision(decided.record()).unwrap();
                let reward = rewards[(noise(round + 30_000) * rewards.len() as f64) as usize];
                experiment.record_reward(RewardRecord::of(&decided, &context, reward), true).unwrap();
                if round % 50 == 0 {
                    assert_all_finite(&experiment);
                }
            }
        }
    }
}

#[test]
fn a_constant_reward_is_no_evidence_and_no_division_by_zero() {
    for reward in [0.0, 1.0, -3.0, 1e300] {
        let mut experiment = experiment(PolicyKind::LinUcb, 2);
        serve(&mut experiment, 0..3000, 10.0, 2, |_, _| reward);
        assert_all_finite(&experiment);
        let report = experiment.arms()[1];
        assert_eq!(report.mean_reward, Some(reward));
        assert!(report.difference.is_some_and(|difference| difference.lower <= 0.0 && difference.upper >= 0.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn nothing_finite_makes_it_panic_or_overflow(
        kind in 0_usize..5,
        memory in 0_usize..3,
        rounds in prop::collection::vec((any::<u64>(), prop::num::f64::ANY, prop::num::f64::ANY, prop::num::f64::ANY), 1..40),
    ) {
        let policy = PolicyOptions::new(PolicyKind::ALL[kind]).with_memory(MEMORIES[memory]).unwrap();
        let mut experiment = Experiment::new(ExperimentOptions::new(2, 2).unwrap().with_policy(policy)).unwrap();
        for (round, x, y, reward) in rounds {
            let context = [x, y];
            let Ok(decided) = experiment.decide(&context, canary(10.0), Mode::Live, DrawKey::of_round(1, round)) else {
                continue;
            };
            prop_assert!(decided.scores.iter().all(|score| score.is_finite()));
            let mut record = decided.record();
            record.round = round;
            experiment.record_decision(record).unwrap();
            let record = RewardRecord { round, ..RewardRecord::of(&decided, &context, reward) };
            let _ = experiment.record_reward(record, true);
            assert_all_finite(&experiment);
        }
    }
}
