//! `bellwether bandit replay` from outside.
use crate::support::bellwether;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A table whose second arm is the better one where `x1` is large, with late rewards.
fn rounds(folder: &Path) -> PathBuf {
    let path = folder.join("rounds.csv");
    let row = |round: u32| {
        let large = round.is_multiple_of(3);
        format!("1,{},{},{},{}\n", f64::from(u8::from(large)), round % 4, u8::from(!large), u8::from(large))
    };
    let text = (0..600).fold("x0,x1,delay,r0,r1\n".to_owned(), |text, round| text + &row(round));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_replay_prints_its_figures_and_leaves_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = rounds(folder.path());
    let (decisions, plot) = (folder.path().join("decisions.csv"), folder.path().join("replay.svg"));
    let [data, decisions, plot] = [&data, &decisions, &plot].map(|path| path.to_str().unwrap());
    for policy in ["lin_ucb", "lin_ts", "beta_ts", "ucb1", "epsilon_greedy"] {
        let arguments = [
            &["bandit", "replay", "--data", data, "--context", "x", "--rewards", "r", "--delay", "delay"][..],
            &["--policy", policy, "--seed", "5", "--window", "300", "--decisions", decisions, "--plot", plot],
        ]
        .concat();
        let first = bellwether(&arguments, &[]);
        assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""), "{first:?}");
        let report: Value = serde_json::from_str(&first.stdout).unwrap();
        assert_eq!((&report["rounds"], &report["policy"]), (&600.into(), &policy.into()));
        let mean = report["mean_reward"].as_f64().unwrap();
        let (earned, missed) = (report["cumulative_reward"].as_f64(), report["cumulative_regret"].as_f64());
        assert_eq!(earned.unwrap() + missed.unwrap(), 600.0);
        let arms = report["arms"].as_array().unwrap();
        assert_eq!((&arms[0]["name"], &arms[1]["name"]), (&"r0".into(), &"r1".into()));
        if policy.starts_with("lin") {
            assert!(mean > 0.9 && report["second_half_mean_reward"].as_f64().unwrap() > 0.95, "{report}");
        }
        let table = fs::read_to_string(decisions).unwrap();
        let chosen = table.lines().skip(1).filter(|line| line.split(',').nth(1) == Some("1")).count();
        assert_eq!((table.lines().count(), arms[1]["decisions"].as_u64()), (601, Some(chosen as u64)));
        assert!(fs::read_to_string(plot).unwrap().trim_end().ends_with("</svg>"));
        assert_eq!(bellwether(&arguments, &[]).stdout, first.stdout, "the same seed gives the same replay");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn labels_are_replayed_in_the_order_of_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let (data, order) = (folder.path().join("labels.csv"), folder.path().join("order.csv"));
    fs::write(&data, "kind,f\nbuy,1\nsell,0\nbuy,1\n").unwrap();
    fs::write(&order, "s0,s1\n2,0\n0,1\n").unwrap();
    let [data, order] = [&data, &order].map(|path| path.to_str().unwrap());
    let arguments = ["bandit", "replay", "--data", data, "--label", "kind", "--order", order, "--order-column", "s0"];
    let output = bellwether(&[&arguments[..], &["--policy", "lin_ucb"]].concat(), &[]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&report["rounds"], &report["arms"][0]["name"]), (&2.into(), &"buy".into()));
}

#[test]
fn wrong_usage_and_bad_files_end_with_code_2_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let data = rounds(folder.path());
    let data = data.to_str().unwrap();
    let missing = folder.path().join("none.csv");
    for (arguments, hint) in [
        (&["--data", data, "--policy", "lin_ucb"][..], "hint: `bellwether bandit replay --help`"),
        (&["--data", data, "--policy", "ucb", "--label", "r0"], "choose one of lin_ucb"),
        (&["--data", data, "--policy", "lin_ucb", "--label", "y"], "hint: rename or add it"),
        (&["--data", missing.to_str().unwrap(), "--policy", "ucb1", "--label", "y"], "hint: give the path"),
        (
            &["--data", data, "--policy", "ucb1", "--label", "r0", "--window", "0"],
            "hint: give a number in [1, 1000000]",
        ),
        (&["--data", data, "--policy", "ucb1", "--label", "r0", "--drift", "auto"], "hint: "),
    ] {
        let refused = bellwether(&[&["bandit", "replay"][..], arguments].concat(), &[]);
        assert!(refused.refusal().contains(hint), "{arguments:?}: {refused:?}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = rounds(folder.path());
    let out = folder.path().join("none/out.csv");
    let [data, out] = [&data, &out].map(|path| path.to_str().unwrap());
    let arguments = ["bandit", "replay", "--data", data, "--context", "x", "--rewards", "r", "--policy", "ucb1"];
    let refused = bellwether(&[&arguments[..], &["--decisions", out]].concat(), &[]);
    assert!(refused.refusal().contains("out.csv cannot be written"), "{refused:?}");
}
