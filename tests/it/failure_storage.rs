//! A data directory that is full, damaged, or in use.
use crate::support::{Launch, NOBODY, Server, before_now, bellwether, good_question, until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

const ROWS: u64 = 1_000;

fn rows(from: u64) -> Value {
    let row = |i: u64| json!({ "service": format!("s{}", from + i), "name": "n", "ts": before_now(1_000), "value": i });
    json!({ "observations": (0..ROWS).map(row).collect::<Vec<_>>() })
}

/// Sends until the store cannot write; the rows that were acknowledged before.
#[track_caller]
fn fill(server: &Server) -> u64 {
    let (admin, mut acknowledged) = (server.as_admin(), 0);
    for _ in 0..1_000 {
        let answer = admin.post("/telemetry/observations", &rows(acknowledged));
        if answer.status == 200 {
            acknowledged += ROWS;
            continue;
        }
        let problem = answer.problem(503);
        assert_ne!(answer.header("retry-after"), "", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("safe to repeat"), "{problem}");
        // On a busy machine a write may be too late without the disk being full.
        if server.get("/health").with(200)["stores"][0]["writable"] == false {
            return acknowledged;
        }
    }
    panic!("{acknowledged} rows fit below the limit");
}

/// The limit on file sizes is to any user what a full disk is: writes fail, reads do not.
#[test]
fn on_a_full_disk_reading_goes_on_and_writing_says_try_later() {
    let mut server = Launch::default().largest_file_kib(2_048).start();
    let admin = server.as_admin();
    let brake = |active: bool| json!({ "active": active, "reason": "x", "scope": "service:a" });
    admin.post("/safety/emergency-mode", &brake(true)).with(200);
    fill(&server);

    let health = until("the store is reported", || {
        let health = server.get("/health").with(200);
        (health["stores"][0]["writable"] == false).then_some(health)
    });
    assert_eq!(health["status"], "degraded");
    assert!(health["stores"][0]["last_error"].as_str().is_some_and(|text| !text.is_empty()), "{health}");
    server.get("/health/ready").with(200);
    for path in ["/config/active", "/models/list", "/safety/status", "/telemetry/observations?service=s0", "/metrics"] {
        server.get(path).with_status(200);
    }
    assert_eq!(server.post("/models/extreme-events", &good_question()).with(200)["source"], "model");
    // A decision that cannot be kept is none: the baseline is served, and nothing waits for a reward.
    let decide =
        |server: &Server| server.post("/models/bandit", &json!({ "experiment": "full", "arms": ["a", "b"] })).with(200);
    let envelope = until("a decision cannot be kept", || {
        let envelope = decide(&server);
        (envelope["source"] == "fallback").then_some(envelope)
    });
    let output = &envelope["output"];
    assert_eq!(
        (&output["arm"], &output["propensity"], &output["decision_id"]),
        (&json!("a"), &json!(1.0), &Value::Null)
    );
    assert_eq!(server.get("/safety/status").with(200)["emergency"][0]["scope"], "service:a");
    let set = admin.post("/safety/override", &json!({ "model": "extreme_events", "output": { "scale": 2.0 }, "reason": "x".repeat(900), "expires_in_s": 60 }));
    if set.status != 201 {
        set.problem(503);
        assert_ne!(set.header("retry-after"), "");
        assert_eq!(server.get("/safety/status").with(200)["overrides"], json!([]), "refused, so not in force");
    }
    assert!(server.lives());

    // Somebody makes room.
    let raised = Command::new("prlimit").args([&format!("--pid={}", server.process()), "--fsize=unlimited"]).status();
    if !raised.is_ok_and(|status| status.success()) {
        println!("skipped: prlimit cannot raise the limit again");
        return;
    }
    until("writes are taken again", || {
        (admin.post("/telemetry/observations", &rows(1_000_000)).status == 200).then_some(())
    });
    until("decisions are made again", || (decide(&server)["source"] == "model").then_some(()));
    let health = server.get("/health").with(200);
    assert_eq!((&health["status"], &health["stores"][0]["last_error"]), (&json!("ok"), &Value::Null));
}

#[test]
fn what_was_acknowledged_before_the_disk_was_full_survives() {
    let mut server = Launch::default().largest_file_kib(2_048).start();
    let acknowledged = fill(&server);
    assert!(acknowledged > 0);
    server.kill();
    let again = Launch::default().on_data_of(&server).start();
    for row in [0, acknowledged / 2, acknowledged - 1] {
        let page = again.get(&format!("/telemetry/observations?service=s{row}")).with(200);
        assert!(!page["observations"].as_array().unwrap().is_empty(), "s{row}");
    }
}

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let mut server = Server::start();
    let data = server.data();
    let refused = bellwether(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()], &[]);
    let said = refused.refusal();
    assert!(said.contains(data.to_str().unwrap()) && said.contains(&format!("process {}", server.process())), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
    assert!(server.lives());
    server.post("/models/extreme-events", &good_question()).with(200);
}

