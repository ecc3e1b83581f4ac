//! The engine as its actor meets it: observations in, snapshots out.
use super::calendar::tests::baseline as calendar;
use super::*;
use crate::types::{FeatureName, Observation, ServiceId, Timestamp};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Monday, 2026-03-09, 11:00 in New York.
fn noon() -> Timestamp {
    "2026-03-09T15:00:00Z".parse().unwrap()
}

fn seconds(count: i64) -> Timestamp {
    noon()
        .plus(Duration::from_secs(count.max(0).unsigned_abs()))
        .minus(Duration::from_secs(count.min(0).unsigned_abs()))
}

fn observation(service: &str, name: &str, second: i64, value: f64) -> Observation {
    let (service, name) = (ServiceId::new(service).unwrap(), FeatureName::new(name).unwrap());
    Observation { service, name, at: seconds(second), value }
}

fn engine() -> FeatureEngine {
    let document = toml::from_str(include_str!("../../../config/baseline/features.toml")).unwrap();
    FeatureEngine::new(FeatureRegistry::from_document(&document).unwrap(), calendar())
}

fn small(features: &str) -> FeatureEngine {
    FeatureEngine::new(FeatureRegistry::from_document(&toml::from_str(features).unwrap()).unwrap(), calendar())
}

fn features_of(engine: &mut FeatureEngine, now: Timestamp) -> Arc<ServiceFeatures> {
    let mut refreshed = engine.refresh(now);
    assert_eq!(refreshed.len(), 1);
    refreshed.remove(0).1
}

#[test]
fn observations_are_judged_by_time_key_and_value() {
    let mut engine = engine();
    let day = 24 * 3_600;
    for (second, value, expected) in [
        (0, 1.0, Ingested::Accepted),
        (0, 2.0, Ingested::Duplicate),
        (-day, 3.0, Ingested::Accepted),
        (-day - 1, 3.0, Ingested::TooOld),
        (300, 4.0, Ingested::Accepted),
        (301, 4.0, Ingested::TooFarAhead),
        (1, f64::NAN, Ingested::NotFinite),
        (1, f64::NEG_INFINITY, Ingested::NotFinite),
    ] {
        assert_eq!(engine.ingest(&observation("s", "x", second, value), noon()), expected, "{second} {value}");
    }
    let recent = engine.recent(&ServiceId::new("s").unwrap(), &FeatureName::new("x").unwrap()).unwrap();
    assert_eq!((recent.values().as_ref(), recent.as_of()), ([3.0, 1.0, 4.0].as_slice(), Some(seconds(300))));
}

#[test]
fn anything_pushed_is_read_back_and_stale_only_by_the_readers_time() {
    let mut engine = engine();
    engine.ingest(&observation("s", "my own number", 0, 7.5), noon());
    let features = features_of(&mut engine, noon());
    let value = features.get("my own number").unwrap();
    assert_eq!((value.value, value.registered, value.kind), (7.5, false, FeatureType::RealTime));
    for (second, stale) in [(0, false), (60, false), (61, true), (-10, false)] {
        let reading = features.read("my own number", seconds(second)).unwrap();
        assert_eq!((reading.stale, reading.fresh().is_none()), (stale, stale), "after {second} s");
    }
    assert_eq!(features.read("nothing", noon()), None);
}

#[test]
fn the_baseline_features_come_out_of_their_observations() {
    let mut engine = engine();
    for second in 0..100 {
        engine.ingest(&observation("s", "p99_latency", second, if second == 99 { 200.0 } else { 10.0 }), noon());
        engine.ingest(&observation("s", "request_rate", second, second as f64), noon());
    }
    for (name, value) in [("cpu_usage", 0.5), ("queue_depth", 6.0), ("active_workers", 2.0)] {
        engine.ingest(&observation("s", name, 50, value), noon());
    }
    let features = features_of(&mut engine, seconds(100));
    for (name, expected, tolerance) in [
        ("request_rate", 99.0, 0.0),
        ("request_rate_mean_1h", 49.5, 1e-9),
        ("request_rate_std_1h", 29.011_491_975_882_016, 1e-9),
        ("request_rate_p50_1h", 49.5, 0.5),
        ("request_rate_p99_1h", 98.01, 1.0),
        ("load_score", 0.7 * 0.5 + 0.3 * 0.75, 1e-12),
        ("anomaly_score", 1.0, 0.0),
        ("hour_of_day", 11.0, 0.0),
        ("session_phase", 3.0, 0.0),
    ] {
        let got = features.get(name).unwrap().value;
        assert!((got - expected).abs() <= tolerance, "{name}: {got}, expected {expected}");
    }
    assert_eq!(features.get("load_score").unwrap().as_of, seconds(50), "as old as its oldest input");
    assert!(features.get("error_rate").is_none() && features.get("service_time_mean").is_none());
    assert!(features.values().is_sorted_by(|left, right| left.name < right.name));
}

