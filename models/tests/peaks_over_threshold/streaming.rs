//! The tail of a stream.

use super::*;
use bellwether_models::tail::peaks_over_threshold::{Observed, StreamingOptions, StreamingTail};

fn streaming(options: StreamingOptions) -> StreamingTail {
    StreamingTail::new(options).unwrap()
}

fn follow(tail: &mut StreamingTail, values: &[f64]) -> Vec<Observed> {
    values.iter().map(|value| tail.observe(*value).unwrap()).collect()
}

fn alarms(observed: &[Observed]) -> usize {
    observed.iter().filter(|one| matches!(one, Observed::Alarm { .. })).count()
}

/// Exponential noise on 300, of scale 100: values for which ports of the published algorithm fail to find a root.
fn latencies(seed: u64, n: usize) -> Vec<f64> {
    uniforms(seed, n).into_iter().map(|u| 300.0 - 100.0 * u.ln()).collect()
}

#[test]
fn the_unit_of_the_values_changes_no_judgement() {
    let values = latencies(1, 6000);
    let expected = follow(&mut streaming(StreamingOptions::default()), &values);
    assert!(expected.iter().any(|one| matches!(one, Observed::Peak { .. })));
    // Powers of two change no digit, so that the judgements are equal to the last bit.
    for unit in [2_f64.powi(-33), 2_f64.powi(30), 2_f64.powi(-700)] {
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        let got = follow(&mut streaming(StreamingOptions::default()), &scaled);
        assert!(got == expected, "unit {unit:e}");
    }
}

/// The exponential's quantile at 1e-3, 300 + 100·ln 1000 = 990.8, and how often it is exceeded in 100,000 values.
#[test]
fn alarms_are_about_as_rare_as_the_probability_says() {
    let options = StreamingOptions::default().with_alarm_probability(1e-3);
    let (mut count, mut levels) = (0, 0.0);
    for seed in 0..10 {
        let mut tail = streaming(options);
        count += alarms(&follow(&mut tail, &latencies(seed, 20_500)));
        levels += tail.alarm_level().unwrap() / 10.0;
    }
    println!("{count} {levels}");
    assert!((100..400).contains(&count), "{count} alarms instead of about 200");
    assert_close("alarm level", levels, 300.0 + 100.0 * 1000_f64.ln(), 0.1);
}

#[test]
fn an_outlier_is_an_alarm_and_teaches_little() {
    let mut tail = streaming(StreamingOptions::default());
    follow(&mut tail, &latencies(3, 3000));
    let before = tail.alarm_level().unwrap();
    let judged = tail.observe(1e300).unwrap();
    assert!(matches!(judged, Observed::Alarm { probability } if probability < 1e-20), "{judged:?}");
    assert_close("alarm level", tail.alarm_level().unwrap(), before, 0.2);
    let next = latencies(11, 1000);
    assert!(alarms(&follow(&mut tail, &next)) <= 1);
}

/// The whole state as it would be stored: what grows is the number of values observed, by a digit.
#[test]
fn the_state_does_not_grow_and_goes_on_where_it_was_stored() {
    let options = StreamingOptions::default().with_average_over(20);
    let (mut tail, values) = (streaming(options), latencies(4, 40_000));
    follow(&mut tail, &values[..10_000]);
    let early = serde_json::to_string(&tail).unwrap();
    let mut restored: StreamingTail = serde_json::from_str(&early).unwrap();
    assert_eq!(restored, tail);
    assert_eq!(follow(&mut restored, &values[10_000..]), follow(&mut tail, &values[10_000..]));
    let late = serde_json::to_string(&tail).unwrap();
    assert!(late.len() < early.len() + early.len() / 10, "{} bytes after {}", late.len(), early.len());
    assert!(serde_json::from_str::<StreamingTail>(&early.replace("\"level\":0.95", "\"level\":1.5")).is_err());
}

/// Ten times the latency for good: at first alarms, then the tail is that of the new level.
#[test]
fn a_stream_that_stays_at_a_new_level_stops_alarming() {
    let mut tail = streaming(StreamingOptions::default());
    follow(&mut tail, &latencies(5, 3000));
    let higher: Vec<f64> = latencies(6, 3000).into_iter().map(|value| 10.0 * value).collect();
    let observed = follow(&mut tail, &higher);
    assert!(alarms(&observed[..50]) >= 45 && alarms(&observed[1000..]) <= 10, "{}", alarms(&observed[1000..]));
    let lower = follow(&mut tail, &latencies(7, 3000));
    assert_eq!(alarms(&lower[..600]), 0);
    assert!(tail.alarm_level().unwrap() < 2500.0, "{:?}", tail.alarm_level());
}

/// A slow climb by 5,000 within 20,000 values, fifty times the noise's scale.
#[test]
fn with_a_moving_average_drift_is_no_alarm() {
    let drifting: Vec<f64> =
        latencies(8, 20_000).into_iter().enumerate().map(|(i, value)| value + i as f64 / 4.0).collect();
    let mut tail = streaming(StreamingOptions::default().with_average_over(20));
    let observed = follow(&mut tail, &drifting);
    assert!(alarms(&observed) <= 12, "{} alarms", alarms(&observed));
    assert!(matches!(tail.observe(drifting[19_999] + 5000.0).unwrap(), Observed::Alarm { .. }));
}

#[test]
fn without_a_tail_nothing_is_judged_and_nothing_fails() {
    let mut tail = streaming(StreamingOptions::default());
    let constant = follow(&mut tail, &[7.0; 2000]);
    assert!(constant.iter().all(|one| *one == Observed::Gathering) && tail.tail().is_none());
    let refused = tail.observe(f64::NAN).unwrap_err();
    assert!(matches!(refused, ExtremesError::NonFinite { index: 2000, .. }));
    assert_eq!((tail.observed(), tail.alarm_level()), (2000, None));
    follow(&mut tail, &latencies(9, 1500));
    assert!(tail.tail().is_some());
}

#[test]
fn options_that_leave_no_tail_are_refused() {
    let usual = StreamingOptions::default();
    for options in [
        usual.with_window(100),
        usual.with_peaks(9),
        usual.with_alarm_probability(0.0),
        usual.with_alarm_probability(0.06),
        usual.with_alarm_probability(f64::NAN),
        usual.with_level(level(0.999)),
    ] {
        assert!(StreamingTail::new(options).is_err(), "{options:?}");
    }
}
