//! Proof of who is better: bounds that hold at every moment, for the true difference of simulated arms.
use super::*;
use bellwether_models::optimize::bandit::{RewardRange, Standing};

/// Mean rewards of the arms; each also depends on the context, differently, so that the policy has something to learn.
struct World<'a> {
    means: &'a [f64],
    range: Option<RewardRange>,
    policy: PolicyKind,
    /// Whether a reward is 1 or, mostly, 0; then without a known range.
    is_rare: bool,
}

impl World<'_> {
    fn experiment(&self) -> Experiment {
        let options = ExperimentOptions::new(self.means.len(), 2).unwrap();
        let options = options.with_policy(PolicyOptions::new(self.policy));
        Experiment::new(self.range.map_or(options, |range| options.with_reward_range(range))).unwrap()
    }

    /// The contexts of a log are its own; their number is 0 on average, so that the means are those of the world.
    fn play(&self, experiment: &mut Experiment, log: u64, rounds: u64, mut look: impl FnMut(&Experiment)) {
        for round in 0..rounds {
            let index = (log * 1_000_000 + round) * 4;
            let context = [1.0, noise(index) * 2.0 - 1.0];
            let key = DrawKey::of_round(log, round);
            let decided = experiment.decide(&context, canary(10.0), Mode::Live, key).unwrap();
            experiment.record_decision(decided.record()).unwrap();
            let sign = if decided.arm.is_multiple_of(2) { 0.15 } else { -0.15 };
            let mean = self.means[decided.arm] + sign * context[1];
            let reward = match self.range {
                None if self.is_rare => {
                    f64::from(u8::from(noise(index + 1) < self.means[decided.arm] * (1.0 + sign * context[1])))
                }
                Some(range) => {
                    if noise(index + 1) < (mean - range.lower()) / (range.upper() - range.lower()) {
                        range.upper()
                    } else {
                        range.lower()
                    }
                }
                None => mean + noise(index + 1) + noise(index + 2) + noise(index + 3) - 1.5,
            };
            experiment.record_reward(RewardRecord::of(&decided, &context, reward), true).unwrap();
            look(experiment);
        }
    }

    /// In how many of 200 logs a difference left its bounds, or an arm's standing was wrong, at any moment.
    fn misses(&self, rounds: u64) -> usize {
        let misses = |log: &u64| {
            let (mut experiment, mut is_wrong) = (self.experiment(), false);
            self.play(&mut experiment, *log, rounds, |experiment| {
                for (arm, report) in experiment.arms().iter().enumerate() {
                    let truth = self.means[arm] - self.means[0];
                    let is_outside =
                        report.difference.is_some_and(|bounds| truth < bounds.lower || truth > bounds.upper);
                    is_wrong |= is_outside
                        || (report.standing == Standing::ProvenWorse && truth >= 0.0)
                        || (report.standing == Standing::ProvenBetter && truth <= 0.0);
                }
            });
            is_wrong
        };
        (0..200).filter(misses).count()
    }
}

/// The confidence is 0.95 for all challengers together, so that at most 10 of 200 logs may ever be wrong.
#[test]
fn the_truth_stays_within_the_bounds_at_every_moment_of_all_but_a_twentieth_of_the_logs() {
    let range = Some(RewardRange::new(-1.0, 3.0).unwrap());
    for (name, means, range, policy) in [
        ("bounded, equal", &[1.0, 1.0, 1.0][..], range, PolicyKind::LinUcb),
        ("bounded, different", &[1.0, 1.4, 0.2], range, PolicyKind::Ucb1),
        ("unbounded, equal", &[1.0, 1.0, 1.0], None, PolicyKind::LinUcb),
        ("unbounded, different", &[0.0, 0.5, -0.5], None, PolicyKind::EpsilonGreedy),
        ("rare, equal", &[0.03, 0.03, 0.03], None, PolicyKind::LinUcb),
        ("unbounded, one challenger", &[0.0, 0.0], None, PolicyKind::LinUcb),
    ] {
        let misses = World { means, range, policy, is_rare: name.contains("rare") }.misses(if name.contains("rare") {
            4000
        } else {
            1500
        });
        println!("{name}: {misses} of 200 logs");
        assert!(misses <= 10, "{name}: {misses} of 200 logs");
    }
}