#[test]
fn aggregates_are_those_of_the_window_by_hand() {
    let base = "unit = \"1\"\nowner = \"us\"\nttl_ms = 1000\nsource = \"x\"\nwindow_s = 10\n";
    let feature = |name: &str, kind: &str, aggregate: &str| {
        format!("[[features]]\nname = \"{name}\"\ntype = \"{kind}\"\naggregate = \"{aggregate}\"\n{base}")
    };
    let text = ["mean", "sum", "rate", "max"].map(|name| feature(name, "REAL_TIME", name)).concat()
        + &["min", "count", "std"].map(|name| feature(name, "BATCH", name)).concat();
    let mut engine = small(&text);
    for (second, value) in [(0, 100.0), (8, 1.0), (9, 4.0), (10, 4.0)] {
        engine.ingest(&observation("s", "x", second, value), noon());
    }
    let features = features_of(&mut engine, seconds(10));
    for (name, expected) in [
        ("mean", 3.0),
        ("sum", 9.0),
        ("rate", 0.9),
        ("max", 4.0),
        ("min", 1.0),
        ("count", 3.0),
        ("std", 3.0_f64.sqrt()),
    ] {
        assert!((features.get(name).unwrap().value - expected).abs() < 1e-12, "{name}");
    }
    assert_eq!(features.get("x").unwrap().value, 4.0, "the source itself is readable too");
}

#[test]
fn a_feature_that_is_computed_elsewhere_may_be_pushed() {
    let mut engine = engine();
    engine.ingest(&observation("s", "anomaly_score", 0, 0.25), noon());
    engine.ingest(&observation("s", "p99_latency_p50_1h", 0, 10.0), noon());
    let features = features_of(&mut engine, noon());
    assert_eq!(
        (features.get("anomaly_score").unwrap().value, features.get("p99_latency_p50_1h").unwrap().value),
        (0.25, 10.0)
    );
    engine.ingest(&observation("s", "p99_latency", 0, 10.0), noon());
    assert_eq!(
        features_of(&mut engine, noon()).get("anomaly_score").unwrap().value,
        0.0,
        "computed as soon as possible"
    );
}

#[test]
fn only_changed_services_are_refreshed() {
    let mut engine = engine();
    for service in ["a", "b"] {
        engine.ingest(&observation(service, "x", 0, 1.0), noon());
    }
    assert_eq!(engine.refresh(noon()).len(), 2);
    assert!(engine.refresh(noon()).is_empty());
    engine.ingest(&observation("b", "x", 0, 2.0), noon());
    assert!(engine.refresh(noon()).is_empty(), "a duplicate changes nothing");
    engine.ingest(&observation("b", "x", 1, 2.0), noon());
    assert_eq!(engine.refresh(noon())[0].0.as_str(), "b");
}

#[test]
fn calendar_features_follow_the_reader_even_when_the_service_is_silent() {
    let mut engine = engine();
    engine.ingest(&observation("s", "x", 0, 1.0), noon());
    let features = features_of(&mut engine, noon());
    let reading = features.read("hour_of_day", seconds(7_200)).unwrap();
    assert_eq!(reading, Reading { value: 13.0, as_of: seconds(7_200), stale: false });
    let names: Vec<String> = engine.calendar_features(noon()).iter().map(|value| value.name.to_string()).collect();
    assert_eq!(names, ["day_of_week", "hour_of_day", "is_business_hours", "session_phase"]);
}

