//! `bellwether conformal` through the real program: on a model that XGBoost wrote, judged by its own predictions.
use crate::support::{Output, bellwether, command};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Rows of each file that [`Case`] writes.
const ROWS: usize = 120;

fn zoo(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tests/boosting/zoo").join(name).display().to_string()
}

/// A model for the 0.01, 0.5 and 0.99 quantiles with calibration rows and data of its own.
struct Case {
    folder: TempDir,
    features: Vec<String>,
}

impl Case {
    fn new() -> Self {
        let inputs = std::fs::read_to_string(zoo("inputs.csv")).unwrap();
        let features: Vec<_> = inputs.lines().skip(1).map(str::to_owned).collect();
        Self { folder: tempfile::tempdir().unwrap(), features: features.iter().cycle().take(ROWS).cloned().collect() }
    }

    /// Writes a table of the features, a group and a target for each row; gives its path.
    fn write(&self, name: &str, target: impl Fn(usize) -> String) -> String {
        let mut text = "load,\"lag, 1\",\"the \"\"quoted\"\"\",größe,hour,service,latency\n".to_owned();
        for (row, features) in self.features.iter().enumerate() {
            let service = if row < 2 { "new" } else { ["quotes", "orders"][row % 2] };
            text += &format!("{features},{service},{}\n", target(row));
        }
        self.save(name, text)
    }

