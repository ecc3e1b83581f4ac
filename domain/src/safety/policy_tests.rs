//! Each kind of check at its limits, the errors of a document, and the baseline that ships.
use super::*;
use crate::types::{FeatureName, FieldValue};

/// A document of one check for `bandit`, with fallbacks that no check here forbids.
fn document(check: &str) -> SafetyDocument {
    let fallbacks: Vec<String> = Capability::ALL
        .iter()
        .map(|model| format!("[fallbacks.{model}]\nlast_good_max_age_ms = 0\napproved = {{ note = 'x' }}"))
        .collect();
    toml::from_str(&format!("[[checks]]\nname = 'x'\nmodel = 'bandit'\n{check}\n{}", fallbacks.join("\n"))).unwrap()
}

fn output(json: &str) -> Fields {
    serde_json::from_str(json).unwrap()
}

fn baseline() -> SafetyDocument {
    toml::from_str(include_str!("../../../config/baseline/safety.toml")).unwrap()
}

#[test]
fn checks_without_memory_at_their_limits() {
    let cases: &[(&str, &[(&str, bool)])] = &[
        (
            "field = 'a'\nmin = 1\nmax = 2.5",
            &[
                (r#"{"a":1}"#, true),
                (r#"{"a":2.5}"#, true),
                (r#"{"a":0.999}"#, false),
                (r#"{"a":3}"#, false),
                (r#"{"b":3}"#, true),
                (r#"{"a":null}"#, true),
                (r#"{"a":"1"}"#, false),
                (r#"{"a":true}"#, false),
                (r#"{"a":[1,{"b":2}]}"#, true),
                (r#"{"a":[1,{"b":0}]}"#, false),
            ],
        ),
        (
            "field = 'a.b'\nmin = 1",
            &[(r#"{"a":{"b":1e300}}"#, true), (r#"{"a":{"b":0}}"#, false), (r#"{"a":1}"#, true)],
        ),
        (
            "field = 'a'\nmax = 1\nrequired = true",
            &[(r#"{"a":-1e300}"#, true), (r#"{"b":1}"#, false), (r#"{"a":null}"#, false)],
        ),
        (
            "kind = 'relation'\nleft = 'a'\noperator = '<='\nright = 'b'",
            &[
                (r#"{"a":1,"b":1}"#, true),
                (r#"{"a":2,"b":1}"#, false),
                (r#"{"a":2}"#, true),
                (r#"{"a":2,"b":null}"#, true),
                (r#"{"a":{"p":1,"q":2},"b":{"q":2,"p":3}}"#, true),
                (r#"{"a":{"p":1,"q":2},"b":{"q":1,"p":3}}"#, false),
                (r#"{"a":{"p":1,"q":2},"b":{"q":null}}"#, true),
                (r#"{"a":[1,2],"b":[1,1]}"#, false),
                (r#"{"a":[1,2],"b":2}"#, true),
                (r#"{"a":3,"b":[4,2]}"#, false),
                (r#"{"a":"x","b":2}"#, false),
            ],
        ),
        (
            "kind = 'relation'\nleft = 'a'\noperator = '>'\nright = 0\nrequired = true",
            &[(r#"{"a":1e-300}"#, true), (r#"{"a":0}"#, false), (r#"{"a":-0.0}"#, false), ("{}", false)],
        ),
        ("kind = 'relation'\nleft = 'a'\noperator = '<'\nright = 0", &[(r#"{"a":-1}"#, true), (r#"{"a":0}"#, false)]),
        ("kind = 'relation'\nleft = 'a'\noperator = '>='\nright = 0", &[(r#"{"a":0}"#, true), (r#"{"a":-1}"#, false)]),
        (
            "kind = 'relation'\nleft = 'a'\noperator = '=='\nright = 2",
            &[(r#"{"a":2.0}"#, true), (r#"{"a":2.1}"#, false)],
        ),
        (
            "kind = 'monotone'\nfield = 'q'",
            &[
                (r#"{"q":{"p95":1,"p99":1,"p999":2}}"#, true),
                (r#"{"q":{"p999":2,"p95":1,"p99":1}}"#, true),
                (r#"{"q":{"p95":1,"p99":3,"p999":2}}"#, false),
                (r#"{"q":{"0.99":2,"0.9":1}}"#, true),
                (r#"{"q":{"low":1,"high":2}}"#, true),
                (r#"{"q":{"low":2,"high":1}}"#, false),
                (r#"{"q":{"p95":1,"p99":null,"p999":2}}"#, true),
                (r#"{"q":[1,1,2]}"#, true),
                (r#"{"q":[1,2,1]}"#, false),
                (r#"{"q":["x"]}"#, false),
                (r#"{"q":[]}"#, true),
                (r#"{"q":5}"#, true),
                ("{}", true),
            ],
        ),
        (
            "kind = 'monotone'\nfields = ['a','b.c','d']",
            &[
                (r#"{"a":1,"b":{"c":2},"d":2}"#, true),
                (r#"{"a":1,"d":0}"#, false),
                (r#"{"a":3,"b":{"c":2}}"#, false),
                (r#"{"a":"x"}"#, false),
                ("{}", true),
            ],
        ),
    ];
    for (check, outputs) in cases {
        let policy = SafetyPolicy::from_document(&document(check));
        // A required field of the check under test is missing from the approved output on purpose.
        let policy = policy.unwrap_or_else(|_| {
            let mut document = document(check);
            document.fallbacks.get_mut("bandit").unwrap().approved = output(r#"{"a":1}"#);
            SafetyPolicy::from_document(&document).unwrap()
        });
        for (text, passes) in *outputs {
            let found = policy.of(Capability::Bandit).violations(&output(text), &Evidence::default());
            assert_eq!(found.is_empty(), *passes, "{check}: {text}: {found:?}");
            assert!(policy.of(Capability::TailSlo).violations(&output(text), &Evidence::default()).is_empty());
        }
    }
}

#[test]
fn jumps_are_measured_from_the_last_answer() {
    for (check, before, now, passes) in [
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":20}"#, true),
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":20.1}"#, false),
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":5}"#, true),
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":4.9}"#, false),
        ("max_ratio = 2", r#"{"a":-10}"#, r#"{"a":-20}"#, true),
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":-10}"#, false),
        ("max_ratio = 2", r#"{"a":10}"#, r#"{"a":0}"#, false),
        ("max_ratio = 2", r#"{"a":0}"#, r#"{"a":1000}"#, true),
        ("max_ratio = 2", r#"{"b":1}"#, r#"{"a":1000}"#, true),
        ("max_ratio = 2", r#"{"a":null}"#, r#"{"a":1000}"#, true),
        ("max_ratio = 2", r#"{"a":1}"#, r#"{"b":1000}"#, true),
        ("max_difference = 5", r#"{"a":0}"#, r#"{"a":5}"#, true),
        ("max_difference = 5", r#"{"a":0}"#, r#"{"a":-5.1}"#, false),
        ("max_ratio = 2\nmax_difference = 5", r#"{"a":100}"#, r#"{"a":106}"#, false),
    ] {
        let policy = SafetyPolicy::from_document(&document(&format!("kind = 'jump'\nfield = 'a'\n{check}"))).unwrap();
        let before = output(before);
        let evidence = Evidence { last_answer: Some(&before), ..Evidence::default() };
        let rules = policy.of(Capability::Bandit);
        assert_eq!(rules.violations(&output(now), &evidence).is_empty(), passes, "{check} {before:?} {now}");
        assert!(rules.violations(&output(now), &Evidence::default()).is_empty(), "without a last answer");
        let unknown = Fields::new().with("a", f64::NAN);
        let evidence = Evidence { last_answer: Some(&unknown), ..Evidence::default() };
        assert!(rules.violations(&output(now), &evidence).is_empty(), "from NaN nothing is a jump");
    }
}

#[test]
fn stale_inputs_are_named() {
    let names = ["request_rate", "queue_depth"].map(|name| FeatureName::new(name).unwrap());
    for (check, count, passes) in
        [("", 0, true), ("", 1, false), ("max_stale = 1", 1, true), ("max_stale = 1", 2, false)]
    {
        let policy = SafetyPolicy::from_document(&document(&format!("kind = 'stale_inputs'\n{check}"))).unwrap();
        let evidence = Evidence { stale_inputs: &names[..count], ..Evidence::default() };
        let found = policy.of(Capability::Bandit).violations(&Fields::new(), &evidence);
        assert_eq!(found.is_empty(), passes, "{check} {count}");
        for violation in found {
            assert_eq!(violation.level, Level::Warning);
            assert!(names[..count].iter().all(|name| violation.message.contains(name.as_str())), "{violation:?}");
        }
    }
}

#[test]
fn a_number_that_is_not_finite_is_found_at_any_depth_and_without_a_declared_check() {
    let policy = SafetyPolicy::from_document(&document("field = 'a'\nmin = 0")).unwrap();
    let list = vec![FieldValue::Number(1.0), Fields::new().with("y", f64::NEG_INFINITY).into()];
    for (value, path) in [(FieldValue::Number(f64::NAN), "x"), (list.into(), "x.1.y")] {
        let found = policy.of(Capability::Bandit).violations(&Fields::new().with("x", value), &Evidence::default());
        assert_eq!((found[0].check.as_str(), found[0].level), ("finite", Level::Unsafe));
        assert!(found[0].message.starts_with(&format!("{path} is ")), "{}", found[0].message);
    }
}

#[test]
fn every_error_is_reported_with_its_place() {
    for (check, pointers) in [
        ("field = 'a'\nmin = 2\nmax = 1", &["/checks/0/max"][..]),
        ("field = 'a'", &["/checks/0/min"]),
        ("min = nan", &["/checks/0/field", "/checks/0/min"]),
        ("field = ''\nmax = inf", &["/checks/0/field", "/checks/0/max"]),
        ("field = 'a'\nmin = 1\nleft = 'b'\nlevel = 'SAFE'", &["/checks/0/left", "/checks/0/level"]),
        ("kind = 'relation'\nmin = 1", &["/checks/0/min", "/checks/0/left", "/checks/0/operator", "/checks/0/right"]),
        ("kind = 'finite'\nlevel = 'WARNING'\nrequired = true", &["/checks/0/required", "/checks/0/level"]),
        ("kind = 'monotone'", &["/checks/0/field"]),
        ("kind = 'monotone'\nfields = ['a']", &["/checks/0/fields"]),
        ("kind = 'monotone'\nfield = 'a'\nfields = ['a', 'b']", &["/checks/0/fields"]),
        ("kind = 'jump'\nfield = 'a'", &["/checks/0/max_ratio"]),
        (
            "kind = 'jump'\nfield = 'a'\nmax_ratio = 0.5\nmax_difference = -1",
            &["/checks/0/max_ratio", "/checks/0/max_difference"],
        ),
        ("field = 'note'\nmin = 1", &["/fallbacks/bandit/approved"]),
    ] {
        let errors = SafetyPolicy::from_document(&document(check)).unwrap_err();
        let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{check}: {errors:?}");
    }
}

#[test]
fn names_models_and_fallbacks_are_checked_together() {
    let mut document = document("field = 'a'\nmin = 1");
    let good = document.checks[0].clone();
    for (name, model) in [("x", "bandit"), ("model_failure", "*"), ("bad name", "*"), ("finite", "*"), ("y", "bandits")]
    {
        document.checks.push(super::super::CheckDocument { name: name.into(), model: model.into(), ..good.clone() });
    }
    let fallback = document.fallbacks.remove("tail_slo").unwrap();
    document.fallbacks.insert("tail/slo".to_owned(), fallback);
    document.fallbacks.get_mut("bandit").unwrap().approved = Fields::new();
    document.fallbacks.get_mut("bayes_opt").unwrap().approved = Fields::new().with("x", f64::NAN);
    let errors = SafetyPolicy::from_document(&document).unwrap_err();
    let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    let expected = [
        "/checks/1/name",
        "/checks/2/name",
        "/checks/3/name",
        "/checks/4/name",
        "/checks/5/model",
        "/fallbacks/tail~1slo",
        "/fallbacks/tail_slo",
        "/fallbacks/bandit/approved",
        "/fallbacks/bayes_opt/approved",
    ];
    assert_eq!(found, expected, "{errors:?}");
}

#[test]
fn the_baseline_compiles_and_survives_json() {
    let document = baseline();
    let policy = SafetyPolicy::from_document(&document).unwrap();
    let json = serde_json::to_string(&document).unwrap();
    let again: SafetyDocument = serde_json::from_str(&json).unwrap();
    assert_eq!(again, document);
    assert_eq!(SafetyPolicy::from_document(&again).unwrap(), policy);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let canary = json["checks"].as_array().unwrap().iter().find(|check| check["name"] == "canary_percentage_safe");
    assert_eq!((&canary.unwrap()["min"], &canary.unwrap()["max"]), (&0.into(), &10.into()));
}

#[test]
fn the_specification_s_limits_hold() {
    let policy = SafetyPolicy::from_document(&baseline()).unwrap();
    for (model, field, check, inside, beyond) in [
        (Capability::CapacityPlanning, "next_hour_workers", "worker_count_safe", [1.0, 100.0], [0.0, 101.0]),
        (Capability::CapacityPlanning, "queue_capacity", "queue_capacity_safe", [50.0, 10_000.0], [49.0, 10_001.0]),
        (Capability::TailSlo, "autoscale_workers", "autoscale_workers_safe", [0.0, 50.0], [51.0, 51.0]),
        (Capability::Bandit, "canary_pct", "canary_percentage_safe", [0.0, 10.0], [-0.1, 10.1]),
    ] {
        let found = |value: f64| policy.of(model).violations(&Fields::new().with(field, value), &Evidence::default());
        for value in inside {
            assert_eq!(found(value), [], "{field} = {value}");
        }
        for value in beyond {
            let found = found(value);
            assert_eq!((found.len(), found[0].check.as_str(), found[0].level), (1, check, Level::Unsafe));
        }
    }
}

#[test]
fn models_stand_in_the_order_of_the_contract() {
    for (index, model) in Capability::ALL.into_iter().enumerate() {
        assert_eq!(model as usize, index);
    }
}
