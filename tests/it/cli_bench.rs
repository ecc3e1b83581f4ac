//! `bellwether bench predict` through the real program.
use crate::support::bellwether;
use serde_json::Value;
use std::path::Path;

fn zoo(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tests/boosting/zoo").join(name).display().to_string()
}

fn bench(more: &[&str]) -> crate::support::Output {
    let (model, data) = (zoo("3.2.0-no_names.json"), zoo("inputs.csv"));
    let command = ["bench", "predict", "--model", &model, "--data", &data, "--seconds", "0.05"];
    bellwether(&[&command, more].concat(), &[])
}

#[test]
fn latencies_are_given_in_order_and_with_the_facts_of_the_model() {
    let answered = bench(&["--format", "json", "--threads", "2"]);
    assert_eq!(answered.code, Some(0), "{}", answered.stderr);
    let answer: Value = serde_json::from_str(&answered.stdout).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let latency = &answer["latency_us"];
    let quantiles = ["p50", "p99", "p999"].map(|name| number(&latency[name]));
    assert!(quantiles.is_sorted() && quantiles[0] > 0.0, "{quantiles:?}");
    let (rows, seconds) = (number(&answer["rows"]), number(&answer["seconds"]));
    assert!(rows >= 2.0 && (number(&answer["rows_per_second"]) * seconds / rows - 1.0).abs() < 1e-9);
    assert_eq!(number(&answer["threads"]), 2.0);
    assert_eq!((number(&answer["model"]["features"]), number(&answer["model"]["outputs"])), (5.0, 1.0));
    assert!(number(&answer["model"]["nodes"]) > number(&answer["model"]["trees"]));
}

#[test]
fn the_answer_in_words_says_the_same_things() {
    let answered = bench(&[]);
    assert_eq!(answered.code, Some(0), "{}", answered.stderr);
    for part in ["trees", "nodes, 5 features, 1 outputs", "latency of a row: p50 ", "rows/s on 1 thread ("] {
        assert!(answered.stdout.contains(part), "{part}: {}", answered.stdout);
    }
}

#[test]
fn durations_and_tables_that_cannot_be_measured_are_refused() {
    for more in [&["--seconds", "0"][..], &["--seconds", "NaN"], &["--threads", "0"], &["--format", "xml"]] {
        let (model, data) = (zoo("3.2.0-no_names.json"), zoo("inputs.csv"));
        let command = ["bench", "predict", "--model", &model, "--data", &data];
        bellwether(&[&command, more].concat(), &[]).refusal();
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "f0,f1,f2,f3,f4\n").unwrap();
    let model = zoo("3.2.0-no_names.json");
    let answered = bellwether(&["bench", "predict", "--model", &model, "--data", empty.to_str().unwrap()], &[]);
    assert!(answered.refusal().starts_with("error: there are no rows to predict\n  at "), "{}", answered.stderr);
}
