//! What must hold for every series.

use super::*;
use proptest::prelude::*;

/// Short regimes of random level and spread, some values missing.
fn series() -> impl Strategy<Value = Vec<Option<f64>>> {
    let regime =
        (-20.0..20.0_f64, 0.1..5.0_f64, prop::collection::vec(prop::option::weighted(0.9, -2.0..2.0_f64), 1..40));
    prop::collection::vec(regime, 1..5).prop_map(|regimes| {
        let values = regimes.into_iter().map(|(level, spread, values)| {
            values.into_iter().map(move |value| value.map(|value: f64| level + spread * value)).collect::<Vec<_>>()
        });
        values.collect::<Vec<_>>().concat()
    })
}

fn models() -> [ObservationModel; 3] {
    [
        ObservationModel::default(),
        ObservationModel::variance(),
        ObservationModel::KnownVariance { standard_deviation: 1.0, mean_weight: 0.1 },
    ]
}

fn fed(options: Options, values: &[Option<f64>]) -> (Detector, Vec<Step>) {
    let mut detector = Detector::new(options).unwrap();
    let steps = values.iter().map(|value| detector.observe(*value)).collect();
    (detector, steps)
}

/// Half the sum of absolute differences of the probabilities of each run.
fn total_variation(a: &Detector, b: &Detector) -> f64 {
    let (a, b) = (by_start(a), by_start(b));
    let starts: std::collections::BTreeSet<u64> = a.keys().chain(b.keys()).copied().collect();
    let of = |all: &std::collections::BTreeMap<u64, f64>, start: u64| all.get(&start).copied().unwrap_or(0.0);
    starts.into_iter().map(|start| (of(&a, start) - of(&b, start)).abs()).sum::<f64>() / 2.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn probabilities_sum_to_one_and_every_answer_is_a_number(values in series(), most in 2..40_usize) {
        for model in models() {
            let mut detector = Detector::new(Options::default().with_model(model).with_most_run_lengths(most)).unwrap();
            for (row, value) in values.iter().enumerate() {
                let step = detector.observe(*value);
                let posterior: Vec<(u64, f64)> = detector.posterior().collect();
                let total: f64 = posterior.iter().map(|(_, probability)| probability).sum();
                prop_assert!(posterior.is_empty() || (total - 1.0).abs() < 1e-12, "{:?} row {}: {}", model, row, total);
                prop_assert!(posterior.len() <= most && posterior.iter().all(|(length, _)| *length <= row as u64 + 1));
                prop_assert!(step.score.is_finite() && step.score >= 0.0);
                prop_assert!((0.0..=1.0).contains(&step.change_probability) && step.run_length <= row as u64 + 1);
                prop_assert_eq!(step.index, row as u64);
                prop_assert_eq!(step.is_change, detector.last_change().is_some_and(|change| change.alarm == row as u64));
            }
            prop_assert!(detector.log_evidence().is_finite());
        }
    }

    #[test]
    fn shift_and_scale_of_the_data_change_nothing_but_their_unit(values in series(), power in -40..40_i32, shift in -8..8_i32) {
        // Powers of two, so that the numbers themselves lose nothing.
        let (factor, shift) = (2_f64.powi(power), f64::from(shift) * 4.0);
        let moved: Vec<Option<f64>> = values.iter().map(|value| value.map(|value| (value + shift) * factor)).collect();
        let ((one, steps), (other, moved_steps)) = (fed(Options::default(), &values), fed(Options::default(), &moved));
        for (a, b) in steps.iter().zip(&moved_steps) {
            prop_assert!((a.change_probability - b.change_probability).abs() < 1e-6, "{:?} {:?}", a, b);
            prop_assert!((a.score - b.score).abs() < 1e-6 * (1.0 + a.score), "{:?} {:?}", a, b);
        }
        prop_assert!(total_variation(&one, &other) < 1e-6);
        prop_assert_eq!(one.last_change().map(|change| change.start), other.last_change().map(|change| change.start));
        let (a, b) = (segment(&values, Options::default()).unwrap(), segment(&moved, Options::default()).unwrap());
        prop_assert_eq!(a.change_points(), b.change_points());
    }

    /// What was dropped may only have lowered the evidence, and the lower it is the further the posterior may be off:
    /// the exact joint density lies nowhere below the pruned one, so total variation <= 1 - pruned / exact evidence.
    #[test]
    fn few_run_lengths_are_as_good_as_all_but_for_the_evidence_that_they_lack(values in series(), most in 2..30_usize) {
        let exact = known().with_negligible(0.0).with_most_run_lengths(10_000);
        let ((exact, _), (pruned, _)) = (fed(exact, &values), fed(exact.with_most_run_lengths(most), &values));
        prop_assert_eq!(exact.discarded_mass(), 0.0);
        let lacking = exact.log_evidence() - pruned.log_evidence();
        prop_assert!(lacking > -1e-9, "{}", lacking);
        prop_assert!(total_variation(&exact, &pruned) <= -(-lacking.max(0.0)).exp_m1() + 1e-9);
        prop_assert!(values.len() >= most || pruned.discarded_mass() == 0.0);
    }

    #[test]
    fn the_order_of_values_within_one_run_changes_not_its_evidence(values in prop::collection::vec(-1.0..1.0_f64, 2..12)) {
        // So rare a change, and so little to be gained by one, that all of the evidence is that of one run.
        for model in models() {
            let options = known().with_hazard(Hazard::constant(1e15).unwrap()).with_model(model);
            let backwards: Vec<f64> = values.iter().rev().copied().collect();
            let ((one, _), (other, _)) = (watched(options, &values), watched(options, &backwards));
            let gap = one.log_evidence() - other.log_evidence();
            prop_assert!(gap.abs() < 1e-8, "{:?}: {}", model, gap);
        }
    }

    #[test]
    fn a_missing_value_ages_the_run_and_teaches_nothing(values in series(), gap in 1..50_usize) {
        // With room for every run, so that nothing is missing from the evidence.
        let (mut detector, _) = fed(known().with_negligible(0.0).with_most_run_lengths(10_000), &values);
        let (evidence, samples) = (detector.log_evidence(), detector.regime().samples);
        let before = by_start(&detector);
        for _ in 0..gap {
            let step = detector.observe(None);
            prop_assert_eq!((step.score, step.reading), (0.0, Reading::Missing));
        }
        prop_assert!((detector.log_evidence() - evidence).abs() < 1e-9);
        // Fewer if an alarm about the past came meanwhile.
        prop_assert!(detector.regime().samples <= samples);
        prop_assert_eq!(detector.observed(), (values.len() + gap) as u64);
        // The odds of two old runs against each other stay what they were, but for the hazards passed.
        let after = by_start(&detector);
        let best = before.iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        prop_assert!((after[best.0] - best.1).abs() < 1e-3);
    }
}
