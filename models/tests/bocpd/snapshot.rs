//! A detector stored and restored goes on as if nothing had happened; one that was tampered with is refused.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn restored(detector: &Detector) -> Detector {
    serde_json::from_str(&serde_json::to_string(detector).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_restored_detector_goes_on_with_the_same_bits(seed in any::<u64>(), at in 0..300_usize, heavy in 0..3_usize) {
        let model = [
            ObservationModel::default(),
            ObservationModel::variance(),
            ObservationModel::KnownVariance { standard_deviation: 0.7, mean_weight: 0.1 },
        ][heavy];
        let hazard = Hazard::default().with_event(20.0, 30).unwrap();
        let options = Options::default().with_model(model).with_hazard(hazard).with_most_run_lengths(20);
        let values = stepped(seed, 400, 200, 6.0);
        let mut detector = Detector::new(options).unwrap();
        for (row, value) in values[..at].iter().enumerate() {
            if row == 150 {
                detector.announce_event();
            }
            detector.observe((row % 17 != 0).then_some(*value));
        }
        let mut other = restored(&detector);
        prop_assert_eq!(&other, &detector);
        for value in &values[at..] {
            let (a, b) = (detector.observe(Some(*value)), other.observe(Some(*value)));
            prop_assert_eq!(a.score.to_bits(), b.score.to_bits());
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(&other, &detector);
        prop_assert_eq!(other.log_evidence().to_bits(), detector.log_evidence().to_bits());
        prop_assert_eq!(other.last_change(), detector.last_change());
    }
}

/// The stored state with the value at a path of keys replaced.
fn tampered(path: &[&str], value: Value) -> String {
    let (detector, _) = watched(Options::default(), &stepped(1, 300, 150, 8.0));
    let mut state = serde_json::to_value(&detector).unwrap();
    let place = path.iter().fold(&mut state, |state, key| state.get_mut(*key).unwrap());
    *place = value;
    state.to_string()
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    for (path, value) in [
        (&["options", "most_run_lengths"][..], json!(1)),
        (&["options", "alarm_probability"], json!(2.0)),
        (&["options", "hazard", "gaps"], json!({ "Geometric": { "mean_run_length": 0.5 } })),
        (&["rows"], json!(3)),
        (&["rows"], json!(u64::MAX)),
        (&["seen"], json!(1e9)),
        (&["runs", "start"], json!([1, 2])),
        (&["runs", "log_weight"], json!([])),
        (
            &["runs"],
            json!({ "start": [], "seen_before": [], "first": [], "second": [], "logarithm": [], "log_weight": [], "probability": [] }),
        ),
        (&["unit", "spread"], json!(0.0)),
        (&["prior", "second"], json!(-1.0)),
        (&["recent", "oldest"], json!(1_000_000)),
        (&["recent", "rows"], json!([1])),
        (&["waiting"], json!([[1, 2.0], [0, 1.0]])),
    ] {
        let refused = serde_json::from_str::<Detector>(&tampered(path, value.clone()));
        assert!(refused.is_err(), "{path:?} = {value} was taken");
    }
}

/// Whatever number is put in place of another one, the result is refused or works on without a panic.
#[test]
fn no_number_in_a_stored_state_makes_it_panic() {
    let (detector, _) = watched(Options::default().with_most_run_lengths(3), &stepped(1, 140, 100, 8.0));
    let state = serde_json::to_value(&detector).unwrap();
    let mut places = Vec::new();
    numbers(&state, String::new(), &mut places);
    assert!(places.len() > 50, "only {} numbers were found", places.len());
    for place in places {
        for value in [json!(0), json!(-1), json!(1), json!(1e300), json!(-1e300), json!(u64::MAX), json!(1u64 << 52)] {
            let mut changed = state.clone();
            *changed.pointer_mut(&place).unwrap() = value;
            if let Ok(mut detector) = serde_json::from_value::<Detector>(changed) {
                for row in 0..60 {
                    detector.observe((row % 7 != 0).then_some(f64::from(row % 5)));
                    let _ = detector.regime();
                }
            }
        }
    }
}

fn numbers(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Number(_) => places.push(path),
        Value::Array(all) => all.iter().enumerate().for_each(|(i, one)| numbers(one, format!("{path}/{i}"), places)),
        Value::Object(all) => all.iter().for_each(|(key, one)| numbers(one, format!("{path}/{key}"), places)),
        _ => {}
    }
}

#[test]
fn a_detector_of_100_run_lengths_takes_a_few_kilobytes() {
    let (detector, _) = watched(Options::default().with_negligible(0.0), &noise(3, 1000));
    assert_eq!(detector.posterior().count(), 100);
    // 100 runs of seven numbers and 128 values with their rows, as text of some twenty characters each.
    assert!(serde_json::to_string(&detector).unwrap().len() < 24_000);
}
