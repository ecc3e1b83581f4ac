//! `bellwether models`: register, compare, promote, roll back, with no server running.
use crate::support::{Models, bellwether, constant_model};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The targets 1 to 10.
const VALIDATION: &str = "load,y\n0,1\n0,2\n0,3\n0,4\n0,5\n0,6\n0,7\n0,8\n0,9\n0,10\n";

fn close(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-6
}

fn sha256(path: impl AsRef<Path>) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(std::fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// By hand, for the targets 1 to 10: the median 0 loses 5.5 / 2 = 2.75, the median 5.5 loses 2.5 / 2 = 1.25; 0.9 at 10
/// loses 0.1 * 4.5 = 0.45.
#[test]
fn losses_coverage_and_ratio_of_a_comparison_are_those_by_hand() {
    let models = Models::new();
    models.register(&[(0.5, 0.0), (0.9, 10.0)]);
    models.register(&[(0.5, 5.5), (0.9, 10.0)]);
    let validation = models.file("v.csv", VALIDATION.as_bytes());
    let compared = models.json(&["compare", "tail-slo", "2", "1", "--validation", &validation, "--target", "y"]);
    let comparison = &compared["comparison"];
    assert_eq!((&compared["version"], &compared["reference"], &comparison["rows"]), (&json!(2), &json!(1), &json!(10)));
    let [median, tail] = comparison["quantiles"].as_array().unwrap().as_slice() else { panic!("{compared}") };
    for (one, level, loss, reference_loss, coverage, reference_coverage) in
        [(median, 0.5, 1.25, 2.75, 0.5, 0.0), (tail, 0.9, 0.45, 0.45, 1.0, 1.0)]
    {
        assert!(close(&one["quantile"], level), "{one}");
        assert!(close(&one["loss"], loss) && close(&one["reference_loss"], reference_loss), "{one}");
        assert!(close(&one["coverage"], coverage) && close(&one["reference_coverage"], reference_coverage), "{one}");
        assert!(close(&one["ratio"], loss / reference_loss), "{one}");
        assert!(close(&one["difference"], loss - reference_loss), "{one}");
    }
    // Standard deviation with n - 1 over the root of n.
    let differences: Vec<f64> = (1..=10).map(f64::from).map(|y| ((y - 5.5).abs() - y) / 2.0).collect();
    let mean = differences.iter().sum::<f64>() / 10.0;
    let variance = differences.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 9.0;
    assert!(close(&median["standard_error"], (variance / 10.0).sqrt()), "{median}");
    assert!(close(&comparison["mean"]["loss"], 0.85) && close(&comparison["mean"]["reference_loss"], 1.6));
    let text = models.run(&["compare", "tail-slo", "2", "1", "--validation", &validation, "--target", "y"]).stdout;
    assert!(text.contains("standard error") && text.contains("mean") && text.contains("0.454545"), "{text}");
}

#[test]
fn a_version_is_promoted_when_it_is_better_or_for_a_reason_and_a_former_champion_comes_back() {
    let models = Models::new();
    models.register(&[(0.5, 0.0)]);
    models.register(&[(0.5, 5.5)]);
    models.register(&[(0.5, 5.0)]);
    let validation = models.file("v.csv", VALIDATION.as_bytes());
    let judged = |version: &'static str| {
        models.run(&["promote", "tail-slo", version, "--validation", &validation, "--target", "y"])
    };
    let champion = || models.json(&["show", "tail-slo"])["champion"].clone();
    assert_eq!((champion(), models.run(&["promote", "tail-slo", "1"]).code), (Value::Null, Some(0)));
    assert!(models.run(&["promote", "tail-slo", "2"]).refusal().contains("--reason"));
    let promoted = judged("2");
    assert_eq!((promoted.code, champion()), (Some(0), json!(2)), "{promoted:?}");
    // |y - 5| and |y - 5.5| have the same mean, so that neither is better.
    for version in ["3", "1"] {
        assert!(judged(version).refusal().contains("not better"), "{version}");
    }
    assert_eq!(champion(), json!(2));
    assert_eq!(models.run(&["promote", "tail-slo", "3", "--reason", "a drill"]).code, Some(0));
    assert!(models.run(&["promote", "tail-slo", "3", "--reason", "again"]).refusal().contains("already"));
    assert_eq!(models.run(&["rollback", "tail-slo", "--reason", "it drifts"]).code, Some(0));
    assert_eq!(champion(), json!(2));
    assert_eq!(models.run(&["rollback", "tail-slo", "--to", "1", "--reason", "it drifts"]).code, Some(0));
    assert!(models.run(&["rollback", "tail-slo", "--reason", "further"]).refusal().contains("no champion came before"));
    let shown = models.json(&["show", "tail-slo"]);
    assert_eq!((&shown["champion"], &shown["challenger"]), (&json!(1), &Value::Null));
    let history: Vec<(&str, u64)> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["action"].as_str().unwrap(), event["version"].as_u64().unwrap()))
        .collect();
    let (registered, promoted, back) = ("registered", "promoted", "rolled_back");
    let expected = [
        (registered, 1),
        (registered, 2),
        (registered, 3),
        (promoted, 1),
        (promoted, 2),
        (promoted, 3),
        (back, 2),
        (back, 1),
    ];
    assert_eq!(history, expected);
    let user = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    for event in shown["history"].as_array().unwrap() {
        assert_eq!(event["by"], user.trim(), "{event}");
    }
    assert_eq!(shown["history"][5]["reason"], "a drill");
    assert!(shown["history"][4]["comparison"]["mean"]["loss"].is_number());
    assert_eq!(shown["versions"][0]["alias"], "champion");
}

