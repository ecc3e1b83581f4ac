//! The end of the process: when supervision gives up, and when it is told to stop.
use crate::support::{Launch, Server, before_now, good_question, until};
use serde_json::json;

/// What a process that could not heal itself says to its environment.
const ESCALATION: i32 = 70;

fn fragile() -> Server {
    Launch::default()
        .setting("FAULTS__ENABLED", "true")
        .setting("SUPERVISION__MAX_RESTARTS", "1")
        .setting("SUPERVISION__WITHIN_S", "60")
        .setting("SERVER__DRAIN_MS", "0")
        .start()
}

#[test]
fn a_supervisor_that_fails_too_often_ends_the_process_with_70() {
    let mut server = fragile();
    let fault = json!({ "actor": "models", "kind": "panic", "count": 1_000 });
    server.as_admin().post("/admin/faults", &fault).with(201);
    assert_eq!(server.ended().code(), Some(ESCALATION), "{}", server.log());
    let stopped = server.log_lines().into_iter().find(|line| line["message"] == "stopped").unwrap();
    assert!(stopped["reason"].as_str().unwrap().contains("models failed too often"), "{stopped}");
}

/// A replica beyond its intensity ends its supervisor; when that has happened too often, the process.
#[test]
fn failures_escalate_from_the_replica_to_the_process() {
    let mut server = fragile();
    let fault = json!({ "actor": "extreme_events", "kind": "panic", "count": 1_000 });
    server.as_admin().post("/admin/faults", &fault).with(201);
    let (client, body) = (server.client(), good_question().to_string());
    until("the process gives up", || {
        if let Ok(answer) =
            client.try_ask("POST", "/models/extreme-events", &[("content-type", "application/json")], body.as_bytes())
        {
            assert_eq!(answer.with(200)["source"], "fallback", "as long as it answers, it answers");
        }
        (!server.lives()).then_some(())
    });
    assert_eq!(server.ended().code(), Some(ESCALATION), "{}", server.log());
}

#[test]
fn restarts_within_the_intensity_end_nothing() {
    let mut server = fragile();
    let fault = json!({ "actor": "extreme_events", "kind": "panic", "count": 1 });
    server.as_admin().post("/admin/faults", &fault).with(201);
    until("the replica is back", || {
        (server.post("/models/extreme-events", &good_question()).with(200)["source"] == "model").then_some(())
    });
    until("it is well", || (server.get("/health").with(200)["status"] == "ok").then_some(()));
    assert!(server.lives());
}

#[test]
fn sigterm_turns_readiness_off_while_requests_are_still_answered() {
    let mut server = Launch::default().setting("SERVER__DRAIN_MS", "1500").start();
    let admin = server.as_admin();
    server.signal("TERM");
    let refused = until("readiness is off", || {
        let answer = server.get("/health/ready");
        (answer.status == 503).then_some(answer)
    });
    refused.problem(503);
    assert_ne!(refused.header("retry-after"), "");
    server.get("/health/live").with(200);
    assert_eq!(server.get("/health").with(200)["status"], "draining");
    assert_eq!(server.post("/models/extreme-events", &good_question()).with(200)["source"], "model");
    let row = json!({ "service": "late", "name": "n", "ts": before_now(1_000), "value": 1 });
    admin.post("/telemetry/observations", &json!({ "observations": [row] })).with(200);
    assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    let again = Launch::default().on_data_of(&server).start();
    let kept = again.get("/telemetry/observations?service=late").with(200);
    assert_eq!(kept["observations"].as_array().unwrap().len(), 1);
}

#[test]
fn ctrl_c_and_a_second_sigterm_do_not_wait() {
    for signals in [&["INT"][..], &["TERM", "TERM"]] {
        let mut server = Launch::default().setting("SERVER__DRAIN_MS", "600000").start();
        for (sent, signal) in signals.iter().enumerate() {
            if sent > 0 {
                until("it drains", || (server.get("/health/ready").status == 503).then_some(()));
            }
            server.signal(signal);
        }
        assert_eq!(server.ended().code(), Some(0), "{signals:?}: {}", server.log());
    }
}