#[test]
fn a_clearly_worse_arm_leaves_for_good_and_an_equal_one_stays() {
    for range in [None, Some(RewardRange::new(-2.0, 3.0).unwrap())] {
        let world = World { means: &[1.0, 1.0, -1.0], range, policy: PolicyKind::LinUcb, is_rare: false };
        let mut experiment = world.experiment();
        let mut left_after = None;
        let mut rounds = 0;
        world.play(&mut experiment, 7, 40_000, |experiment| {
            rounds += 1;
            if experiment.standing(2) == Standing::ProvenWorse {
                left_after.get_or_insert((rounds, experiment.arms()[2].decisions));
            }
        });
        let (after, decisions) = left_after.unwrap();
        println!("{range:?}: left after {after} rounds, {decisions} decisions");
        let reports = experiment.arms();
        assert_eq!((reports[1].standing, reports[2].standing), (Standing::Eligible, Standing::ProvenWorse));
        assert_eq!(reports[2].decisions, decisions);
        let decide = |key| experiment.decide(&[1.0, 0.0], canary(10.0), Mode::Live, DrawKey::new(key)).unwrap();
        assert!((0..2000).all(|key| decide(key).arm != 2));

        experiment.readmit(2).unwrap();
        assert_eq!(experiment.standing(2), Standing::Eligible);
        let decide = |key| experiment.decide(&[1.0, 0.0], canary(10.0), Mode::Live, DrawKey::new(key)).unwrap();
        assert!((0..2000).any(|key| decide(key).arm == 2));
    }
}

#[test]
fn a_better_arm_is_proven_promoted_and_the_old_baseline_then_proven_worse() {
    for range in [None, Some(RewardRange::new(-1.0, 3.0).unwrap())] {
        let world = World { means: &[0.0, 1.5], range, policy: PolicyKind::LinUcb, is_rare: false };
        let mut experiment = world.experiment();
        world.play(&mut experiment, 1, 20_000, |_| ());
        assert_eq!(experiment.standing(1), Standing::ProvenBetter);
        experiment.promote(1, false).unwrap();
        assert_eq!((experiment.baseline(), experiment.standing(1)), (1, Standing::Baseline));
        assert_eq!(experiment.standing(0), Standing::Eligible);
        world.play(&mut experiment, 2, 20_000, |_| ());
        assert_eq!(experiment.standing(0), Standing::ProvenWorse);
        assert_eq!(experiment.arms()[1].difference, None);
    }
}

/// The bounds of an arm's own mean, at every moment of 200 logs of its rewards.
#[test]
fn the_mean_of_an_arm_stays_within_its_bounds() {
    for range in [None, Some(RewardRange::new(-1.0, 3.0).unwrap())] {
        let world = World { means: &[1.0, 1.0], range, policy: PolicyKind::LinUcb, is_rare: false };
        let misses = |log: &u64| {
            let (mut experiment, mut is_outside) = (world.experiment(), false);
            world.play(&mut experiment, *log + 500, 2000, |experiment| {
                let bounds = experiment.arms()[0].interval;
                is_outside |= bounds.is_some_and(|bounds| bounds.lower > 1.0 || bounds.upper < 1.0);
            });
            is_outside
        };
        let misses = (0..200).filter(misses).count();
        assert!(misses <= 10, "{range:?}: {misses} of 200");
    }
}

/// A baseline served without challengers, as in shadow mode, says nothing of a difference and must not look like proof.
#[test]
fn decisions_without_challengers_are_no_evidence() {
    let mut experiment = experiment(PolicyKind::LinUcb, 2);
    for round in 0..5000_u64 {
        let (mode, percent) = if round % 2 == 0 { (Mode::Shadow, 10.0) } else { (Mode::Live, 0.0) };
        let decided = experiment.decide(&context(round), canary(percent), mode, DrawKey::of_round(1, round)).unwrap();
        experiment.record_decision(decided.record()).unwrap();
        let reward = if round < 10 { 5.0 } else { noise(round) };
        experiment.record_reward(RewardRecord::of(&decided, &context(round), reward), true).unwrap();
    }
    let reports = experiment.arms();
    assert_eq!((reports[1].standing, reports[1].difference, reports[1].decisions), (Standing::Eligible, None, 0));
}
