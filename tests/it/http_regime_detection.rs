//! `/models/regime-detection`: streams, what is said of them, and the changes found in them.
use crate::support::{Client, Launch, Server, before_now, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const PATH: &str = "/models/regime-detection";

/// Noise of width 1 about 0, then about 10: 7919 generates all residues modulo 101.
fn value(row: i64, change_at: i64) -> f64 {
    (row * 7919 % 101) as f64 / 101.0 - 0.5 + if row < change_at { 0.0 } else { 10.0 }
}

fn values(rows: std::ops::Range<i64>, change_at: i64) -> Vec<f64> {
    rows.map(|row| value(row, change_at)).collect()
}

#[track_caller]
fn ask(client: &Client, body: &Value) -> Value {
    let envelope = client.post(PATH, body).with(200);
    assert_eq!(envelope["source"], "model", "{envelope}");
    envelope["output"].clone()
}

#[track_caller]
fn append(client: &Client, service: &str, values: &[f64]) -> Value {
    ask(client, &json!({ "service": service, "values": values }))
}

#[test]
fn a_shift_is_found_dated_and_measured_and_holds_the_gate_until_it_has_settled() {
    let server = Server::start();
    let client = server.client();
    let first = append(&client, "checkout", &values(0..19, 100));
    assert_eq!(
        (&first["regime"], &first["gate"], &first["gate_reason"], &first["is_anomaly"]),
        (&json!("warming_up"), &json!("hold"), &json!("insufficient_data"), &json!(false))
    );
    let calm = append(&client, "checkout", &values(19..100, 100));
    assert_eq!(
        (&calm["regime"], &calm["gate"], &calm["gate_reason"], &calm["change_points"]),
        (&json!("stable"), &json!("open"), &Value::Null, &json!([]))
    );
    assert!(calm["change_probability"].as_f64().unwrap() < 0.1, "{calm}");
    assert_eq!((&calm["run_length"], &calm["values"]), (&json!(100), &json!(100)));

    let outlier = append(&client, "checkout", &values(100..101, 100));
    assert_eq!((&outlier["is_anomaly"], &outlier["change_points"]), (&json!(true), &json!([])), "{outlier}");
    assert!(outlier["anomaly_score"].as_f64().unwrap() >= 5.0, "{outlier}");
    assert_eq!(outlier["detectors"]["bocpd"], outlier["anomaly_score"]);
    assert_eq!(
        (&outlier["detectors"]["rrcf"], &outlier["detectors"]["isolation_forest"]),
        (&Value::Null, &Value::Null)
    );

    let changed = append(&client, "checkout", &values(101..106, 100));
    assert_eq!(
        (&changed["regime"], &changed["gate"], &changed["run_length"]),
        (&json!("changing"), &json!("hold"), &json!(6)),
        "{changed}"
    );
    assert!(changed["change_probability"].as_f64().unwrap() > 0.9, "{changed}");
    let point = &changed["change_points"][0];
    assert_eq!((&point["start"], &point["quantity"]), (&json!(100), &json!("value")), "{point}");
    assert_eq!(point["lag"].as_u64().unwrap(), point["index"].as_u64().unwrap() - 100);
    assert!(point["probability"].as_f64().unwrap() > 0.5 && point["at"].as_str() <= point["detected_at"].as_str());
    let mean = |side: &str| point["magnitude"][side]["mean"].as_f64().unwrap();
    assert!(mean("before").abs() < 0.1 && (mean("after") - 10.0).abs() < 0.5, "{point}");
    assert_eq!(
        (&changed["regime_statistics"]["samples"], &changed["regime_statistics"]["since"]),
        (&json!(6), &point["at"])
    );

    let settled = append(&client, "checkout", &values(106..140, 100));
    assert_eq!((&settled["regime"], &settled["gate"]), (&json!("stable"), &json!("open")), "{settled}");
    assert!((settled["regime_statistics"]["mean"].as_f64().unwrap() - 10.0).abs() < 0.1, "{settled}");

    let history = client.get(&format!("{PATH}/checkout/history")).with(200);
    assert_eq!(history, json!({ "service": "checkout", "changes": settled["change_points"] }));
    assert!(server.metric("regime_changes_total") >= 1.0);
}

#[test]
fn a_stream_is_asked_by_its_quantity_and_a_service_by_its_likeliest_change() {
    let server = Server::start();
    let client = server.client();
    for (quantity, change_at) in [("errors", 1000), ("latency", 95), ("load", 1000)] {
        let body = json!({ "service": "checkout", "quantity": quantity, "values": values(0..100, change_at) });
        assert_eq!(ask(&client, &body)["quantity"], quantity);
    }
    let one = ask(&client, &json!({ "service": "checkout", "quantity": "errors" }));
    assert_eq!((&one["quantity"], &one["gate"], &one["streams"]), (&json!("errors"), &json!("open"), &Value::Null));
    let envelope = client.post(PATH, &json!({ "service": "checkout" })).with(200);
    let all = &envelope["output"];
    assert_eq!((&all["quantity"], &all["gate"], &all["streams_total"]), (&json!("latency"), &json!("hold"), &json!(3)));
    let streams: Vec<&str> =
        all["streams"].as_array().unwrap().iter().map(|one| one["quantity"].as_str().unwrap()).collect();
    assert_eq!((streams[0], streams.len()), ("latency", 3));
    assert_eq!(envelope["features"]["latency"]["value"], value(99, 95));
    // A feature that the request gives has no effect on the stream of that name.
    let body = json!({ "service": "checkout", "quantity": "errors", "features": { "errors": 1e9, "other": 2.5 } });
    let envelope = client.post(PATH, &body).with(200);
    assert_eq!(envelope["output"], one);
    assert_eq!(
        (&envelope["features"]["errors"]["value"], &envelope["features"]["other"]["value"]),
        (&json!(value(99, 1000)), &json!(2.5))
    );
}

#[test]
fn the_history_is_newest_first_by_quantity_and_limited() {
    let server = Server::start();
    let client = server.client();
    for level in 0..4 {
        for quantity in ["a", "b"] {
            let level: Vec<f64> = values(0..40, 1000).iter().map(|one| one + 20.0 * f64::from(level)).collect();
            ask(&client, &json!({ "service": "s", "quantity": quantity, "values": level }));
        }
    }
    let changes = |query: &str| -> Vec<Value> {
        client.get(&format!("{PATH}/s/history{query}")).with(200)["changes"].as_array().unwrap().clone()
    };
    let all = changes("");
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    assert!(all.windows(2).all(|pair| text(&pair[0], "detected_at") >= text(&pair[1], "detected_at")), "{all:?}");
    let of_a: Vec<Value> = all.iter().filter(|one| one["quantity"] == "a").cloned().collect();
    assert!(of_a.len() >= 2 && all.len() == 2 * of_a.len(), "both streams are alike: {all:?}");
    assert_eq!(changes("?quantity=a"), of_a);
    assert_eq!(changes("?limit=3"), all[..3]);
    client.get(&format!("{PATH}/nobody/history")).problem(404);
    client.get(&format!("{PATH}/s/history?quantity=c")).problem(404);
    for (query, pointer) in
        [("limit=0", "/limit"), ("limit=1001", "/limit"), ("limt=1", "/limt"), ("quantity=", "/quantity")]
    {
        assert_eq!(client.get(&format!("{PATH}/s/history?{query}")).pointers(), [pointer]);
    }
}

#[test]
fn a_request_against_the_schema_is_told_where_and_appends_nothing() {
    let server = Server::start();
    let long = "x".repeat(201);
    for (options, pointer) in [
        (json!({ "valeus": [1] }), "/valeus"),
        (json!({ "values": [] }), "/values"),
        (json!({ "values": "x" }), "/values"),
        (json!({ "values": [1, "x"] }), "/values/1"),
        (json!({ "values": [1, null] }), "/values/1"),
        (json!({ "values": vec![1.0; 10_001] }), "/values"),
        (json!({ "quantity": "" }), "/quantity"),
        (json!({ "quantity": long }), "/quantity"),
        (json!({ "quantity": 5 }), "/quantity"),
        (json!({ "service": "" }), "/service"),
        (json!({ "service": "a\nb" }), "/service"),
        (json!({ "deadline_ms": 0 }), "/deadline_ms"),
        (json!({ "deadline_ms": -1 }), "/deadline_ms"),
        (json!({ "bucket_key": long }), "/bucket_key"),
        (json!({ "features": { "load": "x" } }), "/features/load"),
    ] {
        let mut body = json!({ "values": [1.0] });
        body.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let answer = server.post(PATH, &body);
        assert_eq!(answer.pointers(), [pointer], "{options}: {}", answer.shown());
    }
    assert_eq!(server.client().post_text(PATH, r#"{"values":[1e400]}"#).status / 100, 4);
    assert_eq!(server.post(PATH, &json!({})).with(200)["fallback"]["reason"], "error", "nothing was appended");
}

#[test]
fn a_stream_that_nobody_knows_gets_the_approved_fallback() {
    let server = Server::start();
    append(&server.client(), "known", &[1.0]);
    for body in [json!({ "service": "nobody" }), json!({ "service": "nobody", "quantity": "load" })] {
        let envelope = server.post(PATH, &body).with(200);
        assert_eq!(envelope["fallback"], json!({ "reason": "error", "kind": "approved" }), "{envelope}");
        assert_eq!((&envelope["output"]["gate"], &envelope["output"]["regime"]), (&json!("hold"), &json!("unknown")));
        assert_eq!(envelope["safety_check"]["level"], "WARNING");
    }
}

#[test]
fn huge_values_are_values_like_any_other() {
    let server = Server::start();
    let client = server.client();
    let huge: Vec<f64> = (0..60).map(|row| if row % 7 == 3 { -1e300 } else { 1e300 }).collect();
    for (quantity, values) in [("huge", huge), ("largest", vec![f64::MAX; 50]), ("constant", vec![3.0; 50])] {
        for _ in 0..2 {
            let body = json!({ "service": "s", "quantity": quantity, "values": values });
            let output = ask(&client, &body);
            assert!((0.0..=1.0).contains(&output["change_probability"].as_f64().unwrap()), "{output}");
            assert!(output["anomaly_score"].as_f64().unwrap() >= 0.0, "{output}");
        }
    }
    let constant = ask(&client, &json!({ "service": "s", "quantity": "constant" }));
    assert_eq!((&constant["regime"], &constant["regime_statistics"]["mean"]), (&json!("stable"), &json!(3.0)));
}

#[test]
fn pushed_observations_reach_their_stream_each_once() {
    let server = Server::start();
    let (admin, client) = (server.as_admin(), server.client());
    let row = |row: i64| {
        let ts = before_now(1_000 * (200 - row) as u64);
        json!({ "service": "checkout", "name": "latency_ms", "ts": ts, "value": value(row, 60) })
    };
    let rows: Vec<Value> = (0..100).map(row).collect();
    for _ in 0..2 {
        admin.post("/telemetry/observations", &json!({ "observations": rows })).with(200);
    }
    let ask_about = || client.post(PATH, &json!({ "service": "checkout", "quantity": "latency_ms" })).with(200);
    let output = until("all are taken in", || {
        let envelope = ask_about();
        (envelope["output"]["values"] == 100).then(|| envelope["output"].clone())
    });
    assert_eq!((&output["observed_values"], &output["appended_values"]), (&json!(100), &json!(0)));
    let point = &output["change_points"][0];
    assert_eq!((&point["start"], &output["regime"]), (&json!(60), &json!("stable")), "{output}");
    let time = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time(&point["at"]), time(&rows[60]["ts"]), "the change is dated by what was measured");
}

#[test]
fn the_simulated_day_is_watched_from_the_start() {
    let server = Server::start();
    until("the simulated order-gateway has streams", || {
        let envelope = server.post(PATH, &json!({ "service": "order-gateway" })).with(200);
        (envelope["source"] == "model" && envelope["output"]["streams_total"].as_u64() > Some(1)).then_some(())
    });
    assert!(server.metric("regime_streams") > 1.0);
}

#[test]
fn appended_values_survive_kill_9_each_exactly_once() {
    let mut server = Server::start();
    let (mut acknowledged, mut sent) = ([0_u64; 3], [0_u64; 3]);
    for round in 0..3_u64 {
        let stop = AtomicBool::new(false);
        let counts: Vec<(AtomicU64, AtomicU64)> = (0..3).map(|_| Default::default()).collect();
        std::thread::scope(|scope| {
            for (service, (sent, acknowledged)) in counts.iter().enumerate() {
                let (client, stop) = (server.client(), &stop);
                scope.spawn(move || {
                    let body = json!({ "service": format!("s{service}"), "values": [1.0, 2.0, 3.0] }).to_string();
                    while !stop.load(Ordering::Relaxed) {
                        sent.fetch_add(3, Ordering::Relaxed);
                        let headers = [("content-type", "application/json")];
                        let Ok(answer) = client.try_ask("POST", PATH, &headers, body.as_bytes()) else { return };
                        if answer.with(200)["source"] == "model" {
                            acknowledged.fetch_add(3, Ordering::Relaxed);
                        }
                    }
                });
            }
            until("enough is acknowledged", || {
                counts
                    .iter()
                    .all(|(_, acknowledged)| acknowledged.load(Ordering::Relaxed) > 60 + 30 * round)
                    .then_some(())
            });
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        for (service, (sent_now, acknowledged_now)) in counts.into_iter().enumerate() {
            sent[service] += sent_now.into_inner();
            acknowledged[service] += acknowledged_now.into_inner();
        }
        server = Launch::default().on_data_of(&server).start();
        for service in 0..3 {
            let output = ask(&server.client(), &json!({ "service": format!("s{service}"), "quantity": "value" }));
            let values = output["appended_values"].as_u64().unwrap();
            let bounds = acknowledged[service]..=sent[service];
            assert!(bounds.contains(&values) && values.is_multiple_of(3), "{values} outside {bounds:?}: {output}");
        }
    }
}

#[test]
fn a_stop_in_good_order_keeps_the_streams() {
    let mut server = Launch::default().setting("SERVER__DRAIN_MS", "1").start();
    append(&server.client(), "checkout", &values(0..90, 60));
    let about = json!({ "service": "checkout", "quantity": "value" });
    let before = ask(&server.client(), &about);
    server.signal("TERM");
    assert!(server.ended().success());
    let again = Launch::default().on_data_of(&server).start();
    assert_eq!(ask(&again.client(), &about), before);
    assert_eq!(before["change_points"][0]["start"], 60);
}
