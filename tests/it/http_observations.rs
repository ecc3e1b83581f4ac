//! `/telemetry/observations`: what services measured.
use crate::support::{Server, before_now};
use serde_json::{Value, json};

fn row(ts: &str, value: f64) -> Value {
    json!({ "service": "checkout", "name": "request_rate", "ts": ts, "value": value })
}

fn batch(rows: &[Value]) -> Value {
    json!({ "observations": rows })
}

#[track_caller]
fn kept(server: &Server) -> Vec<f64> {
    let page = server.get("/telemetry/observations?service=checkout").with(200);
    page["observations"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap()).collect()
}

#[test]
fn what_was_acknowledged_is_read_back_as_it_was_sent() {
    let server = Server::start();
    let ts = before_now(5_000);
    let answer = server.as_admin().post("/telemetry/observations", &batch(&[row(&ts, 0.1 + 0.2)])).with(200);
    assert_eq!(answer, json!({ "accepted": 1, "duplicates": 0, "rejected": [] }));
    let page = server.get("/telemetry/observations?service=checkout&name=request_rate").with(200);
    let read = &page["observations"][0];
    assert_eq!((&read["service"], &read["name"]), (&json!("checkout"), &json!("request_rate")));
    let time = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!((time(&read["ts"]), read["value"].as_f64()), (time(&json!(ts)), Some(0.1 + 0.2)));
    assert_eq!(page["next"], Value::Null);
    assert!((server.metric("telemetry_samples_total{source=\"push\"}") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_key_counts_once_and_its_first_value_stays() {
    let server = Server::start();
    let admin = server.as_admin();
    let (first, second) = (before_now(5_000), before_now(4_000));
    let answer = admin.post("/telemetry/observations", &batch(&[row(&first, 1.0), row(&first, 9.0)])).with(200);
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(1)));
    let answer = admin.post("/telemetry/observations", &batch(&[row(&first, 7.0), row(&second, 2.0)])).with(200);
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(1)));
    assert_eq!(kept(&server), [1.0, 2.0]);
    // The same moment in another zone is the same key.
    let zoned = first.parse::<jiff::Timestamp>().unwrap() + std::time::Duration::from_secs(7_200);
    let zoned = format!("{zoned:.3}").replace('Z', "+02:00");
    assert_eq!(
        admin.post("/telemetry/observations", &batch(&[row(&zoned, 3.0)])).with(200)["duplicates"],
        1,
        "{zoned}"
    );
}

#[test]
fn late_and_unordered_rows_are_kept_and_read_in_order() {
    let server = Server::start();
    let hour = 3_600_000;
    let rows =
        [(2_000, 3.0), (23 * hour, 1.0), (1_000, 4.0), (hour, 2.0)].map(|(ago, value)| row(&before_now(ago), value));
    assert_eq!(server.as_admin().post("/telemetry/observations", &batch(&rows)).with(200)["accepted"], 4);
    assert_eq!(kept(&server), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_malformed_row_is_named_by_its_index_and_the_others_are_kept() {
    let server = Server::start();
    let (good, ahead) = (before_now(1_000), jiff::Timestamp::now() + std::time::Duration::from_secs(3_600));
    let with = |field: &str, value: Value| {
        let mut row = row(&good, 1.0);
        row[field] = value;
        row
    };
    let bad = [
        json!(5),
        json!(null),
        json!({}),
        with("value", json!("x")),
        with("value", Value::Null),
        with("ts", json!("yesterday")),
        with("ts", json!(5)),
        with("ts", json!(before_now(25 * 3_600_000))),
        with("ts", json!(ahead.to_string())),
        with("service", json!("")),
        with("service", json!("x".repeat(201))),
        with("name", json!("a\u{0}b")),
        with("unit", json!("ms")),
    ];
    let mut rows = vec![row(&good, 1.0)];
    rows.extend(bad.iter().cloned());
    rows.push(row(&before_now(500), 2.0));
    let answer = server.as_admin().post("/telemetry/observations", &batch(&rows)).with(200);
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(0)), "{answer}");
    let rejected = answer["rejected"].as_array().unwrap();
    let indices: Vec<u64> = rejected.iter().map(|one| one["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, (1..=bad.len() as u64).collect::<Vec<_>>());
    assert!(rejected.iter().all(|one| one["message"].as_str().is_some_and(|text| !text.is_empty())), "{answer}");
    assert_eq!(kept(&server), [1.0, 2.0]);
}

#[test]
fn an_empty_batch_is_nothing_and_a_body_without_one_is_refused() {
    let server = Server::start();
    let admin = server.as_admin();
    let nothing = json!({ "accepted": 0, "duplicates": 0, "rejected": [] });
    assert_eq!(admin.post("/telemetry/observations", &batch(&[])).with(200), nothing);
    assert_eq!(admin.post("/telemetry/observations", &json!({})).pointers(), ["/observations"]);
    assert_eq!(admin.post("/telemetry/observations", &json!({ "observations": {} })).pointers(), ["/observations"]);
    let many = batch(&vec![json!(0); 50_001]);
    assert_eq!(admin.post("/telemetry/observations", &many).pointers(), ["/observations"]);
    server.with_role("vera", "viewer").post("/telemetry/observations", &batch(&[])).problem(403);
    server.with_role("otto", "operator").post("/telemetry/observations", &batch(&[])).with(200);
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let server = Server::start();
    let rows: Vec<Value> = (0..25).map(|i| row(&before_now(60_000 - 1_000 * i), i as f64)).collect();
    server.as_admin().post("/telemetry/observations", &batch(&rows)).with(200);
    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/telemetry/observations?service=checkout&name=request_rate&limit=10{after}");
        let page = server.get(&path).with(200);
        pages += 1;
        seen.extend(page["observations"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap()));
        match page["next"].as_str() {
            Some(next) => {
                after = format!("&after={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>())
            }
            None => break,
        }
    }
    assert_eq!((seen, pages), ((0..25).map(f64::from).collect::<Vec<_>>(), 3));
}