    fn save(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The model's quantiles of each row, as `predict` prints them.
    fn quantiles(&self) -> Vec<[f64; 3]> {
        let data = self.write("q.csv", |_| String::new());
        let answered = bellwether(&["predict", "--model", &model(), "--data", &data], &[]);
        let numbers = |line: &str| {
            let mut numbers = line.split(',').map(|cell| f64::from(cell.parse::<f32>().unwrap()));
            std::array::from_fn(|_| numbers.next().unwrap())
        };
        answered.stdout.lines().skip(1).map(numbers).collect()
    }

    fn run(&self, calibration: &str, data: &str, more: &[&str]) -> Output {
        let paths = ["--calibration", calibration, "--data", data, "--target", "latency", "--coverage"];
        bellwether(&[&["conformal", "--model", &model()], &paths[..], more].concat(), &[])
    }
}

fn model() -> String {
    zoo("3.2.0-quantiles_unsorted.json")
}

/// Targets that no quantile of the model knows.
fn latency(row: usize) -> f64 {
    ((row * 37) % 101) as f64 / 7.0 - 5.0
}

fn table(text: &str) -> (String, Vec<Vec<f64>>) {
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default().to_owned();
    (head, lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect())
}

/// The k-th smallest.
fn smallest(scores: impl Iterator<Item = f64>, k: usize) -> f64 {
    let mut scores: Vec<_> = scores.collect();
    scores.sort_by(f64::total_cmp);
    scores[k - 1]
}

#[test]
fn intervals_and_bounds_are_the_models_moved_by_the_order_statistic() {
    let case = Case::new();
    let calibration = case.write("c.csv", |row| latency(row).to_string());
    let data = case.write("f.csv", |_| String::new());
    let quantiles = case.quantiles();
    let below = || quantiles.iter().enumerate().map(|(row, q)| q[0] - latency(row));
    let above = || quantiles.iter().enumerate().map(|(row, q)| latency(row) - q[2]);
    // By hand: ⌈121 * 0.98⌉ = 119 and ⌈121 * 0.99⌉ = 120.
    let both = smallest(below().zip(above()).map(|(one, other)| one.max(other)), 119);
    for (more, lower, upper) in [
        (&["0.98"][..], Some(both), both),
        (&["0.98", "--asymmetric"], Some(smallest(below(), 120)), smallest(above(), 120)),
        (&["0.99", "--upper"], None, smallest(above(), 120)),
    ] {
        let answered = case.run(&calibration, &data, more);
        assert_eq!(answered.code, Some(0), "{answered:?}");
        let (head, rows) = table(&answered.stdout);
        assert_eq!(head, if lower.is_some() { "lower,upper" } else { "upper" });
        let expected: Vec<Vec<f64>> = quantiles
            .iter()
            .map(|q| lower.map(|lower| q[0] - lower).into_iter().chain([q[2] + upper]).collect())
            .collect();
        assert_eq!(rows, expected, "{more:?}");
        assert!(answered.stderr.contains("calibration on 120 rows of "), "{answered:?}");
        assert!(!answered.stderr.contains("evaluation"), "no target is known: {answered:?}");
    }
}

#[test]
fn groups_have_their_own_correction_and_small_ones_borrow_and_say_so() {
    let case = Case::new();
    let calibration = case.write("c.csv", |row| latency(row).to_string());
    let text = std::fs::read_to_string(&calibration).unwrap();
    let answered = case.run(
        &calibration,
        &case.save("f.csv", text.replacen(",quotes,", ",unheard,", 1)),
        &["0.98", "--group", "service"],
    );
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let quantiles = case.quantiles();
    let score = |row: usize| (quantiles[row][0] - latency(row)).max(latency(row) - quantiles[row][2]);
    let all = smallest((0..ROWS).map(score), 119);
    // 59 of each service: ⌈60 * 0.98⌉ = 59.
    let of = |parity| smallest((2..ROWS).filter(|row| row % 2 == parity).map(score), 59);
    let (_, rows) = table(&answered.stdout);
    for (row, expected) in [(0, all), (1, all), (2, all), (3, of(1)), (4, of(0))] {
        assert_eq!(rows[row][1], quantiles[row][2] + expected, "row {row}");
    }
    for expected in [
        "  new        2 ",
        "  borrowed from all: 49 rows are needed\n",
        "  orders    59 ",
        "note: no calibration row is of group \"unheard\": the correction of all was borrowed\n",
        "evaluation on 120 rows of ",
        "  as the model says  ",
        "interval score\n",
    ] {
        assert!(answered.stderr.contains(expected), "no {expected:?}: {}", answered.stderr);
    }
}

#[test]
fn rows_without_a_target_are_skipped_and_counted_and_the_datas_column_may_be_absent() {
    let case = Case::new();
    let all = case.write("c.csv", |row| latency(row).to_string());
    let data = case.write("f.csv", |_| "NA".to_owned());
    let calibration = case.write("d.csv", |row| if row < 20 { String::new() } else { latency(row).to_string() });
    let answered = case.run(&calibration, &data, &["0.98"]);
    assert!(answered.stderr.contains("calibration on 100 rows of "), "{answered:?}");
    assert!(answered.stderr.contains("note: 20 calibration rows without a target were skipped\n"), "{answered:?}");
    let text = std::fs::read_to_string(&data).unwrap().replace(",latency\n", "\n").replace(",NA\n", "\n");
    let without = case.run(&all, &case.save("g.csv", text), &["0.98"]);
    assert_eq!((without.code, &without.stdout), (Some(0), &case.run(&all, &data, &["0.98"]).stdout));
}

#[test]
fn what_cannot_be_calibrated_is_refused_with_what_to_do() {
    let case = Case::new();
    let good = case.write("c.csv", |row| latency(row).to_string());
    let few = case.write("few.csv", |row| if row < 48 { "1".to_owned() } else { String::new() });
    let infinite = case.write("inf.csv", |row| if row == 2 { "inf" } else { "1" }.to_owned());
    for (calibration, more, expected) in [
        (
            &few,
            &["0.98"][..],
            "48 calibration rows are too few for coverage 0.98\nhint: give at least 49, or ask for less",
        ),
        (&few, &["0.98", "--asymmetric"], "give at least 99"),
        (&infinite, &["0.98"], "inf.csv line 4, column \"latency\" is \"inf\"\nhint: "),
        (
            &good,
            &["0.9"],
            "the model predicts the quantiles 0.01, 0.5, 0.99, but coverage 0.9 needs 0.05 and 0.95\n  at ",
        ),
        (&good, &["0.9"], "hint: ask for --coverage 0.98, or train with --quantiles 0.05,0.95"),
        (&good, &["0.95", "--upper"], "hint: ask for --coverage 0.01 or 0.5 or 0.99, or train with --quantiles 0.95"),
        (&good, &["1"], "invalid value '1' for '--coverage <P>': give a number above 0 and below 1"),
        (&good, &["-0.5"], "invalid value '-0.5' for '--coverage <P>'"),
        (&good, &["nan"], "invalid value 'nan' for '--coverage <P>'"),
        (&good, &["0.98", "--group", "zone"], "has no column \"zone\""),
        (&good, &["0.98", "--upper", "--asymmetric"], "cannot be used with"),
    ] {
        let refused = case.run(calibration, &good, more);
        let said = refused.refusal().replace(&format!("\n  at {calibration}"), "");
        assert!(said.contains(expected), "no {expected:?} in {refused:?}");
    }
    let text = std::fs::read_to_string(&good).unwrap();
    for (name, text, expected) in [
        ("bad.csv", text.replacen(",quotes,", ",quotes,x", 1), "bad.csv line 4, column \"latency\" is \"x"),
        ("short.csv", text.replace(",latency\n", ",other\n"), "short.csv has no column \"latency\""),
        ("none.csv", "load,latency\n1,2\n".to_owned(), "none.csv lacks columns \"lag, 1\""),
    ] {
        let refused = case.run(&case.save(name, text), &good, &["0.98"]);
        assert!(refused.refusal().contains(expected), "{refused:?}");
    }
    let refused = case.run(&good, &case.save("rows.csv", text.replacen(",quotes,", ",quotes,x", 1)), &["0.98"]);
    assert!(refused.refusal().contains("rows.csv line 4, column \"latency\""), "{refused:?}");
}

#[test]
fn as_many_groups_as_rows_are_refused() {
    let case = Case::new();
    let good = case.write("c.csv", |row| latency(row).to_string());
    let mut many = std::fs::read_to_string(&good).unwrap().lines().next().unwrap().to_owned() + "\n";
    (0..=100_000).for_each(|row| many += &format!("0,0,0,0,0,{row},1\n"));
    let refused = case.run(&case.save("m.csv", many), &good, &["0.98", "--group", "service"]);
    assert!(refused.refusal().contains("more than 100000 groups are too many\n  at "), "{refused:?}");
}

#[test]
fn a_model_without_quantiles_is_refused() {
    let case = Case::new();
    let good = case.write("c.csv", |row| latency(row).to_string());
    let arguments = ["--calibration", &good, "--data", &good, "--target", "latency"];
    let refused =
        bellwether(&[&["conformal", "--model", &zoo("3.2.0-squared_error.ubj")], &arguments[..]].concat(), &[]);
    assert!(refused.refusal().contains("the model predicts no quantiles (its objective is reg:squarederror)\n  at "));
}

/// Figures of an independent program on XGBoost's own predictions (numpy).
#[test]
fn the_reference_model_covers_what_it_claims() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("BELLWETHER_DATA").map_or(default, PathBuf::from).join("tail");
    if !folder.is_dir() {
        println!("skipped: {} is not there (BELLWETHER_DATA names the folder of reference data)", folder.display());
        return;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    for (more, expected) in [
        (&["--coverage", "0.9"][..], ["0.9057 ± 0.005", "6.059 ± 0.054", "7.806 ± 0.18"]),
        (&["--coverage", "0.9", "--asymmetric"], ["0.9054 ± 0.005", "6.064 ± 0.054", "7.812 ± 0.18"]),
        (&["--coverage", "0.99", "--upper"], ["0.9902 ± 0.0017", "0.05453 ± 0.0017", "correction above"]),
    ] {
        let files = [
            path("etth1_xgboost_quantile.json"),
            path("etth1_quantile_calibration.csv"),
            path("etth1_quantile_test.csv"),
        ];
        let arguments = ["--model", &files[0], "--calibration", &files[1], "--data", &files[2], "--target", "target"];
        // So much text does not fit into the pipe of a process that nobody reads from before its end.
        let answered = command().arg("conformal").args(arguments).args(more).output().unwrap();
        let said = String::from_utf8(answered.stderr).unwrap();
        assert_eq!(answered.stdout.iter().filter(|byte| **byte == b'\n').count(), 3480);
        assert!(expected.iter().all(|figure| said.contains(figure)), "{said}");
        assert!(said.contains("crossed in 102 of 3479 rows"), "{said}");
    }
}

#[test]
fn help_teaches() {
    let help = bellwether(&["conformal", "--help"], &[]);
    assert_eq!(help.code, Some(0));
    for word in ["Example:", "--calibration", "--asymmetric", "--upper", "--group", "lower,upper", "999 for"] {
        assert!(help.stdout.contains(word), "no {word}: {}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 110), "{}", help.stdout);
}
