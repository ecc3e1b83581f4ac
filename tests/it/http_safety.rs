//! `/safety/emergency-mode` and `/safety/status`: the brake.
use crate::support::{Client, Launch, Server, good_question};
use serde_json::{Value, json};

fn brake(scope: &str, behaviour: &str) -> Value {
    json!({ "active": true, "reason": "drill", "scope": scope, "behaviour": behaviour })
}

fn release(scope: &str) -> Value {
    json!({ "active": false, "reason": "drill over", "scope": scope })
}

#[track_caller]
fn ask(client: &Client, service: &str) -> crate::support::Answer {
    let mut body = good_question();
    body["service"] = json!(service);
    client.post("/models/extreme-events", &body)
}

#[track_caller]
fn assert_braked(client: &Client, service: &str) {
    let envelope = ask(client, service).with(200);
    assert_eq!(envelope["source"], "fallback", "{service}: {envelope}");
    assert_eq!(envelope["fallback"], json!({ "reason": "emergency", "kind": "approved" }));
    let check = &envelope["safety_check"];
    assert_eq!((&check["level"], &check["is_safe"]), (&json!("CRITICAL"), &json!(false)), "{check}");
    assert_eq!((&envelope["output"]["shape"], &envelope["output"]["exceedances"]), (&json!(0.1), &json!(0)));
}

#[track_caller]
fn assert_free(client: &Client, service: &str) {
    assert_eq!(ask(client, service).with(200)["source"], "model", "{service}");
}

#[test]
fn a_calm_status_is_empty() {
    let status = Server::start().get("/safety/status").with(200);
    let expected = json!({ "level": "SAFE", "emergency": [], "overrides": [], "counts": [], "recent_violations": [] });
    assert_eq!(status, expected);
}

#[test]
fn the_brake_holds_in_its_scope_and_nowhere_else() {
    let server = Server::start();
    let (admin, client) = (server.as_admin(), server.client());
    for (scope, braked, free, gauge) in [
        ("global", &["a", "b"][..], &[][..], "global"),
        ("model:extreme_events", &["a", "b"], &[], "model:extreme_events"),
        ("model:bandit", &[], &["a", "b"], "model:bandit"),
        ("service:a", &["a"], &["b"], "service"),
    ] {
        let set = admin.post("/safety/emergency-mode", &brake(scope, "fallback")).with(200);
        for (field, expected) in [("scope", scope), ("behaviour", "fallback"), ("reason", "drill"), ("by", "admin")] {
            assert_eq!(set[field], expected);
        }
        assert!(set["active"] == true && set["since"].as_str().unwrap().ends_with('Z'));
        let status = server.get("/safety/status").with(200);
        assert_eq!((&status["level"], &status["emergency"]), (&json!("CRITICAL"), &json!([set])));
        let series = format!("safety_emergency_active{{scope=\"{gauge}\"}}");
        assert!(server.metric(&series) > 0.5, "{series}");
        braked.iter().for_each(|service| assert_braked(&client, service));
        free.iter().for_each(|service| assert_free(&client, service));
        assert_eq!(admin.post("/safety/emergency-mode", &release(scope)).with(200)["active"], false);
        assert!(server.metric(&series) < 0.5, "{series}");
        ["a", "b"].iter().for_each(|service| assert_free(&client, service));
        assert_eq!(server.get("/safety/status").with(200)["emergency"], json!([]));
    }
}

#[test]
fn the_scope_is_global_and_callers_get_the_fallback_if_nothing_is_said() {
    let server = Server::start();
    let set = server.as_admin().post("/safety/emergency-mode", &json!({ "active": true, "reason": "x" })).with(200);
    assert_eq!((&set["scope"], &set["behaviour"]), (&json!("global"), &json!("fallback")));
    assert_braked(&server.client(), "default");
}

