//! `bellwether train xgboost` through the real program.
use crate::support::bellwether;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Rows in which the target grows with `load`, more and more loosely; a third of them apart, to judge by.
fn files(folder: &TempDir) -> (String, String) {
    let (mut rows, mut judges) = ("load,kind,gap,latency\n".to_owned(), "load,kind,gap,latency\n".to_owned());
    for index in 1..=900_u32 {
        let noise = |salt: f64| (f64::from(index) * (0.618_033_988_749 + salt)).fract();
        let (load, kind) = (noise(0.0), ["blue", "green", "red", "white", "black"][index as usize % 5]);
        let gap = if index % 7 == 0 { String::new() } else { format!("{:.3}", noise(0.2)) };
        let latency = 5.0 + 20.0 * load + 30.0 * load * noise(0.4).powi(4) + f64::from(index % 5);
        let line = format!("{load:.4},{kind},{gap},{latency:.4}\n");
        if index % 3 == 0 { judges += &line } else { rows += &line }
    }
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    (write("rows.csv", &rows), write("judges.csv", &judges))
}

fn train(folder: &TempDir, out: &str, more: &[&str]) -> (Value, String) {
    let (rows, _) = files(folder);
    let out = folder.path().join(out).display().to_string();
    let mut arguments = vec!["train", "xgboost", "--data", &rows, "--target", "latency", "--categorical", "kind"];
    arguments.extend(["--quantiles", "0.5,0.9", "--out", &out]);
    arguments.extend(more);
    let done = bellwether(&arguments, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    (serde_json::from_str(&done.stdout).unwrap(), done.stderr)
}

#[test]
fn a_model_is_trained_judged_written_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let (_, judges) = files(&folder);
    let curve = folder.path().join("curve.svg").display().to_string();
    let more = ["--validation", &judges, "--early-stopping-rounds", "10", "--plot", &curve];
    let eager = ["--monotone", "load=+1", "--learning-rate", "0.3", "--min-child-weight", "10"];
    let (summary, said) = train(&folder, "m.json", &[&more[..], &eager[..]].concat());
    let count = |name: &str| usize::try_from(summary[name].as_u64().unwrap()).unwrap();
    assert_eq!((count("rows"), count("validation_rows"), count("features")), (600, 300, 3));
    assert_eq!((count("trees"), summary["stopped_early"].as_bool()), (2 * count("rounds"), Some(true)));
    assert_eq!(count("rounds"), count("best_round") + 11);
    for (figures, quantile) in summary["quantiles"].as_array().unwrap().iter().zip([0.5, 0.9]) {
        assert_eq!(figures["quantile"], quantile);
        let coverage = figures["validation_coverage"].as_f64().unwrap();
        assert!((coverage - quantile).abs() < 0.12, "{figures}");
    }
    assert!(said.starts_with("quantile  validation loss  validation coverage\n0.5 "), "{said}");
    assert!(std::fs::read_to_string(&curve).unwrap().starts_with("<svg"));
    let model = std::fs::read(folder.path().join("m.json")).unwrap();
    assert_eq!(count("bytes"), model.len());
    let model: Value = serde_json::from_slice(&model).unwrap();
    assert_eq!(model["learner"]["attributes"]["best_iteration"], summary["best_round"].to_string());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "nothing else is left");
}

#[test]
fn the_model_does_not_depend_on_threads_and_is_predicted_from_either_format() {
    let folder = tempfile::tempdir().unwrap();
    let (_, judges) = files(&folder);
    for (out, threads) in [("one.json", "1"), ("two.json", "2"), ("one.ubj", "8")] {
        train(&folder, out, &["--threads", threads, "--subsample", "0.7", "--rounds", "20"]);
    }
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("one.json"), bytes("two.json"));
    let predicted = |model: &str| {
        let model = folder.path().join(model).display().to_string();
        let done = bellwether(&["predict", "--model", &model, "--data", &judges], &[]);
        assert_eq!(done.code, Some(0), "{done:?}");
        done.stdout
    };
    let prediction = predicted("one.json");
    assert_eq!(prediction, predicted("one.ubj"));
    assert_eq!(prediction.lines().count(), 301);
}

#[test]
fn a_refused_file_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, _) = files(&folder);
    let out = folder.path().join("m.ubj").display().to_string();
    let refused = bellwether(
        &["train", "xgboost", "--data", &rows, "--target", "latency", "--quantiles", "0.5", "--out", &out],
        &[],
    );
    let said = refused.refusal();
    assert!(said.contains("column \"kind\" is \"green\"") && said.contains("line 2"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// The Python of the packages to compare with, or `None` with a word that the test is skipped.
fn peers() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let python = std::env::var_os("BELLWETHER_PEERS").map_or_else(beside, PathBuf::from).join("bin/python");
    let loads = || Command::new(&python).args(["-c", "import xgboost"]).output();
    if python.exists() && loads().is_ok_and(|ran| ran.status.success()) {
        return Some(python);
    }
    println!("skipped: the Python package is not installed (scripts/install-peers.sh)");
    None
}

const PREDICT: &str = "\
import csv, sys, numpy, xgboost
model, rows = sys.argv[1:]
booster = xgboost.Booster()
booster.load_model(model)
names = booster.feature_names
kinds = {'blue': 1, 'black': 0, 'green': 2, 'red': 3, 'white': 4}
cell = lambda row, name: kinds[row[name]] if name == 'kind' else float(row[name] or 'nan')
table = numpy.array([[cell(row, name) for name in names] for row in csv.DictReader(open(rows))], dtype=numpy.float32)
matrix = xgboost.DMatrix(table, feature_names=names, feature_types=booster.feature_types, enable_categorical=True)
best = booster.attr('best_iteration')
margins = booster.predict(matrix, output_margin=True, iteration_range=(0, int(best) + 1) if best else (0, 0))
for row in margins.astype(numpy.float32):
    print(','.join(str(bits) for bits in row.view(numpy.uint32)))
";

#[test]
fn the_python_package_predicts_the_same_bits_from_the_model() {
    let Some(python) = peers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_, judges) = files(&folder);
    for (out, more) in [
        ("m.json", &["--validation", &judges, "--early-stopping-rounds", "10"][..]),
        ("m.ubj", &["--objective", "pinball-smooth", "--rounds", "30"]),
    ] {
        train(&folder, out, more);
        let model = folder.path().join(out).display().to_string();
        let theirs = Command::new(&python).args(["-c", PREDICT, &model, &judges]).output().unwrap();
        assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
        let ours = bellwether(&["predict", "--raw", "--model", &model, "--data", &judges], &[]);
        let bits =
            |line: &str| line.split(',').map(|cell| cell.parse::<f32>().unwrap().to_bits().to_string()).collect();
        let ours: Vec<Vec<String>> = ours.stdout.lines().skip(1).map(bits).collect();
        let theirs = String::from_utf8(theirs.stdout).unwrap();
        let theirs: Vec<Vec<&str>> = theirs.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(ours.len(), 300);
        assert_eq!(ours, theirs, "{out}");
    }
}
