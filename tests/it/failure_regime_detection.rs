//! Faults injected into the owner of the watched streams: the caller gets the fallback in time, reading goes on, nobody
//! else notices, and what was appended is still there.
use crate::support::{Server, until};
use serde_json::{Value, json};

const PATH: &str = "/models/regime-detection";
const DEADLINE_MS: u64 = 500;

fn appending(service: &str) -> Value {
    json!({ "service": service, "values": [1.0], "deadline_ms": DEADLINE_MS })
}

#[track_caller]
fn appended(server: &Server) -> u64 {
    let envelope = server.post(PATH, &json!({ "service": "known", "quantity": "value" })).with(200);
    assert_eq!(envelope["source"], "model", "reading needs no owner: {envelope}");
    envelope["output"]["appended_values"].as_u64().unwrap()
}

#[track_caller]
fn restarts(server: &Server, actor: &str) -> u64 {
    let health = server.get("/health").with(200);
    let one = health["actors"].as_array().unwrap().iter().find(|one| one["name"] == actor).unwrap().clone();
    one["restarts"].as_u64().unwrap()
}

/// One fault of this kind: what is answered, how many restarts it costs, and how many values it lets through.
#[track_caller]
fn one_fault(kind: &str, duration_ms: u64, reason: &str, cost: u64) {
    let server = Server::with_faults();
    let admin = server.as_admin();
    (0..3).for_each(|_| assert_eq!(server.post(PATH, &appending("known")).with(200)["source"], "model"));
    let fault = json!({ "actor": "regime_detection", "kind": kind, "duration_ms": duration_ms, "count": 1 });
    assert_eq!(admin.post("/admin/faults", &fault).status, 201);
    let envelope = server.post(PATH, &appending("unknown")).with(200);
    assert_eq!(envelope["fallback"], json!({ "reason": reason, "kind": "approved" }), "{envelope}");
    assert_eq!(envelope["output"]["gate"], "hold");
    // For a busy machine's sake, twice as late as promised.
    assert!(envelope["latency_ms"].as_f64().unwrap() < 2.0 * DEADLINE_MS as f64, "{envelope}");
    assert_eq!(appended(&server), 3, "what was published is still there");
    let arms = json!({ "experiment": "e", "arms": ["a", "b"] });
    assert_eq!(server.post("/models/bandit", &arms).with(200)["source"], "model", "the other learner notices nothing");
    let mut asked = 0;
    until("it appends again", || {
        asked += 1;
        (server.post(PATH, &appending("known")).with(200)["source"] == "model").then_some(())
    });
    // Those that were not answered in time may have been kept all the same.
    let kept = appended(&server);
    assert!((4..=3 + asked).contains(&kept), "{kept} values of {asked}, one of which was answered");
    until("the cost is counted", || (restarts(&server, "regime_detection") == cost).then_some(()));
    for actor in ["root", "learners", "bandit", "store", "features", "push", "simulator", "safety"] {
        assert_eq!(restarts(&server, actor), 0, "{actor} notices");
    }
    assert_eq!(server.get("/health").with(200)["status"], "ok");
}

#[test]
fn streams_whose_owner_panics() {
    one_fault("panic", 0, "panic", 1);
}

#[test]
fn streams_whose_owner_hangs() {
    one_fault("hang", 6_000, "deadline", 1);
}

#[test]
fn streams_whose_owner_reports_an_error() {
    one_fault("error", 0, "error", 0);
}

#[test]
fn streams_whose_owner_says_nan() {
    one_fault("nan", 0, "nan", 0);
}

#[test]
fn streams_whose_owner_is_slow() {
    one_fault("slow", 600, "deadline", 0);
}
