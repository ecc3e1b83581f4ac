//! `/health`: what runs.
use crate::support::{Server, until};
use serde_json::{Value, json};

#[test]
fn a_healthy_process_says_so_and_lists_its_parts() {
    let server = Server::start();
    assert_eq!(server.get("/health/live").with(200), json!({ "status": "live" }));
    assert_eq!(server.get("/health/ready").with(200), json!({ "status": "ready" }));
    let health = until("sources have been seen", || {
        let health = server.get("/health").with(200);
        let sources = health["sources"].as_array().unwrap();
        let seen = |one: &Value| one["name"] != "simulator" || !one["last_seen"].is_null();
        sources.iter().all(seen).then_some(health)
    });
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(health["uptime_s"].as_f64().unwrap() > 0.0 && health["leaked_threads"] == 0);
    let actors = health["actors"].as_array().unwrap();
    for name in [
        "root",
        "store",
        "config",
        "safety",
        "keys",
        "features",
        "telemetry",
        "simulator",
        "process",
        "push",
        "models",
        "extreme_events",
        "registry",
        "retraining",
    ] {
        let actor =
            actors.iter().find(|actor| actor["name"] == name).unwrap_or_else(|| panic!("no {name}: {actors:?}"));
        assert_eq!(
            (&actor["state"], &actor["restarts"], &actor["last_failure"]),
            (&json!("running"), &json!(0), &Value::Null)
        );
        assert!(actor["since"].as_str().unwrap().ends_with('Z') && actor["queued"].is_u64(), "{actor}");
        assert_eq!(actor["replicas"], if name == "extreme_events" { 2 } else { 1 }, "{actor}");
    }
    for name in ["simulator", "process", "push"] {
        let source = health["sources"].as_array().unwrap().iter().find(|source| source["name"] == name).unwrap();
        assert_eq!(source["breaker"], "closed");
    }
    let store = &health["stores"][0];
    assert_eq!(
        (&store["kind"], &store["writable"], &store["last_error"]),
        (&json!("sqlite"), &json!(true), &Value::Null)
    );
}

#[test]
fn a_failing_source_opens_its_breaker_and_nothing_else_suffers() {
    let server = crate::support::Launch::default()
        .setting("FAULTS__ENABLED", "true")
        .setting("TELEMETRY__INTERVAL_MS", "20")
        .setting("TELEMETRY__BREAKER__FAILURES", "2")
        .setting("TELEMETRY__BREAKER__OPEN_MS", "200")
        .start();
    let admin = server.as_admin();
    let gauge = "telemetry_source_breaker_state{source=\"simulator\"}";
    admin.post("/admin/faults", &json!({ "actor": "simulator", "kind": "error", "count": 1_000_000 })).with(201);
    let health = until("the breaker opens", || {
        let health = server.get("/health").with(200);
        let open = health["sources"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == "simulator" && one["breaker"] == "open");
        open.then_some(health)
    });
    assert_eq!(health["status"], "degraded");
    server.get("/health/ready").with(200);
    until("the gauge says it", || (server.metric(gauge) > 1.5).then_some(()));
    admin.delete("/admin/faults").with(204);
    until("the breaker closes", || (server.get("/health").with(200)["status"] == "ok").then_some(()));
    assert!(server.metric(gauge) < 0.5);
}
