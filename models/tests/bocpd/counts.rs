//! Models of counts and shares.

use super::*;

/// Poisson counts by inversion, the same for a seed.
fn poisson(seed: u64, n: usize, rate: f64) -> Vec<f64> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut one = || {
        let (mut left, mut count) = (random.random::<f64>(), 0.0);
        let mut probability = (-rate).exp();
        while left > probability && count < 1e6 {
            left -= probability;
            count += 1.0;
            probability *= rate / count;
        }
        count
    };
    (0..n).map(|_| one()).collect()
}

#[test]
fn a_change_of_rate_is_found_in_counts() {
    let counts = [poisson(1, 300, 3.0), poisson(2, 100, 9.0)].concat();
    let options = Options::default().with_model(ObservationModel::poisson());
    let (detector, _) = watched(options, &counts);
    let change = detector.last_change().unwrap();
    assert!(change.start.abs_diff(300) <= 2 && change.lag() < 12, "{change:?}");
    let found = segment(&counts.into_iter().map(Some).collect::<Vec<_>>(), options).unwrap().change_points();
    assert!(matches!(found[..], [298..=302]), "{found:?}");
}

#[test]
fn a_change_of_an_error_rate_is_found_with_the_number_of_requests() {
    let errors = [poisson(3, 200, 2.0), poisson(4, 60, 12.0)].concat();
    let mut detector = Detector::new(Options::default().with_model(ObservationModel::binomial())).unwrap();
    for errors in errors {
        assert_eq!(detector.observe_trials(errors as u64, 1000).reading, Reading::Used);
    }
    let change = detector.last_change().unwrap();
    assert!(change.start.abs_diff(200) <= 1 && change.lag() < 6, "{change:?}");
    assert!(change.before.mean.unwrap() < 0.004 && change.after.mean.unwrap() > 0.005, "{change:?}");
}

#[test]
fn trials_that_are_none_or_impossible_are_missing() {
    let mut detector = Detector::new(Options::default().with_model(ObservationModel::binomial())).unwrap();
    for (successes, trials, reading) in [
        (0, 0, Reading::Missing),
        (3, 2, Reading::OutsideSupport),
        (u64::MAX, u64::MAX, Reading::OutsideSupport),
        (2, 3, Reading::Used),
    ] {
        assert_eq!(detector.observe_trials(successes, trials).reading, reading, "{successes} of {trials}");
    }
    let mut gaussian = Detector::new(Options::default()).unwrap();
    assert_eq!(gaussian.observe_trials(1, 2).reading, Reading::OutsideSupport);
}

#[test]
fn values_that_a_model_of_counts_cannot_explain_are_missing_online_and_refused_in_hindsight() {
    for (model, value) in
        [(ObservationModel::poisson(), -1.0), (ObservationModel::poisson(), 0.5), (ObservationModel::binomial(), 2.0)]
    {
        let options = Options::default().with_model(model);
        let (_, steps) = watched(options, &[value]);
        assert_eq!((steps[0].reading, steps[0].score), (Reading::OutsideSupport, 0.0));
        let refused = segment(&[None, Some(value)], options).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("value 1 is {value}: the observation model needs ")), "{refused}");
    }
}

/// By hand: a Beta(1/2, 1/2) prior after 9 failures expects a success with probability 0.5 / 10, and twice that is the
/// two-sided tail.
#[test]
fn the_score_of_a_first_success_is_its_tail_probability() {
    let options =
        Options::default().with_model(ObservationModel::binomial()).with_hazard(Hazard::constant(1e15).unwrap());
    let (_, steps) = watched(options, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert!((steps[9].score + (0.1_f64).log10()).abs() < 1e-9, "{:?}", steps[9]);
}
