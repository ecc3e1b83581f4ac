//! Help and wrong usage.
use crate::support::bellwether;

#[test]
fn help_teaches() {
    let help = bellwether(&["--help"], &[]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for word in ["serve", "settings", "Examples:", "bellwether serve", "BELLWETHER__", "Exit codes:", "  2 ", "  70"] {
        assert!(help.stdout.contains(word), "no {word:?}: {}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 110));
    let serve = bellwether(&["serve", "--help"], &[]);
    for flag in ["--config", "--listen", "--data-dir", "--replay", "--speed"] {
        let line = serve.stdout.lines().position(|line| line.trim_start().starts_with(flag));
        let line = line.unwrap_or_else(|| panic!("no {flag}: {}", serve.stdout));
        assert!(
            serve.stdout.lines().skip(line).take(2).any(|line| line.split_whitespace().count() > 4),
            "{flag} is not explained"
        );
    }
    assert!(serve.stdout.contains("127.0.0.1:8000") && serve.stdout.contains("ts,service,name,value"));
    assert_eq!(bellwether(&["--version"], &[]).stdout.trim(), concat!("bellwether ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn nothing_said_is_answered_with_help_and_code_2() {
    let nothing = bellwether(&[], &[]);
    assert_eq!(nothing.code, Some(2));
    assert!((nothing.stdout + &nothing.stderr).contains("Usage:"));
}

#[test]
fn wrong_usage_ends_with_code_2_and_a_hint() {
    for (arguments, hint) in [
        (&["srve"][..], "hint: did you mean `serve`?"),
        (&["serve", "--lisen", "x"], "hint: did you mean `--listen`?"),
        (&["serve", "--zebra"], "hint: `bellwether serve --help`"),
        (&["serve", "--speed", "2"], "hint: `bellwether serve --help`"),
        (&["serve", "--replay", "f", "--speed", "-1"], "hint: "),
        (&["serve", "extra"], "hint: "),
        (&["settings", "show", "--format", "jsn"], "hint: did you mean `json`?"),
    ] {
        let refused = bellwether(arguments, &[]);
        assert!(refused.refusal().contains(hint), "{arguments:?}: {refused:?}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    use std::process::Stdio;
    let mut child = crate::support::command()
        .args(["settings", "show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
