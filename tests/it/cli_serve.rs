//! `bellwether serve`: what keeps it from starting, and what it says when it has started.
use crate::support::{Server, bellwether, command, until};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[track_caller]
fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut all = vec!["serve", "--data-dir", data.to_str().unwrap()];
    all.extend(arguments);
    bellwether(&all, environment).refusal().to_owned()
}

#[test]
fn an_address_that_cannot_be_is_refused() {
    for address in ["nowhere", "127.0.0.1", "127.0.0.1:99999", "1.2.3.4.5:80", ""] {
        let said = refused(&["--listen", address], &[]);
        assert!(said.contains("--listen") && said.contains("127.0.0.1:8000"), "{address}: {said}");
    }
    let said = refused(&[], &[("BELLWETHER__SERVER__LISTEN", "nowhere")]);
    assert!(said.contains("BELLWETHER__SERVER__LISTEN"), "{said}");
    let said = refused(&["--listen", "192.0.2.1:8000"], &[]);
    assert!(said.contains("192.0.2.1:8000") && said.contains("--listen"), "an address of somebody else: {said}");
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let server = Server::start();
    let taken = server.url.trim_start_matches("http://");
    let said = refused(&["--listen", taken], &[]);
    assert!(said.contains(taken) && said.contains("--listen"), "{said}");
    server.get("/health").with(200);
}

#[test]
fn a_replay_that_cannot_be_played_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for (path, part) in [
        ("/nonexistent/day.csv".to_owned(), "/nonexistent/day.csv"),
        (file("empty.csv", ""), "empty.csv"),
        (file("columns.csv", "ts,service,value\n2026-01-01,a,1\n"), "\"name\""),
        (file("rows.csv", "ts,service,name,value\nyesterday,a,b,1\n"), "line 2"),
    ] {
        let said = refused(&["--listen", "127.0.0.1:0", "--replay", &path], &[]);
        assert!(said.contains(part) && said.contains("ts,service,name,value"), "{path}: {said}");
    }
}

/// A person at a terminal is told where it listens and what to try; each line to try works as it stands.
#[test]
fn the_banner_s_commands_work() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()])
        .env("BELLWETHER__SERVER__WORKERS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let banner: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.contains("Ctrl-C")).collect();
    let tries: Vec<String> =
        banner.iter().map(|line| line.trim().to_owned()).filter(|line| line.starts_with("curl ")).collect();
    let curl_is_there = std::process::Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    let outcome = std::panic::catch_unwind(|| {
        assert!(tries.len() >= 4, "{banner:?}");
        assert!(banner.iter().any(|line| line.contains("/docs")), "{banner:?}");
        if !curl_is_there {
            println!("skipped: curl is not installed");
            return;
        }
        for line in &tries {
            until(line, || {
                let run = std::process::Command::new("sh").args(["-c", &format!("{line} -sf")]).output().unwrap();
                run.status.success().then_some(())
            });
        }
    });
    child.kill().unwrap();
    child.wait().unwrap();
    outcome.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
}

#[test]
fn log_lines_are_json_with_the_same_keys_and_an_inference_says_what_it_was() {
    let server = Server::start();
    let envelope = server.post("/models/extreme-events", &crate::support::good_question()).with(200);
    let line = until("the inference is logged", || {
        server.log_lines().into_iter().find(|line| line["request_id"] == envelope["request_id"])
    });
    for (field, expected) in [("model", "extreme_events"), ("service", "default"), ("target", "inference")] {
        assert_eq!(line[field], expected, "{line}");
    }
    assert_eq!((&line["output"], &line["safety_check"]), (&envelope["output"], &envelope["safety_check"]));
    assert_eq!(line["input"]["values"], 60, "their number, not the values: {line}");
    assert!(line["latency_ms"].is_number());
    for text in server.log().lines() {
        let line: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        for key in ["timestamp", "level", "message", "target"] {
            assert!(line[key].as_str().is_some_and(|value| !value.is_empty()), "{text}");
        }
    }
}
