//! `bellwether predict` through the real program, on models that XGBoost wrote.
use crate::support::{Output, bellwether, command};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Names of the zoo's features as a header has them.
const HEADER: &str = "load,\"lag, 1\",\"the \"\"quoted\"\"\",größe,hour";
const CITIES: [&str; 10] = ["oslo", "bern", "rome", "paris", "wien", "prag", "kyiv", "bonn", "riga", "lyon"];

fn zoo(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tests/boosting/zoo").join(name).display().to_string()
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The zoo's inputs under the names of its features.
fn inputs() -> String {
    let text = text(zoo("inputs.csv"));
    format!("{HEADER}\n{}", text.split_once('\n').unwrap().1)
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn predict(model: &str, data: &str, more: &[&str]) -> Output {
    bellwether(&[&["predict", "--model", model, "--data", data], more].concat(), &[])
}

/// The bits of every number of a table, row by row; of the columns whose name starts so.
fn bits(table: &str, start: &str) -> Vec<Vec<u32>> {
    let mut lines = table.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let cells = |line: &str| {
        let cells = line.split(',').zip(&heads).filter(|(_, head)| head.starts_with(start));
        cells.map(|(cell, _)| cell.parse::<f32>().unwrap().to_bits()).collect()
    };
    lines.map(cells).collect()
}

#[test]
fn what_is_printed_is_what_xgboost_predicts_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(&folder, "f.csv", inputs());
    for (name, end, heads, raw_heads) in [
        ("3.2.0-squared_error", "ubj", "prediction", "prediction"),
        ("1.7.6-binary_logistic", "json", "prediction", "prediction"),
        ("2.1.4-poisson", "json", "prediction", "prediction"),
        ("3.2.0-dart", "ubj", "prediction", "prediction"),
        ("3.2.0-softprob", "ubj", "class_0,class_1,class_2", "class_0,class_1,class_2"),
        ("3.2.0-softmax", "json", "prediction", "class_0,class_1,class_2"),
        ("3.2.0-several_targets", "json", "class_0,class_1,class_2", "class_0,class_1,class_2"),
    ] {
        let (model, expected) = (zoo(&format!("{name}.{end}")), text(zoo(&format!("{name}.csv"))));
        for (more, heads, start) in [(&[][..], heads, "p"), (&["--raw"], raw_heads, "m")] {
            let answered = predict(&model, &data, more);
            assert_eq!(answered.code, Some(0), "{name}");
            assert_eq!(answered.stdout.lines().next(), Some(heads), "{name}");
            assert_eq!(bits(&answered.stdout, ""), bits(&expected, start), "{name} {more:?}");
        }
    }
}

#[test]
fn quantiles_are_sorted_by_level_unless_raw() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(&folder, "f.csv", inputs());
    let (model, expected) = (zoo("3.2.0-quantiles_unsorted.json"), text(zoo("3.2.0-quantiles_unsorted.csv")));
    let raw = predict(&model, &data, &["--raw"]);
    assert!(raw.stdout.starts_with("q0.99,q0.5,q0.01\n"));
    assert_eq!(bits(&raw.stdout, "q"), bits(&expected, "m"));
    let sorted = predict(&model, &data, &[]);
    assert!(sorted.stdout.starts_with("q0.01,q0.5,q0.99\n"));
    for (sorted, raw) in sorted.stdout.lines().zip(raw.stdout.lines()).skip(1) {
        let numbers = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect::<Vec<f32>>();
        let mut expected = numbers(raw);
        expected.sort_by(f32::total_cmp);
        assert_eq!(numbers(sorted), expected);
    }
}

#[test]
fn columns_go_by_name_whatever_their_order_and_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    let model = zoo("3.2.0-squared_error.ubj");
    let expected = predict(&model, &write(&folder, "f.csv", inputs()), &[]).stdout;
    let mut turned = "id,hour,größe,\"the \"\"quoted\"\"\",\"lag, 1\",load\n".to_owned();
    for (index, line) in inputs().lines().skip(1).enumerate() {
        let cells: Vec<_> = line.split(',').rev().map(|cell| if cell.is_empty() { "NA" } else { cell }).collect();
        turned += &format!("row {index},{}\n", cells.join(","));
    }
    for other in [turned.clone(), format!("\u{feff}{turned}"), turned.replace('\n', "\r\n"), turned.replace('\n', "\r")]
    {
        let answered = predict(&model, &write(&folder, "g.csv", other), &[]);
        assert_eq!(answered.stdout, expected);
        assert_eq!(answered.stderr, "warning: the model does not read column \"id\"\n");
    }
}

