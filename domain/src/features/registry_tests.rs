//! The registry as its users meet it: documents in, rules or errors out.
use super::*;
use std::collections::BTreeMap;
use std::time::Duration;

fn document(features: &str) -> FeaturesDocument {
    toml::from_str(features).unwrap()
}

fn errors(features: &str) -> Vec<String> {
    FeatureRegistry::from_document(&document(features)).unwrap_err().iter().map(ToString::to_string).collect()
}

/// A feature with everything that all types need.
fn feature(name: &str, rest: &str) -> String {
    format!("[[features]]\nname = \"{name}\"\nunit = \"1\"\nowner = \"us\"\nttl_ms = 1000\n{rest}\n")
}

#[test]
fn the_baseline_is_valid_and_the_same_in_json() {
    let document = document(include_str!("../../../config/baseline/features.toml"));
    let registry = FeatureRegistry::from_document(&document).unwrap();
    for name in ["request_rate", "p99_latency_p99_1h", "session_phase", "upstream_load", "anomaly_score", "load_score"]
    {
        assert!(registry.get(name).is_some(), "{name}");
    }
    let json = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<FeaturesDocument>(&json).unwrap(), document);
}

#[test]
fn each_error_names_feature_field_and_remedy() {
    for (text, expected) in [
        (feature("a", "type = \"SLOW\""), "feature \"a\": type \"SLOW\" is unknown: use REAL_TIME, BATCH or DERIVED"),
        (feature("", "type = \"REAL_TIME\""), "feature \"#0\": name is refused: the name is empty"),
        (feature("a", "type = \"BATCH\"\naggregate = \"mean\""), "source is missing: name the observed quantity"),
        (feature("a", "type = \"BATCH\"\nsource = \"b\""), "aggregate is missing: use one of mean, std, p50"),
        (
            feature("a", "type = \"REAL_TIME\"\naggregate = \"p99\""),
            "unknown for this type: use one of last, mean, sum",
        ),
        (
            feature("a", "type = \"REAL_TIME\"\nwindow_s = 5"),
            "window_s does not belong here: the last value has no window",
        ),
        (
            feature("a", "type = \"REAL_TIME\"\naggregate = \"sum\"\nwindow_s = 0"),
            "window_s is 0: use 1 to 86400 seconds",
        ),
        (feature("a", "type = \"REAL_TIME\"\nexpression = \"b\""), "expression does not belong here"),
        (feature("a", "type = \"DERIVED\""), "expression is missing"),
        (feature("a", "type = \"DERIVED\"\nexpression = \"1 +\""), "expression ends too early"),
        (feature("a", "type = \"DERIVED\"\nexpression = \"b\""), "names \"b\", which no feature declares"),
        (feature("a", "type = \"DERIVED\"\nexpression = \"a\""), "depends on itself through a: break the cycle"),
        (feature("a", "type = \"DERIVED\"\naggregate = \"calendar\""), "field is missing: use one of hour_of_day"),
        (feature("a", "type = \"DERIVED\"\naggregate = \"calendar\"\nfield = \"moon\""), "field \"moon\" is unknown"),
        (feature("a", "type = \"DERIVED\"\naggregate = \"mean\"\nexpression = \"1\""), "aggregate is not \"calendar\""),
        ("default_ttl_ms = -1".to_owned(), "default_ttl_ms is -1: use 1 to 2592000000 milliseconds"),
    ] {
        let errors = errors(&text);
        assert!(errors.len() == 1 && errors[0].contains(expected), "{text}\n{errors:#?}");
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let text = [
        "[[features]]\nname = \"bare\"\ntype = \"REAL_TIME\"\n".to_owned(),
        feature("x", "type = \"DERIVED\"\nexpression = \"y + z\""),
        feature("y", "type = \"DERIVED\"\nexpression = \"x\""),
        feature("z", "type = \"BATCH\""),
        feature("z", "type = \"REAL_TIME\""),
    ]
    .concat();
    let errors = FeatureRegistry::from_document(&document(&text)).unwrap_err();
    let places: Vec<(&str, &str)> = errors.iter().map(|error| (error.feature.as_str(), error.field)).collect();
    let expected = [
        ("bare", "unit"),
        ("bare", "owner"),
        ("bare", "ttl_ms"),
        ("z", "source"),
        ("z", "aggregate"),
        ("z", "name"),
        ("x", "expression"),
        ("y", "expression"),
    ];
    assert_eq!(places, expected);
}

#[test]
fn unknown_fields_are_refused() {
    let text = feature("a", "type = \"REAL_TIME\"\ntll_ms = 5");
    assert!(toml::from_str::<FeaturesDocument>(&text).unwrap_err().to_string().contains("tll_ms"));
}

#[test]
fn times_to_live_are_overridden_by_name_declared_or_not() {
    let registry = FeatureRegistry::from_document(&document(&feature("a", "type = \"REAL_TIME\""))).unwrap();
    let overrides = BTreeMap::from([("a".to_owned(), 5), ("pushed".to_owned(), 7)]);
    let changed = registry.clone().with_ttl_overrides(&overrides).unwrap();
    for (name, before, after) in [("a", 1_000, 5), ("pushed", 60_000, 7), ("other", 60_000, 60_000)] {
        let expected = (Duration::from_millis(before), Duration::from_millis(after));
        assert_eq!((registry.ttl(name), changed.ttl(name)), expected, "{name}");
    }
    let bad = BTreeMap::from([(String::new(), 5), ("a".to_owned(), 0), ("b".to_owned(), i64::MAX)]);
    assert_eq!(registry.with_ttl_overrides(&bad).unwrap_err().len(), 3);
}