#[test]
fn a_damaged_store_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bellwether.db");
    let garbage = "not a database, but somebody's only copy of something\n".repeat(100);
    std::fs::write(&file, &garbage).unwrap();
    let refused =
        bellwether(&["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path().to_str().unwrap()], &[]);
    assert!(refused.refusal().contains("bellwether.db"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), garbage);
}

#[test]
fn a_place_that_is_no_directory_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for place in [file.path().to_owned(), file.path().join("below")] {
        let refused = bellwether(&["serve", "--listen", "127.0.0.1:0", "--data-dir", place.to_str().unwrap()], &[]);
        assert!(refused.refusal().contains("--data-dir"), "{refused:?}");
    }
}

/// Where nothing can be written the process still answers from what is there. Root writes everywhere and so becomes
/// somebody else.
#[test]
fn a_directory_that_cannot_be_written_is_still_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut server = Server::start();
    server.as_admin().post("/safety/emergency-mode", &json!({ "active": true, "reason": "x" })).with(200);
    let key = server.admin().to_owned();
    server.signal("INT");
    assert_eq!(server.ended().code(), Some(0));

    let data = server.data();
    let permit = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let restrict = |folder: u32, file: u32| {
        for entry in std::fs::read_dir(&data).unwrap() {
            permit(&entry.unwrap().path(), file);
        }
        permit(&data, folder);
    };
    permit(data.parent().unwrap(), 0o755);
    restrict(0o555, 0o444);
    let root = std::fs::write(data.join("probe"), "x").is_ok();
    let mut launch = Launch::default().on_data_of(&server);
    if root {
        std::fs::remove_file(data.join("probe")).unwrap();
        let program = env!("CARGO_BIN_EXE_bellwether");
        let tried = Command::new("setpriv").args(NOBODY).args([program, "--version"]).stdout(Stdio::null()).status();
        if !tried.is_ok_and(|status| status.success()) {
            println!("skipped: root writes everywhere and cannot become somebody else here");
            return;
        }
        launch = launch.by_nobody();
    }
    let again = launch.start();
    assert_eq!(again.post("/models/extreme-events", &good_question()).with(200)["fallback"]["reason"], "emergency");
    again.get("/config/active").with(200);
    let admin = again.client().with_key(&key);
    for answer in [
        admin.post("/safety/emergency-mode", &json!({ "active": false, "reason": "x" })),
        admin.post("/telemetry/observations", &rows(0)),
    ] {
        answer.problem(503);
        assert_ne!(answer.header("retry-after"), "");
    }
    assert_eq!(again.get("/health").with(200)["status"], "degraded");
    assert_eq!(again.post("/models/extreme-events", &good_question()).with(200)["fallback"]["reason"], "emergency");
    drop(again);
    restrict(0o755, 0o644);
}