#[test]
fn a_brake_that_blocks_answers_503_and_wins_over_one_that_does_not() {
    let server = Server::start();
    let admin = server.as_admin();
    admin.post("/safety/emergency-mode", &brake("global", "fallback")).with(200);
    admin.post("/safety/emergency-mode", &brake("service:a", "block")).with(200);
    let refused = ask(&server.client(), "a");
    let problem = refused.problem(503);
    assert!(problem["type"].as_str().unwrap().ends_with("emergency"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("service:a"), "{problem}");
    assert_ne!(refused.header("retry-after"), "");
    assert_braked(&server.client(), "b");
    server.get("/models/list").with(200);
}

#[test]
fn an_operator_may_pull_the_brake_but_not_release_it() {
    let server = Server::start();
    let (viewer, operator) = (server.with_role("vera", "viewer"), server.with_role("otto", "operator"));
    viewer.post("/safety/emergency-mode", &brake("global", "fallback")).problem(403);
    server.post("/safety/emergency-mode", &brake("global", "fallback")).problem(401);
    assert_free(&server.client(), "a");
    assert_eq!(operator.post("/safety/emergency-mode", &brake("global", "fallback")).with(200)["by"], "otto");
    operator.post("/safety/emergency-mode", &release("global")).problem(403);
    assert_braked(&server.client(), "a");
    server.as_admin().post("/safety/emergency-mode", &release("global")).with(200);
    assert_free(&server.client(), "a");
}

#[test]
fn a_release_may_take_two_admins() {
    let server = Launch::default().setting("SAFETY__RELEASE_APPROVALS", "2").start();
    let (ann, bob) = (server.with_role("ann", "admin"), server.with_role("bob", "admin"));
    ann.post("/safety/emergency-mode", &brake("global", "fallback")).with(200);
    for _ in 0..2 {
        let waits = ann.post("/safety/emergency-mode", &release("global")).with(202);
        assert_eq!(waits, json!({ "have": 1, "need": 2 }), "the same admin twice is one admin");
    }
    assert_braked(&server.client(), "a");
    // Pulling it again voids what was collected.
    bob.post("/safety/emergency-mode", &brake("global", "fallback")).with(200);
    assert_eq!(bob.post("/safety/emergency-mode", &release("global")).with(202)["have"], 1);
    assert_braked(&server.client(), "a");
    assert_eq!(ann.post("/safety/emergency-mode", &release("global")).with(200)["active"], false);
    assert_free(&server.client(), "a");
}

/// Who approves is known by the key's name: a second key of the same name is no second pair of eyes.
#[test]
fn two_keys_of_one_name_are_one_admin() {
    let server = Launch::default().setting("SAFETY__RELEASE_APPROVALS", "2").start();
    let (first, second) = (server.with_role("ann", "admin"), server.with_role("ann", "admin"));
    first.post("/safety/emergency-mode", &brake("global", "fallback")).with(200);
    for ann in [first, second] {
        assert_eq!(ann.post("/safety/emergency-mode", &release("global")).with(202)["have"], 1);
    }
    assert_braked(&server.client(), "a");
}

#[test]
fn a_wish_against_the_schema_is_told_where() {
    let server = Server::start();
    let admin = server.as_admin();
    for (body, pointer) in [
        (json!({ "reason": "x" }), "/active"),
        (json!({ "active": true }), "/reason"),
        (json!({ "active": "yes", "reason": "x" }), "/active"),
        (json!({ "active": true, "reason": " " }), "/reason"),
        (json!({ "active": true, "reason": "x".repeat(1_001) }), "/reason"),
        (json!({ "active": true, "reason": "x", "scope": "world" }), "/scope"),
        (json!({ "active": true, "reason": "x", "scope": "model:oracle" }), "/scope"),
        (json!({ "active": true, "reason": "x", "scope": "service:" }), "/scope"),
        (json!({ "active": true, "reason": "x", "behaviour": "panic" }), "/behaviour"),
        (json!({ "active": true, "reason": "x", "until": 5 }), "/until"),
    ] {
        let answer = admin.post("/safety/emergency-mode", &body);
        assert_eq!(answer.pointers(), [pointer], "{body}: {}", answer.shown());
    }
    assert_eq!(server.get("/safety/status").with(200)["emergency"], json!([]));
}
