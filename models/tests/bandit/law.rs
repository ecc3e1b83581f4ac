//! The law of an arm: probabilities that sum to 1 and are true.
use super::*;
use bellwether_models::optimize::bandit::CanaryLaw;
use proptest::prelude::*;

proptest! {
    #[test]
    fn probabilities_sum_to_one_and_respect_canary_and_eligibility(
        arms in 2_usize..9,
        baseline in 0_usize..9,
        percent in 0.0..=10.0_f64,
        explore in 0.001..=1.0_f64,
        eligible in prop::collection::vec(any::<bool>(), 9),
        weights in prop::collection::vec(0.0..1.0_f64, 9),
        uniform in 0.0..1.0_f64,
    ) {
        let (baseline, eligible) = (baseline % arms, &eligible[..arms]);
        let is_challenger = |arm: &usize| *arm != baseline && eligible[*arm];
        let total: f64 = (0..arms).filter(is_challenger).map(|arm| weights[arm]).sum();
        let shares: Vec<f64> = (0..arms).map(|arm| if is_challenger(&arm) { weights[arm] / total } else { 0.0 }).collect();
        prop_assume!((0..arms).filter(is_challenger).count() == 0 || total > 0.0);
        let law = CanaryLaw::new(canary(percent), explore, baseline, eligible, &shares);
        let probabilities = law.probabilities();
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(probabilities[baseline] >= 1.0 - percent / 100.0 - 1e-15);
        prop_assert!((0..arms).all(|arm| arm == baseline || eligible[arm] || probabilities[arm] == 0.0));
        let pick = (0..arms).find(|arm| shares[*arm] > 0.0);
        let drawn = law.draw(uniform, pick);
        prop_assert!(probabilities[drawn] > 0.0, "{drawn} of {law:?}");
    }
}

/// Over many decisions the mean of 1[arm] / p is 1 for every arm, whatever the policy: its standard error is
/// √(mean(1 / p) - 1) / √n, estimated from the sample.
#[test]
fn propensities_are_true_for_every_policy_ties_included() {
    for kind in PolicyKind::ALL {
        // The policy is told a little, so that some arms differ and others rank alike.
        let mut experiment = experiment(kind, 4);
        serve(&mut experiment, 0..40, 10.0, 3, |arm, round| f64::from(u8::from(noise(round) < 0.3 + 0.1 * arm as f64)));
        let n = 60_000_u64;
        let (mut sums, mut squares) = ([0.0; 4], [0.0; 4]);
        for round in 0..n {
            let key = DrawKey::of_round(9, round);
            let decided = experiment.decide(&context(round), canary(10.0), Mode::Live, key).unwrap();
            assert_eq!(decided.explored, decided.arm != 0 && decided.pick != Some(decided.arm));
            sums[decided.arm] += 1.0 / decided.propensity;
            squares[decided.arm] += decided.propensity.powi(-2);
        }
        for arm in 0..4 {
            let (n, mean) = (n as f64, sums[arm] / n as f64);
            let error = ((squares[arm] / n - mean * mean) / n).sqrt();
            assert!((mean - 1.0).abs() < 4.0 * error && error > 0.0, "{kind}, arm {arm}: {mean} ± {error}");
        }
    }
}

/// Binomial bounds: 5 % of 1000 is 50, its standard deviation 6.9.
#[test]
fn the_canary_takes_its_share_of_any_thousand_decisions() {
    let experiment = experiment(PolicyKind::LinUcb, 3);
    for block in 0..20 {
        let leaves = |round| {
            let key = DrawKey::of_name(format!("user {round}").as_bytes());
            experiment.decide(&context(round), canary(5.0), Mode::Live, key).unwrap().arm != 0
        };
        let left = (block * 1000..(block + 1) * 1000).filter(|round| leaves(*round)).count();
        assert!((50 - 5 * 7..=50 + 5 * 7).contains(&left), "{left} of 1000");
    }
}

#[test]
fn a_decision_is_made_again_from_its_key_and_shadow_and_baseline_only_serve_the_baseline() {
    let mut experiment = experiment(PolicyKind::LinTs, 3);
    serve(&mut experiment, 0..200, 10.0, 1, |arm, round| arm as f64 + noise(round));
    let ask = |mode, key| experiment.decide(&context(7), canary(10.0), mode, DrawKey::new(key)).unwrap();
    for key in 0..100 {
        assert_eq!(ask(Mode::Live, key), ask(Mode::Live, key));
        let shadow = ask(Mode::Shadow, key);
        assert_eq!((shadow.arm, shadow.propensity, shadow.explored), (0, 1.0, false));
        assert!(shadow.pick.is_some() && shadow.scores.len() == 3);
        let only = ask(Mode::BaselineOnly, key);
        assert_eq!((only.arm, only.propensity, only.pick), (0, 1.0, None));
    }
    assert!((0..100).any(|key| ask(Mode::Live, key).arm != 0));
}