#[test]
fn what_a_model_was_trained_on_is_kept_with_a_sample() {
    let models = Models::new();
    let rows: String = (0..1_500).map(|row| format!("{row},\"a, {row}\",{row}.5\n")).collect();
    let train = models.file("train.csv", format!("load,venue,y\n{rows}").as_bytes());
    let model = models.file("m.ubj", &constant_model(&[(0.9, 3.0), (0.5, 1.0)]));
    let validation = models.file("v.csv", VALIDATION.as_bytes());
    let words = ["register", "tail-slo", "--model", &model, "--data", &train, "--target", "y"];
    let version = models.json(&[&words[..], &["--validation", &validation, "--reason", "first"]].concat());
    assert_eq!((&version["sha256"], &version["version"]), (&json!(sha256(&model)), &json!(1)));
    assert_eq!(version["bytes"].as_u64().unwrap(), std::fs::metadata(&model).unwrap().len());
    assert_eq!((&version["kind"], &version["quantiles"]), (&json!("quantile_boosting"), &json!([0.5, 0.9])));
    assert_eq!(version["features"], json!([{ "name": "load", "kind": "float" }]));
    let training = &version["training"];
    assert_eq!(
        (&training["sha256"], &training["rows"], &training["file"]),
        (&json!(sha256(&train)), &json!(1_500), &json!("train.csv"))
    );
    assert_eq!((&training["columns"], &training["target"]), (&json!(["load", "venue", "y"]), &json!("y")));
    // By hand: 0.5 at 1 loses 4.5 / 2, 0.9 at 3 loses (2 + 1) * 0.1 / 10 + 0.9 * 28 / 10.
    assert!(close(&version["validation"]["mean_pinball_loss"], f64::midpoint(2.25, 2.55)), "{version}");
    let sample = models.data().join("models/files").join(training["sample"].as_str().unwrap());
    assert_eq!(json!(sha256(&sample)), training["sample"]);
    let sample = std::fs::read_to_string(sample).unwrap();
    let lines: Vec<&str> = sample.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1_001, "load,venue,y"));
    let mut kept: Vec<u32> = lines[1..].iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    for (line, row) in lines[1..].iter().zip(&kept) {
        assert_eq!(*line, format!("{row},\"a, {row}\",{row}.5"));
    }
    kept.dedup();
    assert_eq!(kept.len(), 1_000, "no row twice");
    let shown = models.run(&["show", "tail-slo"]).stdout;
    assert!(shown.contains("train.csv") && shown.contains("first"), "{shown}");
    let listed = models.json(&["list"]);
    assert_eq!(
        (&listed["registered"][0]["name"], &listed["registered"][0]["challenger"]),
        (&json!("tail-slo"), &json!(1))
    );
}