#[test]
fn the_view_serialises_names_to_value_time_and_staleness() {
    let mut engine = FeatureEngine::new(FeatureRegistry::default(), calendar());
    for (name, second, value) in [("b", 0, 2.0), ("a", 0, 1.5), ("c", -100, 3.0)] {
        engine.ingest(&observation("s", name, second, value), noon());
    }
    let features = features_of(&mut engine, noon());
    let entry =
        |value: &str, time, stale| format!(r#"{{"value":{value},"as_of":"2026-03-09T{time}Z","stale":{stale}}}"#);
    let (a, b, c) = (entry("1.5", "15:00:00", false), entry("2.0", "15:00:00", false), entry("3.0", "14:58:20", true));
    let text = serde_json::to_string(&features.view(noon())).unwrap();
    assert_eq!(text, format!(r#"{{"a":{a},"b":{b},"c":{c}}}"#));
    let text = serde_json::to_string(&features.view(noon()).only(&["c", "x", "a"])).unwrap();
    assert_eq!(text, format!(r#"{{"c":{c},"a":{a}}}"#));
}

#[test]
fn a_clone_stands_still_while_the_original_moves_on() {
    let mut engine = engine();
    (0..1_000).for_each(|second| {
        engine.ingest(&observation("s", "request_rate", second - 1_000, 1.0), noon());
    });
    let mut restored = engine.clone();
    (0..100).for_each(|second| {
        engine.ingest(&observation("s", "request_rate", second, 100.0), noon());
    });
    let (moved, kept) = (features_of(&mut engine, noon()), features_of(&mut restored, noon()));
    assert_eq!(kept.get("request_rate_mean_1h").unwrap().value, 1.0);
    assert!((moved.get("request_rate_mean_1h").unwrap().value - 10.0).abs() < 1e-9);
    assert_eq!(
        (kept.recent("request_rate").unwrap().len(), moved.recent("request_rate").unwrap().len()),
        (1_000, 1_100)
    );
}

#[test]
fn new_declarations_apply_to_what_was_observed_before() {
    let mut engine = FeatureEngine::new(FeatureRegistry::default(), calendar());
    (0..50).for_each(|second| {
        engine.ingest(&observation("s", "request_rate", second, second as f64), noon());
    });
    assert!(features_of(&mut engine, noon()).get("request_rate_mean_1h").is_none());
    let document = toml::from_str(include_str!("../../../config/baseline/features.toml")).unwrap();
    engine.reconfigure(FeatureRegistry::from_document(&document).unwrap(), calendar());
    let features = features_of(&mut engine, noon());
    assert!((features.get("request_rate_mean_1h").unwrap().value - 24.5).abs() < 1e-9);
}

#[test]
fn the_least_recently_touched_series_goes_when_there_are_too_many() {
    let limits = EngineLimits { series: 3, ..EngineLimits::default() };
    let mut engine = FeatureEngine::new(FeatureRegistry::default(), calendar()).with_limits(limits);
    for (service, second) in [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("d", 0)] {
        engine.ingest(&observation(service, "x", second, 1.0), noon());
    }
    let refreshed = engine.refresh(noon());
    let kept: Vec<(&str, bool)> =
        refreshed.iter().map(|(service, features)| (service.as_str(), !features.values().is_empty())).collect();
    assert_eq!(kept, [("a", true), ("b", false), ("c", true), ("d", true)]);
    let EngineStats { services, series, points, evicted_series, .. } = engine.stats();
    assert_eq!((services, series, points, evicted_series), (3, 3, 4, 1));
}

#[test]
fn points_are_bounded_per_series_and_in_all() {
    let limits = EngineLimits { series: 100, points_per_series: 500, points: 1_000 };
    let mut engine = FeatureEngine::new(FeatureRegistry::default(), calendar()).with_limits(limits);
    for second in -5_000..0 {
        for service in ["a", "b", "c", "d"] {
            engine.ingest(&observation(service, "x", second, f64::from(second as i32)), noon());
        }
    }
    let stats = engine.stats();
    assert!(stats.points <= 1_004, "{stats:?}");
    assert_eq!(stats.points as u64 + stats.dropped_points, 20_000);
    for (service, features) in engine.refresh(noon()) {
        let recent = features.recent("x").unwrap();
        assert!((200..=300).contains(&recent.len()), "{service}: {}", recent.len());
        assert_eq!(recent.values().last(), Some(&-1.0));
    }
}

proptest! {
    /// Shuffled, repeated and late: what is published depends on the observations only.
    #[test]
    fn features_do_not_depend_on_the_order_of_arrival(
        values in prop::collection::vec(0.1_f64..100.0, 1..200),
        seed in any::<u64>(),
    ) {
        let mut ordered: Vec<Observation> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            for name in ["request_rate", "p99_latency"] {
                ordered.push(observation("s", name, index as i64 * 37 - 7_000, *value));
            }
        }
        let mut shuffled: Vec<Observation> = ordered.iter().chain(&ordered).cloned().collect();
        let mut state = seed | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let publish = |observations: &[Observation]| {
            let mut engine = engine();
            observations.iter().for_each(|one| { engine.ingest(one, seconds(1_000)); });
            features_of(&mut engine, seconds(1_000))
        };
        let (left, right) = (publish(&ordered), publish(&shuffled));
        prop_assert_eq!(left.values().len(), right.values().len());
        for (left, right) in left.values().iter().zip(right.values()) {
            prop_assert_eq!((&left.name, left.as_of), (&right.name, right.as_of));
            prop_assert!((left.value - right.value).abs() <= 1e-9 * left.value.abs().max(1.0), "{}", left.name);
        }
    }
}
