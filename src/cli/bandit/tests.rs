use super::*;
use bellwether_models::optimize::bandit::DrawKey;
use clap::Parser;
use rounds::Arrival;
use std::path::Path;

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn parsed(options: &[&str]) -> Result<Replay, clap::Error> {
    let all = ["bandit", "replay", "--data", "f.csv", "--policy", "lin_ucb"].iter().chain(options);
    Line::try_parse_from(all).map(|line| {
        let Command::Replay(replay) = line.command;
        replay
    })
}

const TABLE: [&str; 4] = ["--context", "x", "--rewards", "r"];

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The rounds of a file of this text.
fn rounds(text: &str, options: &[&str]) -> Result<Rounds, Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let mut replay = parsed(options).unwrap();
    replay.data = write(folder.path(), "f.csv", text);
    replay.rounds()
}

/// The whole command on a file of this text; its refusal.
fn refusal(text: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut replay = parsed(options).unwrap();
    replay.data = write(folder.path(), "f.csv", text);
    replay.order = replay.order.map(|order| write(folder.path(), "o.csv", &order.display().to_string()));
    let error = run(Arguments { command: Command::Replay(replay) }).unwrap_err();
    let said = error.downcast_ref::<Refusal>().unwrap_or_else(|| panic!("{error:?}")).to_string();
    assert!(said.lines().count() <= 3 && said.contains("\nhint: "), "{said}");
    said.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn options_become_the_policy() {
    let all = ["--label", "y", "--alpha", "0.25", "--discount", "0.99"];
    let options = parsed(&all).unwrap().options().unwrap();
    assert_eq!((options.kind(), options.alpha(), options.memory()), (PolicyKind::LinUcb, 0.25, Memory::Discount(0.99)));
    let windowed = parsed(&["--label", "y", "--window", "7"]).unwrap().options().unwrap();
    assert_eq!((windowed.alpha(), windowed.memory()), (0.5, Memory::Window(7)));
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for options in [
        &[][..],
        &["--label", "y", "--context", "x", "--rewards", "r"],
        &["--context", "x"],
        &["--rewards", "r"],
        &["--label", "y", "--delay", "d"],
        &["--label", "y", "--order", "o.csv"],
        &["--label", "y", "--order-column", "s"],
        &["--label", "y", "--discount", "0.9", "--window", "7"],
        &["--label", "y", "--window", "-1"],
        &["--label", "y", "--seed", "x"],
        &["--label", "y", "--costs", "c"],
    ] {
        assert!(parsed(options).is_err(), "{options:?}");
    }
}

#[test]
fn prefixed_columns_are_taken_by_their_numbers_whatever_their_order() {
    let text = "r10,x1,note,r2,x0,rate,x,delay\n10,1,a,2,0,7,8,3\n20,11,b,4,5,7,8,-1\n30,12,c,5,6,7,8,\n";
    let rounds = rounds(text, &[&TABLE[..], &["--delay", "delay"]].concat()).unwrap();
    assert_eq!((rounds.context(0), rounds.context(1)), (&[0.0, 1.0][..], &[5.0, 11.0][..]));
    assert_eq!(
        rounds.arms.iter().map(|arm| (arm.name.as_str(), arm.id.as_str())).collect::<Vec<_>>(),
        [("r2", "2"), ("r10", "10")]
    );
    assert_eq!((rounds.reward(1, 0), rounds.reward(1, 1), rounds.largest_reward(1)), (4.0, 20.0, 20.0));
    assert_eq!([0, 1, 2].map(|round| rounds.arrival(round)), [Arrival::After(3), Arrival::Never, Arrival::Never]);
}

#[test]
fn labels_become_arms_in_their_order_and_a_constant_is_added() {
    let ordered = |labels: [&str; 3]| {
        let text = labels.iter().fold("f0,y,f1\n".to_owned(), |text, label| text + &format!("5,{label},6\n"));
        let rounds = rounds(&text, &["--label", "y"]).unwrap();
        assert_eq!(rounds.context(0), [5.0, 6.0, 1.0]);
        rounds.arms.iter().map(|arm| arm.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ordered(["10", "9", "-1"]), ["-1", "9", "10"]);
    assert_eq!(ordered(["b", "10", "a"]), ["10", "a", "b"]);
}

/// Squares of larger numbers would overflow: they count as the largest that do not.
#[test]
fn a_huge_number_in_a_context_is_a_number_like_any_other() {
    let text = "y,f\n1,1e300\n0,-1e300\n1,0.5\n";
    let rounds = rounds(text, &["--label", "y"]).unwrap();
    assert_eq!([0, 1, 2].map(|round| rounds.context(round)[0]), [1e50, -1e50, 0.5]);
    let options = PolicyOptions::new(PolicyKind::LinUcb);
    let outcome = replay::replay(&rounds, options, 3).unwrap();
    assert!(report::report(&rounds, &outcome, options, 3).cumulative_reward.is_finite());
}

/// One arm always pays 2, the other 1; both are tried, then the better is kept.
#[test]
fn figures_are_those_of_the_choices() {
    let text = (0..40).fold("x0,r0,r1\n".to_owned(), |text, _| text + "1,1,2\n");
    let rounds = rounds(&text, &TABLE).unwrap();
    let options = PolicyOptions::new(PolicyKind::LinUcb).with_alpha(3.0).unwrap();
    let outcome = replay::replay(&rounds, options, 3).unwrap();
    let report = report::report(&rounds, &outcome, options, 3);
    let [first, second] = &report.arms[..] else { panic!("two arms") };
    assert_eq!(first.decisions + second.decisions, 40);
    assert!(second.decisions > 30 && first.decisions > 0);
    let earned = first.decisions as f64 + 2.0 * second.decisions as f64;
    assert_eq!((report.cumulative_reward, report.mean_reward), (earned, earned / 40.0));
    assert_eq!(report.cumulative_regret, 80.0 - earned);
    assert_eq!((first.mean_reward, second.mean_reward), (Some(1.0), Some(2.0)));
    assert_eq!(report.second_half_mean_reward, 2.0);
    let decisions = report::decisions(&rounds, &outcome);
    assert!(decisions.starts_with("t,arm,propensity\n0,"));
    assert_eq!(decisions.lines().count(), 41);
}

/// A reward may not change a choice that was made before it was known.
#[test]
fn nothing_is_learnt_before_it_is_known_nor_from_arms_that_were_not_chosen() {
    let table = |delay: &str, change: &dyn Fn(usize, usize) -> f64| {
        let row = |round: usize| {
            format!("1,0.{round},{delay},{},{},{}\n", change(round, 0), change(round, 1), change(round, 2))
        };
        (0..60).fold("x0,x1,delay,r0,r1,r2\n".to_owned(), |text, round| text + &row(round))
    };
    let choices = |text: &str| {
        let rounds = rounds(text, &[&TABLE[..], &["--delay", "delay"]].concat()).unwrap();
        replay::replay(&rounds, PolicyOptions::new(PolicyKind::LinTs), 1).unwrap().choices
    };
    let plain = |round: usize, arm: usize| ((round * 7 + arm * 5) % 10) as f64 / 10.0;
    let reference = choices(&table("3", &plain));
    let others = choices(&table("3", &|round, arm| if reference[round].arm == arm { plain(round, arm) } else { 1e6 }));
    assert_eq!(others, reference);
    let late = choices(&table("3", &|round, arm| if round >= 30 { 1.0 } else { plain(round, arm) }));
    assert_eq!(late[..34], reference[..34]);
    assert_ne!(late, reference);
    let lost = |factor: f64| choices(&table("-1", &|round, arm| factor * plain(round, arm)));
    assert_eq!(lost(1.0), lost(-50.0));
}

#[test]
fn a_seed_decides_and_nothing_else() {
    let text = (0..200).fold("y,f\n".to_owned(), |text, row| text + &format!("{},{}\n", row % 3, row % 7));
    let rounds = rounds(&text, &["--label", "y"]).unwrap();
    for kind in PolicyKind::ALL {
        let choices = |seed| replay::replay(&rounds, PolicyOptions::new(kind), seed).unwrap().choices;
        assert_eq!(choices(1), choices(1));
        assert!((2..8).any(|seed| choices(seed) != choices(1)), "{kind}");
        assert!(choices(1).iter().all(|choice| choice.propensity > 0.0 && choice.propensity <= 1.0));
    }
    assert_ne!(DrawKey::of_round(1, 0), DrawKey::of_round(2, 0));
}

#[test]
fn a_refusal_says_what_where_and_what_to_do() {
    let label = ["--label", "y"];
    let order = |text: &'static str| ["--label", "y", "--order", text, "--order-column", "s"];
    let delayed = [&TABLE[..], &["--delay", "d"]].concat();
    let many = (0..300).fold("y,f\n".to_owned(), |text, row| text + &format!("{row},1\n"));
    let wide = format!("y,{}\n", (0..129).map(|f| format!("f{f}")).collect::<Vec<_>>().join(","))
        + &format!("1,{}\n", ["0"; 129].join(","));
    for (text, options, start, hint) in [
        ("", &label[..], "f.csv has no header", "its first line must name the columns, as in ts,service,name,value"),
        ("y,f\n", &label, "f.csv has no rows", "give a row for each round below the header"),
        ("z,f\n1,2\n", &label, "f.csv has no column \"y\" (it has z,f)", "rename or add it"),
        ("y,f\n1,\n", &label, "f.csv line 2, column \"f\" is empty", "fill it in or remove the row"),
        ("y,f\n,1\n", &label, "f.csv line 2, column \"y\" is empty", "fill it in or remove the row"),
        (
            "y,f\n1,a\n",
            &label,
            "f.csv line 2, column \"f\" is \"a\"",
            "give a number with a decimal point, or leave it empty",
        ),
        ("y,f\n1,inf\n", &label, "f.csv line 2, column \"f\" is \"inf\"", "give a finite number, or leave it empty"),
        (
            "y,f\n1,1\n",
            &order("s\n1\n"),
            "line 2 names row 1: there are 1, counted from 0",
            "give whole numbers of rows below the header",
        ),
        ("y,f\n1,1\n", &order("s\n0.5\n"), "line 2 names row 0.5", "give whole numbers of rows below the header"),
        ("y,f\n1,1\n", &order("s\n"), "o.csv has no rows", "give the number of a row for each round"),
        (
            "x0,q0\n1,1\n",
            &TABLE,
            "f.csv has no columns named \"r\" and a number",
            "name the prefix of its columns with --rewards, such as x for x0, x1",
        ),
        ("x0,x00,r0\n1,1,1\n", &TABLE, "f.csv has two columns \"x\" with number 0", "rename one of them"),
        (
            "x0,r0,d\n1,1,2.5\n",
            &delayed,
            "line 2 has a delay of 2.5",
            "give whole rounds, or -1 for a reward that never comes",
        ),
        (
            "x0,r0,d\n1,1,-2\n",
            &delayed,
            "line 2 has a delay of -2",
            "give whole rounds, or -1 for a reward that never comes",
        ),
        (
            &many,
            &label,
            "line 258 brings the label number 257: there may be 256",
            "name a column of classes with --label",
        ),
        (&wide, &label, "number of features is 130", "it must be in [1, 129]"),
    ] {
        let said = refusal(text, options);
        assert!(said.starts_with(start), "{said}\n instead of\n{start}");
        assert!(said.ends_with(&format!("\nhint: {hint}")), "{said}\n instead of\n{hint}");
    }
}

#[test]
fn values_of_options_are_refused_with_what_is_possible() {
    for (options, expected) in [
        (&["--label", "y", "--alpha", "-1"][..], "alpha is -1\nhint: give a number in [0, 1e9]"),
        (&["--label", "y", "--alpha", "nan"], "alpha is NaN\nhint: give a number in [0, 1e9]"),
        (&["--label", "y", "--discount", "1"], "discount is 1\nhint: give a number in [0.5, 1)"),
        (&["--label", "y", "--window", "0"], "window is 0\nhint: give a number in [1, 1000000]"),
        (
            &["--label", "y", "--plot", "p.png"],
            "p.png does not end in .svg\nhint: pictures are SVG: name one such as replay.svg",
        ),
    ] {
        assert_eq!(refusal("y,f\n1,1\n", options), expected);
    }
}

#[test]
fn a_policy_that_counts_shares_refuses_other_rewards() {
    let rounds = rounds("x0,r0,r1\n1,0.5,1\n1,2,0\n", &TABLE).unwrap();
    let replay = parsed(&TABLE).unwrap();
    let said = replay.check_work(&rounds, PolicyOptions::new(PolicyKind::Ucb1)).unwrap_err().to_string();
    assert_eq!(
        said,
        "row 1 holds the reward 2, and ucb1 counts shares\n  at f.csv\nhint: give rewards from 0 to 1, or use lin_ucb"
    );
    replay.check_work(&rounds, PolicyOptions::default()).unwrap();
}

#[test]
fn rewards_and_contexts_of_any_magnitude_are_replayed() {
    for unit in ["1e300", "-1.7e308", "5e-324", "0"] {
        let text = (0..30).fold("x0,r0,r1\n".to_owned(), |text, _| text + &format!("1,{unit},{unit}\n"));
        let rounds = rounds(&text, &TABLE).unwrap();
        for kind in [PolicyKind::LinUcb, PolicyKind::LinTs, PolicyKind::EpsilonGreedy] {
            let options = PolicyOptions::new(kind);
            let outcome = replay::replay(&rounds, options, 0).unwrap();
            let report = serde_json::to_value(report::report(&rounds, &outcome, options, 0)).unwrap();
            for name in ["mean_reward", "cumulative_reward", "cumulative_regret", "second_half_mean_reward"] {
                assert!(report[name].as_f64().is_some_and(f64::is_finite), "{unit}: {report}");
            }
            let picture = picture::draw(&rounds, &outcome, options).unwrap();
            assert!(picture.is_none_or(|svg| !svg.contains("NaN") && !svg.contains("inf")));
        }
    }
}

#[test]
fn a_label_is_written_as_a_cell() {
    let rounds = rounds("y,f\n\"a,\"\"b\",1\n", &["--label", "y"]).unwrap();
    let outcome = replay::replay(&rounds, PolicyOptions::default(), 0).unwrap();
    assert_eq!(report::decisions(&rounds, &outcome), "t,arm,propensity\n0,\"a,\"\"b\",1\n");
}