#[test]
fn what_cannot_be_is_refused_with_a_remedy() {
    let models = Models::new();
    let nowhere = models.file("nothing", b"");
    assert!(bellwether(&["models", "list", "--data-dir", &nowhere], &[]).refusal().contains("no data directory"));
    std::fs::create_dir(models.data()).unwrap();
    assert_eq!(models.json(&["list"]), json!({ "registered": [] }));
    assert!(!models.data().join("models").exists(), "looking makes nothing");
    let good = models.file("m.ubj", &constant_model(&[(0.5, 1.0)]));
    let text = models.file("text.ubj", b"hello");
    let validation = models.file("v.csv", VALIDATION.as_bytes());
    let other = models.file("other.csv", b"queue,y\n1,2\n");
    let no_target = models.file("no_target.csv", b"load,y\n1,\n");
    let infinite = models.file("infinite.csv", b"load,y\n1,2\n1,inf\n");
    let register = |more: &[&str]| models.run(&[&["register", "tail-slo", "--model"], more].concat());
    for (words, part) in [
        (&[text.as_str()][..], "text.ubj"),
        (&["/nonexistent.ubj"], "/nonexistent.ubj"),
        (&[&good, "--data", &validation], "--target"),
        (&[&good, "--data", &other, "--target", "y"], "lacks column \"load\""),
        (&[&good, "--data", &validation, "--target", "z"], "no column \"z\""),
        (&[&good, "--validation", &other, "--target", "y"], "load"),
        (&[&good, "--validation", &no_target, "--target", "y"], "no row with a value of \"y\""),
        (&[&good, "--validation", &infinite, "--target", "y"], "line 3"),
        (&[&good, "--reason", " "], "reason"),
    ] {
        let refused = register(words);
        assert!(refused.refusal().contains(part), "{words:?}: {refused:?}");
    }
    for (words, part) in [
        (&["register", "a/b", "--model", &good][..], "letters"),
        (&["register", "bandit", "--model", &good], "taken"),
        (&["show", "tail-slo"], "no model \"tail-slo\""),
        (&["promote", "tail-slo", "1"], "no model \"tail-slo\""),
        (&["rollback", "tail-slo", "--reason", "x"], "no model \"tail-slo\""),
    ] {
        let refused = models.run(words);
        assert!(refused.refusal().contains(part), "{words:?}: {refused:?}");
    }
    assert_eq!(models.json(&["list"]), json!({ "registered": [] }), "no refusal has left anything");
    models.register(&[(0.5, 1.0)]);
    for (words, part) in [
        (&["register", "tail-slo", "--model", &good][..], "version 1 of model \"tail-slo\" holds these very bytes"),
        (&["promote", "tail-slo", "9"], "no version 9"),
        (&["promote", "tail-slo", "0"], "version's number"),
        (&["rollback", "tail-slo", "--to", "1", "--reason", "x"], "never champion"),
        (&["compare", "tail-slo", "1", "2", "--validation", &validation, "--target", "y"], "no version 2"),
    ] {
        let refused = models.run(words);
        assert!(refused.refusal().contains(part), "{words:?}: {refused:?}");
    }
}

/// The figures are numpy's, from the predictions that xgboost 3.2.0 wrote beside the model, sorted within each row.
#[test]
fn a_model_that_xgboost_trained_is_judged_as_numpy_judges_it() {
    let data = std::env::var("BELLWETHER_DATA").map_or_else(|_| "../shared/data".into(), PathBuf::from).join("tail");
    let (model, test) = (data.join("etth1_xgboost_quantile.json"), data.join("etth1_quantile_test.csv"));
    if !model.exists() || !test.exists() {
        println!("skipped: {} is not there", model.display());
        return;
    }
    let models = Models::new();
    let (model, test) = (model.to_str().unwrap(), test.to_str().unwrap());
    let version = models.json(&["register", "hufl", "--model", model, "--validation", test, "--target", "target"]);
    let quantiles = version["validation"]["quantiles"].as_array().unwrap();
    let expected = [
        (0.05, 0.198_463_552_394_798_8, 0.077_033_630_353_549_88),
        (0.5, 0.638_906_995_899_899_4, 0.503_880_425_409_600_5),
        (0.95, 0.202_542_743_664_774_48, 0.917_217_591_261_856_9),
        (0.99, 0.057_844_735_571_967_93, 0.975_567_691_865_478_5),
        (0.999, 0.014_166_097_411_325_103, 0.998_850_244_323_081_3),
    ];
    assert_eq!(quantiles.len(), expected.len());
    for (one, (level, loss, coverage)) in quantiles.iter().zip(expected) {
        assert!(close(&one["quantile"], level) && close(&one["pinball_loss"], loss), "{one}");
        assert!(close(&one["coverage"], coverage), "{one}");
    }
}

/// The commands of `docs/models.md`, in their order, on files such as it describes.
#[test]
fn the_walk_of_the_page_works_as_it_is_written() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/models.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, factor) in [("march", 3.0), ("april", 10.0), ("may", 10.0)] {
        let row = |index: u32| {
            let (load, queue) = (f64::from(index * 37 % 101) / 100.0, index * 7_919 % 13);
            format!("{load},{queue},{}\n", factor * load + f64::from(queue * 31 % 17) / 10.0)
        };
        let rows: String = (0..400).map(row).collect();
        std::fs::write(folder.path().join(format!("{name}.csv")), format!("load,queue,latency_ms\n{rows}")).unwrap();
    }
    let mut commands = 0;
    for block in page.split("```sh\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let program = env!("CARGO_BIN_EXE_bellwether");
            let line = line.strip_prefix("bellwether").unwrap_or_else(|| panic!("{line}: no command of ours"));
            let run = Command::new("sh").args(["-c", &format!("{program}{line}")]).current_dir(folder.path()).output();
            let run = run.unwrap();
            assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
            commands += 1;
        }
    }
    assert_eq!(commands, 12);
    let data = folder.path().join("data");
    let shown =
        bellwether(&["models", "show", "tail-slo", "--data-dir", data.to_str().unwrap(), "--format", "json"], &[]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["champion"], shown["history"].as_array().unwrap().len()), (&json!(2), 6));
}
