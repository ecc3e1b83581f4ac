//! State that outlives a restart, and what is refused.
use super::online::*;
use super::*;
use serde_json::{Value, json};

fn adaptive() -> AdaptiveConformal {
    let options = AdaptiveOptions::new(coverage(0.9)).with_window(30).unwrap();
    let mut method = AdaptiveConformal::new(options, &[1.0, 2.0, 3.0]).unwrap();
    let mut random = random(3);
    for _ in 0..100 {
        let issued = method.issue();
        method.observe(&issued, laplace(&mut random)).unwrap();
    }
    method
}

fn tracker() -> QuantileTracker {
    let mut method = QuantileTracker::new(TrackerOptions::new(coverage(0.99)), &[1.0, 2.0, 3.0]).unwrap();
    let mut random = random(3);
    for _ in 0..300 {
        let issued = method.issue();
        method.observe(&issued, laplace(&mut random)).unwrap();
    }
    method
}

#[test]
fn a_restored_state_goes_on_bit_for_bit() {
    let (mut one, mut tracker) = (adaptive(), tracker());
    let text = serde_json::to_string(&one).unwrap();
    let mut other: AdaptiveConformal = serde_json::from_str(&text).unwrap();
    let mut other_tracker: QuantileTracker = serde_json::from_str(&serde_json::to_string(&tracker).unwrap()).unwrap();
    let mut random = random(4);
    for _ in 0..200 {
        let score = laplace(&mut random);
        let (a, b) = (one.issue(), other.issue());
        assert_eq!(a, b);
        assert_eq!(one.observe(&a, score), other.observe(&b, score));
        let (a, b) = (tracker.issue(), other_tracker.issue());
        assert_eq!(a, b);
        assert_eq!(tracker.observe(&a, score), other_tracker.observe(&b, score));
    }
    assert_eq!((one, tracker), (other, other_tracker));
}

#[test]
fn memory_does_not_grow_with_the_number_of_labels() {
    let mut method = adaptive();
    for _ in 0..1000 {
        let issued = method.issue();
        method.observe(&issued, 1.0).unwrap();
    }
    let saved = serde_json::to_value(&method).unwrap();
    assert_eq!(saved["scores"].as_array().unwrap().len(), 30);
}

/// Every number and list of a state is spoilt in turn: it is refused, or works without a panic.
#[test]
fn a_damaged_state_is_refused_or_harmless() {
    let mut refused = 0;
    let states = [serde_json::to_value(adaptive()).unwrap(), serde_json::to_value(tracker()).unwrap()];
    for (index, sound) in states.iter().enumerate() {
        for pointer in pointers(sound) {
            for spoilt in [json!(-1), json!(1e308), json!(null), json!([]), json!(u64::MAX), json!("x")] {
                let mut damaged = sound.clone();
                *damaged.pointer_mut(&pointer).unwrap() = spoilt;
                let outcome = match index {
                    0 => serde_json::from_value(damaged).map(|mut method: AdaptiveConformal| {
                        let issued = method.issue();
                        method.observe(&issued, 1.0).unwrap();
                        method.issue().correction
                    }),
                    _ => serde_json::from_value(damaged).map(|mut method: QuantileTracker| {
                        let issued = method.issue();
                        method.observe(&issued, 1.0).unwrap();
                        method.issue().correction
                    }),
                };
                match outcome {
                    Ok(correction) => assert!(correction.is_finite()),
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

fn pointers(value: &Value) -> Vec<String> {
    let Value::Object(map) = value else { return Vec::new() };
    let below = map.iter().flat_map(|(key, value)| {
        let deeper = pointers(value).into_iter().map(move |rest| format!("/{key}{rest}"));
        std::iter::once(format!("/{key}")).chain(deeper)
    });
    below.collect()
}

#[test]
fn what_is_no_score_and_what_was_never_issued_is_refused_and_not_learnt() {
    let mut method = adaptive();
    let before = method.clone();
    let issued = Issued { correction: 1.0, served: Served::Exactly };
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(method.observe(&issued, score), Err(OnlineError::ScoreNotFinite { .. })));
    }
    let forged = Issued { correction: f64::NAN, served: Served::Exactly };
    assert!(matches!(method.observe(&forged, 1.0), Err(OnlineError::NotIssued { .. })));
    assert_eq!(method, before);
    let options = AdaptiveOptions::new(coverage(0.9));
    assert_eq!(AdaptiveConformal::new(options, &[]), Err(OnlineError::NoScores));
    assert!(matches!(AdaptiveConformal::new(options, &[1.0, f64::NAN]), Err(OnlineError::NonFinite { index: 1, .. })));
    for step in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(
            options.with_step(step).is_err() && TrackerOptions::new(coverage(0.9)).with_learning_rate(step).is_err()
        );
    }
    assert!(options.with_window(0).is_err() && options.with_window(100_001).is_err());
}

/// Three scores support no 0.9: everything is asked for, and the largest known served. A miss of what was served is
/// none of the method, which asked for more.
#[test]
fn what_cannot_be_served_is_clipped_counted_and_judged_by_what_was_asked_for() {
    let mut method = AdaptiveConformal::new(AdaptiveOptions::new(coverage(0.9)), &[1.0, 2.0, 3.0]).unwrap();
    let issued = method.issue();
    assert_eq!(issued, Issued { correction: 3.0, served: Served::InsteadOfEverything });
    assert_eq!(method.observe(&issued, 9.0), Ok(false));
    let expected = Counts { issued: 1, clipped: 1, observed: 1, missed: 0, missed_as_served: 1 };
    assert_eq!(*method.counts(), expected);
    // The step is 0.3 * 0.1.
    assert!((method.miscoverage() - (0.1 + 0.03 * 0.1)).abs() < 1e-15);
}

/// The level in force at the prediction judges, not the one at the label.
#[test]
fn late_labels_are_judged_by_what_was_issued_with_their_prediction() {
    let scores: Vec<f64> = (1..=99).map(f64::from).collect();
    let mut method = AdaptiveConformal::new(AdaptiveOptions::new(coverage(0.9)), &scores).unwrap();
    let early = method.issue();
    assert_eq!(early.correction, 90.0);
    for _ in 0..50 {
        let issued = method.issue();
        method.observe(&issued, 0.0).unwrap();
    }
    assert!(method.issue().correction < 80.0);
    assert_eq!(method.observe(&early, 89.0), Ok(false));
    assert_eq!(method.observe(&early, 91.0), Ok(true));
}
