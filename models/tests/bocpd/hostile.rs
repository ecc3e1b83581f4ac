//! Inputs at the ends of what 64 bits can hold, and impossible options.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn assert_sound(detector: &Detector, step: &Step) {
    let total: f64 = detector.posterior().map(|(_, probability)| probability).sum();
    assert!(detector.posterior().count() == 0 || (total - 1.0).abs() < 1e-9, "{step:?}: {total}");
    assert!(step.score.is_finite() && step.score >= 0.0 && step.change_probability.is_finite(), "{step:?}");
    assert!(detector.log_evidence().is_finite(), "{step:?}");
    let regime = detector.regime();
    let numbers = [regime.mean, regime.standard_deviation, regime.mean_interval.map(|interval| interval.0)];
    assert!(numbers.into_iter().flatten().all(f64::is_finite), "{regime:?}");
}

#[test]
fn the_largest_numbers_are_values_like_any_other() {
    let mut mixed = noise(5, 400);
    for (row, value) in [(3, 1e300), (70, -1e300), (120, f64::MAX), (121, f64::MIN), (200, 5e-324), (300, 1e154)] {
        mixed[row] = value;
    }
    let extremes = [f64::MAX, f64::MIN, 0.0, 5e-324, -5e-324, 1e300, 1.0].repeat(40);
    let huge: Vec<f64> = stepped(5, 300, 200, 9.0).iter().map(|value| value * 1e307).collect();
    let tiny: Vec<f64> = stepped(5, 300, 200, 9.0).iter().map(|value| value * 1e-310).collect();
    for model in [
        ObservationModel::default(),
        ObservationModel::variance(),
        ObservationModel::KnownVariance { standard_deviation: 1.0, mean_weight: 0.1 },
    ] {
        for values in [&mixed, &extremes, &huge, &tiny] {
            let mut detector = Detector::new(Options::default().with_model(model)).unwrap();
            for value in values {
                let step = detector.observe(Some(*value));
                assert_sound(&detector, &step);
            }
            let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
            let found = segment(&some, Options::default().with_model(model)).unwrap();
            assert!(found.segments().iter().all(|segment| segment.mean.is_some_and(f64::is_finite)), "{found:?}");
        }
    }
}

#[test]
fn one_huge_value_does_not_blind_the_detector_for_a_later_step() {
    let mut values = stepped(11, 900, 700, 8.0);
    values[300] = 1e300;
    let (detector, _) = watched(Options::default(), &values);
    let change = detector.last_change().unwrap();
    assert_eq!(change.start, 700);
    assert!(change.lag() < 10, "{change:?}");
}

#[test]
fn a_step_after_a_constant_is_found_at_any_magnitude() {
    for unit in [1e-300, 1e-9, 1.0, 1e9, 1e300] {
        for (constant, other) in [(5.0, 6.0), (5.0, 5.001), (0.0, 1.0), (-3.0, 3.0)] {
            if constant == 0.0 && unit < 1e-20 {
                continue; // of nothing but zeros no unit can be learned
            }
            let values: Vec<f64> = (0..200).map(|row| unit * if row < 120 { constant } else { other }).collect();
            let (detector, steps) = watched(Options::default(), &values);
            let change = detector.last_change();
            assert_eq!(change.map(|change| change.start), Some(120), "{constant} to {other} x {unit}: {change:?}");
            let odd = steps[..120].iter().find(|step| step.is_change || step.score != 0.0);
            assert_eq!(odd, None, "{constant} x {unit:e}");
            let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
            assert_eq!(segment(&some, Options::default()).unwrap().change_points(), [120], "{constant} to {other}");
        }
    }
}

#[test]
fn nothing_a_single_value_and_nothing_but_missing_values_are_answered() {
    let empty = segment(&[], Options::default()).unwrap();
    assert_eq!((empty.segments().len(), empty.change_points().len()), (0, 0));
    let one = segment(&[Some(3.0)], Options::default()).unwrap();
    assert_eq!((one.segments().len(), one.segments()[0].mean), (1, Some(3.0)));
    let missing = segment(&[None; 50], Options::default()).unwrap();
    assert_eq!((missing.change_points().len(), missing.segments()[0].mean), (0, None));
    let mut detector = Detector::new(Options::default()).unwrap();
    assert_eq!((detector.run_length(), detector.observed(), detector.change_probability()), (0, 0, 0.0));
    for row in 0..100 {
        let step = detector.observe(if row % 2 == 0 { None } else { Some(f64::NAN) });
        assert_eq!((step.reading, step.score, step.run_length), (Reading::Missing, 0.0, row + 1));
    }
    assert_eq!(detector.observe(Some(f64::INFINITY)).reading, Reading::OutsideSupport);
}

#[test]
fn impossible_options_are_refused_with_their_number() {
    let gaussian = |mean_weight, shape, scale| ObservationModel::Gaussian(GaussianPrior { mean_weight, shape, scale });
    for (options, name) in [
        (Options::default().with_most_run_lengths(1), "number of run lengths"),
        (Options::default().with_negligible(0.5), "negligible probability"),
        (Options::default().with_negligible(f64::NAN), "negligible probability"),
        (Options::default().with_outlier_share(0.2), "outlier share"),
        (Options::default().with_change_window(0), "change window"),
        (Options::default().with_alarm(1.0, 2), "alarm probability"),
        (Options::default().with_alarm(0.5, 0), "alarm samples"),
        (Options::default().with_scaling(Scaling::Known { centre: f64::NAN, spread: 1.0 }), "centre"),
        (Options::default().with_scaling(Scaling::Known { centre: 0.0, spread: 0.0 }), "spread"),
        (Options::default().with_model(gaussian(0.0, 1.0, 1.0)), "mean weight"),
        (Options::default().with_model(gaussian(1.0, -1.0, 1.0)), "prior shape"),
        (Options::default().with_model(gaussian(1.0, 1.0, f64::INFINITY)), "prior scale"),
        (Options::default().with_model(ObservationModel::Poisson { shape: f64::NAN }), "prior shape"),
    ] {
        assert_eq!(Detector::new(options).unwrap_err().name, name);
        assert!(segment(&[Some(1.0)], options).is_err(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_numbers_are_answered(values in prop::collection::vec(prop::option::weighted(0.9, any::<f64>()), 0..120)) {
        for model in [ObservationModel::default(), ObservationModel::variance(), ObservationModel::poisson(), ObservationModel::binomial()] {
            let mut detector = Detector::new(Options::default().with_model(model).with_most_run_lengths(10)).unwrap();
            for value in &values {
                let step = detector.observe(*value);
                assert_sound(&detector, &step);
            }
            let _ = segment(&values, Options::default().with_model(model));
        }
    }
}