#[test]
fn a_model_without_names_takes_numbered_columns_or_as_many_as_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (model, numbered) = (zoo("3.2.0-no_names.json"), text(zoo("inputs.csv")));
    let expected = bits(&text(zoo("3.2.0-no_names.csv")), "p");
    let turned: String =
        numbered.lines().map(|line| format!("x,{}\n", line.split(',').rev().collect::<Vec<_>>().join(","))).collect();
    for table in [numbered.clone(), numbered.replacen("f0,f1", "a,b", 1), turned] {
        let answered = predict(&model, &write(&folder, "f.csv", table), &[]);
        assert_eq!(bits(&answered.stdout, "p"), expected);
    }
    let wide = numbered.lines().map(|line| format!("1,{line}\n")).collect::<String>().replacen("f0", "a", 1);
    let refused = predict(&model, &write(&folder, "g.csv", wide), &[]);
    assert!(refused.refusal().contains("has 6 columns, but the model reads 5\nhint: the model has no feature names"));
}

#[test]
fn categories_go_by_what_the_model_calls_them() {
    let folder = tempfile::tempdir().unwrap();
    let (codes, model) = (text(zoo("categorical_inputs.csv")), zoo("3.2.0-categorical_partition.ubj"));
    let mut table = "group,city,x\n".to_owned();
    for line in codes.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let city = cells[1].parse::<f64>().map_or("", |code| CITIES[code as usize]);
        let group = cells[2].parse::<f64>().map_or("", |code| ["20", "0", "10"][code as usize]);
        table += &format!("{group},{city},{}\n", cells[0]);
    }
    let answered = predict(&model, &write(&folder, "f.csv", &table), &[]);
    assert_eq!(bits(&answered.stdout, "p"), bits(&text(zoo("3.2.0-categorical_partition.csv")), "p"), "{answered:?}");
    // The older versions keep no names: there the codes themselves are the values.
    let answered = predict(&zoo("1.7.6-categorical_partition.ubj"), &zoo("categorical_inputs.csv"), &[]);
    assert_eq!(bits(&answered.stdout, "p"), bits(&text(zoo("1.7.6-categorical_partition.csv")), "p"), "{answered:?}");
    let table_of_any_names =
        table.replace(",oslo,", ",東京,").replace(",wien,", ",zürich,").replace(",riga,", ",łódź,");
    let answered = predict(&zoo("3.4.1-categorical_names.json"), &write(&folder, "n.csv", table_of_any_names), &[]);
    assert_eq!(bits(&answered.stdout, "p"), bits(&text(zoo("3.4.1-categorical_names.csv")), "p"), "{answered:?}");
    for (from, to, expected) in [
        (",oslo,", ",atlantis,", "column \"city\" is \"atlantis\", an unknown category"),
        (",oslo,", ",Oslo,", "column \"city\" is \"Oslo\", an unknown category"),
        ("20,", "30,", "column \"group\" is \"30\", an unknown category"),
    ] {
        assert!(table.contains(from));
        let refused = predict(&model, &write(&folder, "g.csv", table.replacen(from, to, 1)), &[]);
        assert!(refused.refusal().contains(expected), "{refused:?}");
        assert!(refused.refusal().contains("g.csv line "), "{refused:?}");
    }
    let refused =
        predict(&zoo("1.7.6-categorical_partition.ubj"), &write(&folder, "h.csv", "x,city,group\n1,-2,0\n"), &[]);
    assert!(refused.refusal().contains("h.csv line 2, column \"city\" is \"-2\", an unknown category"), "{refused:?}");
}

#[test]
fn a_model_that_stopped_early_uses_its_best_round_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(&folder, "f.csv", inputs());
    let answered = predict(&zoo("3.2.0-early_stopped.ubj"), &data, &[]);
    assert_eq!(bits(&answered.stdout, "p"), bits(&text(zoo("3.2.0-early_stopped.csv")), "p"));
    assert!(
        answered.stderr.starts_with("note: training stopped early (best_iteration ")
            && answered.stderr.lines().count() == 1
    );
    let whole = predict(&zoo("1.7.6-squared_error.ubj"), &data, &[]);
    assert_eq!(whole.stderr, "");
}

#[test]
fn infinities_are_numbers_and_missing_values_new_to_the_model_are_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "-inf,,0,1,2\ninf,1e300,0,,2\n,1,0,1,\n,1,0,1,\n";
    let data = write(&folder, "f.csv", format!("{HEADER}\n{rows}"));
    let answered = predict(&zoo("3.2.0-squared_error.ubj"), &data, &[]);
    assert_eq!((answered.code, answered.stdout.lines().count()), (Some(0), 5));
    assert!(bits(&answered.stdout, "p").concat().iter().all(|bits| f32::from_bits(*bits).is_finite()));
    let warned = "warning: values of \"load\" are missing; as far as the trees tell they never were in training\n";
    assert_eq!(answered.stderr, warned);
}

