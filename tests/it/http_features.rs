//! `/features`: what is known of services.
use crate::support::{Server, before_now, until};
use serde_json::{Value, json};

/// `count` values 0, 1, … of `latency_ms`, a second apart, the last one a second ago.
fn batch(service: &str, count: u64) -> Value {
    let row =
        |i: u64| json!({ "service": service, "name": "latency_ms", "ts": before_now(1_000 * (count - i)), "value": i });
    json!({ "observations": (0..count).map(row).collect::<Vec<_>>() })
}

#[test]
fn pushed_values_are_in_the_features_before_the_answer() {
    let server = Server::start();
    server.as_admin().post("/telemetry/observations", &batch("checkout", 30)).with(200);
    let known = server.get("/features/checkout").with(200);
    assert_eq!(known["service"], "checkout");
    let features = known["features"].as_object().unwrap();
    assert!(!features.is_empty());
    for (name, reading) in features {
        assert!(reading["value"].is_number() && reading["stale"].is_boolean(), "{name}: {reading}");
        assert!(reading["as_of"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{name}: {reading}");
    }
    let list = server.get("/features").with(200);
    let mine = list["services"].as_array().unwrap().iter().find(|one| one["service"] == "checkout").unwrap();
    assert_eq!(mine["features"], features.len());
    assert!(list["total"].as_u64().unwrap() >= 1);
}

#[test]
fn the_history_holds_the_latest_values_in_order() {
    let server = Server::start();
    server.as_admin().post("/telemetry/observations", &batch("checkout", 30)).with(200);
    let values = |path: &str| {
        let answer = server.get(path).with(200);
        assert_eq!((&answer["service"], &answer["name"]), (&json!("checkout"), &json!("latency_ms")));
        let points = answer["history"].as_array().unwrap().clone();
        points.iter().map(|point| point["value"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values("/features/checkout/history?name=latency_ms"), (0..30).map(f64::from).collect::<Vec<_>>());
    assert_eq!(values("/features/checkout/history?name=latency_ms&limit=2"), [28.0, 29.0]);
    server.get("/features/checkout/history?name=nothing").problem(404);
}

#[test]
fn a_late_value_takes_its_place_in_the_order_of_time() {
    let server = Server::start();
    let admin = server.as_admin();
    for (ago_ms, value) in [(3_000, 1.0), (1_000, 3.0), (2_000, 2.0)] {
        let row = json!({ "service": "checkout", "name": "latency_ms", "ts": before_now(ago_ms), "value": value });
        admin.post("/telemetry/observations", &json!({ "observations": [row] })).with(200);
    }
    let history = server.get("/features/checkout/history?name=latency_ms").with(200)["history"].take();
    let values: Vec<f64> = history.as_array().unwrap().iter().map(|point| point["value"].as_f64().unwrap()).collect();
    assert_eq!(values, [1.0, 2.0, 3.0]);
}

#[test]
fn a_service_may_have_any_name() {
    let server = Server::start();
    server.as_admin().post("/telemetry/observations", &batch("büro/zürich 1", 3)).with(200);
    let path = "/features/b%C3%BCro%2Fz%C3%BCrich%201";
    assert_eq!(server.get(path).with(200)["service"], "büro/zürich 1");
    server.get(&format!("{path}/history?name=latency_ms")).with(200);
}

#[test]
fn the_registry_says_what_is_declared() {
    let declared = Server::start().get("/features/registry").with(200);
    let features = declared["features"].as_array().unwrap();
    assert!(features.len() > 10);
    for feature in features {
        assert!(feature["name"].as_str().is_some_and(|name| !name.is_empty()), "{feature}");
    }
}

#[test]
fn the_simulated_fleet_is_there_from_the_start() {
    let server = Server::start();
    until("the simulated fleet", || {
        let list = server.get("/features").with(200);
        list["services"].as_array().unwrap().iter().any(|one| one["service"] == "order-gateway").then_some(())
    });
}
