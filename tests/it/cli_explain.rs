//! `bellwether explain` and `bellwether predict --contributions` through the real program, on models that XGBoost wrote.
use crate::support::{Output, bellwether};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const HEADER: &str = "load,\"lag, 1\",\"the \"\"quoted\"\"\",größe,hour";

fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).display().to_string()
}

fn zoo(name: &str) -> String {
    repository(&format!("models/tests/boosting/zoo/{name}"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The zoo's inputs under the names of its features, with a target behind them.
fn inputs(folder: &TempDir) -> String {
    let text = text(&zoo("inputs.csv"));
    let rows = text.lines().skip(1).enumerate().map(|(row, line)| format!("{line},{}\n", row % 3));
    write(folder, "f.csv", format!("{HEADER},target\n{}", rows.collect::<String>()))
}

fn numbers(table: &str) -> Vec<Vec<f64>> {
    table.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

fn run(command: &str, model: &str, data: &str, more: &[&str]) -> Output {
    bellwether(&[&[command, "--model", model, "--data", data], more].concat(), &[])
}

#[test]
fn contributions_of_a_table_are_those_of_xgboost_and_sum_to_the_margin() {
    let folder = tempfile::tempdir().unwrap();
    let data = inputs(&folder);
    for (name, end, choice, output, outputs) in [
        ("3.2.0-dart", "ubj", &[][..], 0, 1),
        ("3.2.0-binary_logistic", "json", &[], 0, 1),
        ("3.2.0-softprob", "ubj", &["--output", "2"], 2, 3),
        ("3.2.0-several_targets", "json", &["--output", "1"], 1, 3),
        ("3.2.0-early_stopped", "ubj", &[], 0, 1),
    ] {
        let model = zoo(&format!("{name}.{end}"));
        let answered = run("predict", &model, &data, &[&["--contributions"], choice].concat());
        assert_eq!(answered.code, Some(0), "{name}: {}", answered.stderr);
        assert!(answered.stdout.starts_with(&format!("{HEADER},bias\n")), "{name}: {}", answered.stdout);
        let (found, raw) = (numbers(&answered.stdout), numbers(&run("predict", &model, &data, &["--raw"]).stdout));
        let expected = numbers(&text(&repository(&format!("models/tests/explain/contributions/{name}.csv"))));
        assert_eq!(found.len(), raw.len());
        for (found, raw) in found.iter().zip(&raw) {
            let sum: f64 = found.iter().sum();
            assert!((sum - raw[output]).abs() < 1e-5 * (1.0 + raw[output].abs()), "{name}: {sum} not {}", raw[output]);
        }
        for (row, expected) in expected.chunks(outputs).enumerate() {
            for (found, expected) in found[row].iter().zip(&expected[output]) {
                assert!((found - expected).abs() < 1e-5, "{name}, row {row}: {found} not {expected}");
            }
        }
    }
}

#[test]
fn a_row_is_explained_in_words_and_as_json_and_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = (inputs(&folder), zoo("3.2.0-binary_logistic.json"));
    let picture = folder.path().join("why.svg").display().to_string();
    let said = run("explain", &model, &data, &["--row", "2", "--top", "2", "--plot", &picture]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stdout.starts_with("prediction of row 2 is 0."), "{}", said.stdout);
    for part in
        ["bias: the model's mean", "load = ", "3 other features", "sum: the margin, before the objective's link"]
    {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
    let picture = text(&picture);
    assert!(picture.starts_with("<svg") && picture.contains("load = ") && picture.contains("3 other features"));

    let said = run("explain", &model, &data, &["--row", "2", "--top", "2", "--format", "json"]);
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let listed = answer["contributions"].as_array().unwrap();
    let sum: f64 = listed.iter().map(|one| number(&one["contribution"])).sum();
    let sum = number(&answer["bias"]) + sum + number(&answer["other_features"]["contribution"]);
    assert!((sum - number(&answer["margin"])).abs() < 1e-12);
    let expected = numbers(&text(&zoo("3.2.0-binary_logistic.csv")));
    assert!((sum - expected[1][0]).abs() < 1e-5, "{sum} not {}", expected[1][0]);
    assert!((number(&answer["prediction"]) - expected[1][1]).abs() < 1e-7);
    assert_eq!((listed.len(), number(&answer["other_features"]["count"])), (2, 3.0));
}

/// The levels of a model trained for 0.99, 0.5 and 0.01 are read backwards, so that its quantiles cross in every row.
#[test]
fn where_quantiles_cross_the_one_whose_value_is_served_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = (inputs(&folder), text(&zoo("3.2.0-quantiles_unsorted.json")));
    let backwards = model.replace("[9.9E-1,5E-1,1E-2]", "[1E-2,5E-1,9.9E-1]");
    assert_ne!(model, backwards);
    let model = write(&folder, "backwards.json", backwards);
    let served = numbers(&run("predict", &model, &data, &[]).stdout);
    for (row, level, column, explained) in
        [("1", "0.99", 2, "q0.01"), ("7", "0.01", 0, "q0.99"), ("9", "0.5", 1, "q0.5")]
    {
        let said = run("explain", &model, &data, &["--row", row, "--quantile", level, "--format", "json"]);
        let answer: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!((&answer["output"], &answer["explained_output"]), (&format!("q{level}").into(), &explained.into()));
        let (margin, served) = (answer["margin"].as_f64().unwrap(), served[row.parse::<usize>().unwrap() - 1][column]);
        assert!((margin - served).abs() < 1e-5, "row {row}: {margin} not {served}");
    }
    let said = run("explain", &model, &data, &["--row", "1", "--quantile", "0.99"]).stdout;
    assert!(said.contains("this value is that of the trees for q0.01"), "{said}");
}

#[test]
fn importances_need_no_data_and_with_a_target_say_what_shuffling_costs() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = (inputs(&folder), zoo("3.2.0-squared_error.ubj"));
    let said = bellwether(&["explain", "--model", &model, "--format", "json"], &[]);
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    let gains: Vec<_> =
        answer["features"].as_array().unwrap().iter().map(|one| one["total_gain"].as_f64().unwrap()).collect();
    assert!(gains.is_sorted_by(|one, other| one >= other) && gains[0] > 0.0, "{gains:?}");
    assert_eq!((answer["loss"].is_null(), answer["features"][0]["permutation"].is_null()), (true, true));

    let ask = |seed| run("explain", &model, &data, &["--target", "target", "--seed", seed, "--format", "json"]).stdout;
    let (one, again, other) = (ask("1"), ask("1"), ask("2"));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let answer: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(answer["loss"]["name"], "squared error");
    assert_eq!(answer["loss"]["rows"], 40);
    let expected = numbers(&text(&zoo("3.2.0-squared_error.csv")));
    let loss: f64 = expected.iter().enumerate().map(|(row, numbers)| (numbers[1] - (row % 3) as f64).powi(2)).sum();
    assert!((answer["loss"]["mean"].as_f64().unwrap() - loss / 40.0).abs() < 1e-6);
}

#[test]
fn what_cannot_be_explained_is_refused_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let data = inputs(&folder);
    let (one, several) = (zoo("3.2.0-squared_error.ubj"), zoo("3.2.0-quantiles.ubj"));
    for (command, model, more, expected) in [
        ("predict", &several, &["--contributions"][..], "error: the model has several quantiles\nhint: choose one of"),
        ("predict", &several, &["--quantile", "0.5"], "error: --quantile and --output choose what"),
        ("predict", &one, &["--contributions", "--raw"], "error: the argument '--contributions' cannot be used with"),
        ("predict", &one, &["--contributions", "--output", "3"], "error: the model has no output 3\nhint: "),
        ("explain", &one, &["--row", "0"], "error: there is no row 0\nhint: "),
        ("explain", &one, &["--row", "41"], "error: there is no row 41\n  at "),
        ("explain", &one, &["--row", "1", "--plot", "why.png"], "error: why.png does not end in .svg\nhint: "),
        ("explain", &one, &[], "error: --data alone explains nothing\nhint: "),
        ("explain", &one, &["--target", "nowhere"], "error: "),
        ("explain", &several, &["--row", "1", "--quantile", "0.123"], "error: the model has no quantile 0.123\nhint: "),
        ("explain", &zoo("3.2.0-softprob.ubj"), &["--target", "target"], "error: the model has several outputs"),
    ] {
        let answered = run(command, model, &data, more);
        assert!(answered.refusal().starts_with(expected), "{more:?}: {}", answered.stderr);
    }
}