#[test]
fn a_bad_table_is_refused_by_place_and_leaves_nothing_printed() {
    let folder = tempfile::tempdir().unwrap();
    let model = zoo("3.2.0-squared_error.ubj");
    let bad = inputs() + "0,x1,0,0,0\n";
    let with_more = bad.lines().map(|line| format!("{line},7\n")).collect::<String>().replacen(",7", ",more", 1);
    for (table, expected) in [
        (bad.as_str(), "f.csv line 42, column \"lag, 1\" is \"x1\"\nhint: give a number"),
        (with_more.as_str(), "f.csv line 42, column \"lag, 1\" is \"x1\"\nhint: give a number"),
        ("load,hour\n1,2\n", "f.csv lacks columns \"lag, 1\", \"the \"quoted\"\", \"größe\" of the model\nhint: add"),
        (&format!("{HEADER},load\n1,2,3,4,5,6\n"), "f.csv has 2 columns named \"load\"\nhint: rename"),
        (&format!("{HEADER}\n1,2,3\n"), "f.csv line 2 has 3 cells instead of 5\nhint: give every row"),
        ("", "f.csv has no header"),
    ] {
        let refused = predict(&model, &write(&folder, "f.csv", table), &[]);
        assert!(refused.refusal().contains(expected), "{refused:?}");
    }
    let refused = predict(&model, &folder.path().join("none.csv").display().to_string(), &[]);
    assert!(refused.refusal().contains("none.csv cannot be opened"), "{refused:?}");
    let empty = predict(&model, &write(&folder, "e.csv", format!("{HEADER}\n")), &[]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), "prediction\n"));
}

#[test]
fn a_bad_model_file_is_refused_by_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(&folder, "f.csv", inputs());
    let good = std::fs::read(zoo("3.2.0-quantiles.ubj")).unwrap();
    let json = std::fs::read(zoo("3.2.0-approx.json")).unwrap();
    for (bytes, expected) in [
        (&b""[..], "it is an empty file, not XGBoost's JSON or UBJSON\n  at "),
        (b"\x80\x05\x95binf", "it is a pickle"),
        (b"binf\0\0", "it is XGBoost's old binary format"),
        (&good[..good.len() / 2], "the file is cut off, or a length is wrong at byte "),
        (&json[..json.len() / 2], "the file is cut off at line 1, column "),
        ("{\"a\":[".repeat(1_000_000).as_bytes(), "values are nested more than 64 deep at line 1, column "),
        (b"{\"learner\":{}}", "`learner` lacks `learner_model_param`"),
    ] {
        let refused = predict(&write(&folder, "m.json", bytes), &data, &[]);
        assert!(refused.refusal().starts_with(&format!("error: {expected}")), "{refused:?}");
        assert!(refused.refusal().contains("\n  at ") && refused.refusal().contains("m.json\nhint: "), "{refused:?}");
    }
    for path in [folder.path().join("none.json"), PathBuf::from(folder.path())] {
        let refused = predict(&path.display().to_string(), &data, &[]);
        assert!(refused.refusal().contains(" cannot be read: "), "{refused:?}");
    }
}

/// A sparse file of any size costs no disk.
#[test]
fn a_model_file_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.ubj");
    std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let refused = predict(&path.display().to_string(), &zoo("inputs.csv"), &[]);
    assert!(refused.refusal().contains("large.ubj is larger than 128 MiB\nhint: "), "{refused:?}");
}

#[test]
fn the_reference_models_predict_every_row_to_the_last_bit() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("BELLWETHER_DATA").map_or(default, PathBuf::from).join("tail");
    if !folder.is_dir() {
        println!("skipped: {} is not there (BELLWETHER_DATA names the folder of reference data)", folder.display());
        return;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    for (model, data, expected) in [
        ("etth1_xgboost_quantile.json", "etth1_quantile_test.csv", "etth1_xgboost_predictions.csv"),
        ("etth1_missing_xgboost.ubj", "etth1_missing_test.csv", "etth1_missing_predictions.csv"),
    ] {
        // So much text does not fit into the pipe of a process that nobody reads from before its end.
        let arguments = ["predict", "--raw", "--model", &path(model), "--data", &path(data)];
        let answered = command().args(arguments).output().unwrap();
        assert_eq!(
            bits(std::str::from_utf8(&answered.stdout).unwrap(), "q"),
            bits(&text(path(expected)), "q"),
            "{model}"
        );
    }
}

#[test]
fn help_teaches() {
    let help = bellwether(&["predict", "--help"], &[]);
    assert_eq!(help.code, Some(0));
    for word in ["Example:", "--model", "--data", "--raw", "q0.95", "class_0", "missing value", "f0"] {
        assert!(help.stdout.contains(word), "no {word}: {}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 110), "{}", help.stdout);
}
