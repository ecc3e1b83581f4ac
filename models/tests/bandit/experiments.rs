//! What an experiment counts, learns and refuses.
use super::*;
use bellwether_models::optimize::bandit::{BanditError, RewardRange, Standing};

#[test]
fn decisions_rewards_and_means_are_counted_for_the_arm_that_was_served() {
    let mut experiment = experiment(PolicyKind::LinUcb, 3);
    let (mut decisions, mut sums) = ([0; 3], [0.0; 3]);
    serve(&mut experiment, 0..2000, 10.0, 4, |arm, round| {
        decisions[arm] += 1;
        sums[arm] += (round % 8) as f64;
        (round % 8) as f64
    });
    assert!(decisions.iter().all(|count| *count > 0));
    for (arm, report) in experiment.arms().iter().enumerate() {
        assert_eq!((report.decisions, report.rewards), (decisions[arm], decisions[arm]));
        assert_eq!(report.mean_reward, Some(sums[arm] / decisions[arm] as f64));
    }
    assert_eq!((experiment.rounds(), experiment.arms()[0].standing), (2000, Standing::Baseline));
}

#[test]
fn an_arm_without_rewards_has_no_mean_and_no_bounds() {
    for report in experiment(PolicyKind::Ucb1, 2).arms() {
        assert_eq!((report.mean_reward, report.interval, report.difference), (None, None, None));
    }
}

#[test]
fn a_reward_that_is_not_to_be_learnt_counts_and_teaches_nothing() {
    let mut experiment = experiment(PolicyKind::LinUcb, 2);
    let learnt = |experiment: &Experiment| experiment.policy().coefficients(1, &mut Workspace::default()).unwrap();
    let record = RewardRecord { arm: 1, context: &[1.0, 0.5], propensity: 0.1, round: 0, reward: 2.0 };
    experiment.record_reward(record, false).unwrap();
    assert_eq!(learnt(&experiment), [0.0, 0.0]);
    assert_eq!((experiment.arms()[1].rewards, experiment.arms()[1].mean_reward), (1, Some(2.0)));
    experiment.record_reward(record, true).unwrap();
    assert_ne!(learnt(&experiment), [0.0, 0.0]);
}

#[test]
fn rewards_outside_of_their_range_are_refused_and_inside_learnt_as_shares_of_it() {
    for kind in [PolicyKind::BetaTs, PolicyKind::Ucb1] {
        let experiment = experiment(kind, 2);
        let refused = experiment.check_reward(1.5);
        assert_eq!(refused, Err(BanditError::RewardOutOfRange { value: 1.5, lower: 0.0, upper: 1.0 }));
        experiment.check_reward(1.0).unwrap();
    }
    let range = RewardRange::new(-50.0, 50.0).unwrap();
    let options = ExperimentOptions::new(2, 2).unwrap().with_policy(PolicyOptions::new(PolicyKind::BetaTs));
    let mut experiment = Experiment::new(options.with_reward_range(range)).unwrap();
    assert!(experiment.check_reward(-50.1).is_err());
    for round in 1..=8 {
        let record = RewardRecord { arm: 0, context: &[1.0, 0.0], propensity: 0.95, round, reward: 50.0 };
        experiment.record_reward(record, true).unwrap();
    }
    let decided = experiment.decide(&[1.0, 0.0], canary(5.0), Mode::Live, DrawKey::new(1)).unwrap();
    // Beta(9, 1) has mean 0.9, which lies at 40; an arm without rewards has mean 0.5, which lies at 0.
    assert_close("known arm", decided.scores[0], 40.0, 1e-12);
    assert_close("unknown arm", decided.scores[1], 0.0, 1e-12);
}

/// Rewards in a thousandth or a million times the unit lead to the same arms: the width follows their spread.
#[test]
fn the_unit_of_the_rewards_does_not_change_what_is_explored() {
    let arms = |unit: f64| {
        let (mut experiment, mut arms) = (experiment(PolicyKind::LinUcb, 4), Vec::new());
        serve(&mut experiment, 0..3000, 10.0, 8, |arm, round| {
            arms.push(arm);
            unit * (noise(round) + 0.1 * arm as f64)
        });
        arms
    };
    let reference = arms(1.0);
    for unit in [0.001, 1e6] {
        // The first rewards come before their spread is known.
        let different = arms(unit).iter().zip(&reference).filter(|(one, other)| one != other).count();
        assert!(different < 30, "{unit}: {different} of 3000 differ");
    }
}

#[test]
fn shadow_agreement_is_the_share_of_picks_that_were_served() {
    let mut experiment = experiment(PolicyKind::LinUcb, 2);
    assert_eq!(experiment.shadow_agreement(), None);
    let (mut agreed, mut asked) = (0, 0);
    for round in 0..300_u64 {
        let decided =
            experiment.decide(&context(round), canary(5.0), Mode::Shadow, DrawKey::new(round.into())).unwrap();
        (asked, agreed) = (asked + 1, agreed + u32::from(decided.pick == Some(0)));
        experiment.record_decision(decided.record()).unwrap();
        experiment.record_reward(RewardRecord::of(&decided, &context(round), 1.0 + noise(round)), true).unwrap();
    }
    assert!(agreed > 0);
    assert_eq!(experiment.shadow_agreement(), Some(f64::from(agreed) / f64::from(asked)));
}

#[test]
fn only_a_proven_arm_is_promoted_unless_forced() {
    let mut experiment = experiment(PolicyKind::LinUcb, 3);
    assert_eq!(experiment.promote(1, false), Err(BanditError::NotProven { arm: 1 }));
    assert_eq!(experiment.promote(0, true), Err(BanditError::IsBaseline { arm: 0 }));
    assert_eq!(experiment.promote(3, true), Err(BanditError::UnknownArm { arm: 3, arms: 3 }));
    assert_eq!(experiment.readmit(0), Err(BanditError::IsBaseline { arm: 0 }));
    experiment.promote(1, true).unwrap();
    let decided = experiment.decide(&context(1), canary(0.0), Mode::Live, DrawKey::new(1)).unwrap();
    assert_eq!((experiment.baseline(), decided.arm, decided.propensity), (1, 1, 1.0));
}
