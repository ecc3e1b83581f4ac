//! A recorded failure, played back, is flagged.
//!
//! `data/latency.csv` is made up: five minutes of a gateway's latency, whose last seconds are a failure. It was written by
//!
//! ```python
//! import datetime, random
//! random.seed(7)
//! start = datetime.datetime(2026, 3, 2, 14, 30, tzinfo=datetime.timezone.utc)
//! rows = [random.lognormvariate(2.5, 0.35) for _ in range(297)] + [31.0, 44.0, 620.0]
//! print("ts,service,name,value")
//! for second, value in enumerate(rows):
//!     ts = (start + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
//!     print(f"{ts},order-gateway,latency_ms,{value:.2f}")
//! ```
use crate::support::{Launch, Server, until};
use serde_json::{Value, json};

const ROWS: usize = 300;

fn recording() -> String {
    format!("{}/tests/it/data/latency.csv", env!("CARGO_MANIFEST_DIR"))
}

fn play(path: &str) -> Server {
    Launch::default().argument("--replay").argument(path).argument("--speed").argument("100000").start()
}

#[track_caller]
fn played(server: &Server, rows: usize) -> Vec<f64> {
    until("the whole file was played", || {
        let answer = server.get("/features/order-gateway/history?name=latency_ms&limit=5000");
        let history = if answer.status == 200 { answer.json()["history"].take() } else { json!([]) };
        let values: Vec<f64> = history.as_array().unwrap().iter().map(|one| one["value"].as_f64().unwrap()).collect();
        (values.len() == rows).then_some(values)
    })
}

#[test]
fn the_failure_at_its_end_is_a_black_swan() {
    let server = play(&recording());
    let text = std::fs::read_to_string(recording()).unwrap();
    let expected: Vec<f64> =
        text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(expected.len(), ROWS);
    assert_eq!(played(&server, ROWS), expected, "in order, once each");
    let envelope = server.post("/models/extreme-events", &json!({ "service": "order-gateway" })).with(200);
    assert_eq!(
        (&envelope["source"], &envelope["output"]["is_black_swan"]),
        (&json!("model"), &json!(true)),
        "{envelope}"
    );
    let swan = &envelope["output"]["black_swan"];
    assert_eq!((&swan["candidate"], &swan["horizon_observations"]), (&json!(620.0), &json!(300.0)));
    assert!(swan["probability"].as_f64().unwrap() < 1e-3, "{swan}");
    assert_eq!(
        (&envelope["features"]["latency_ms"]["value"], &envelope["features"]["latency_ms"]["stale"]),
        (&json!(620.0), &json!(false))
    );
    let sources = server.get("/health").with(200)["sources"].take();
    let names: Vec<&Value> = sources.as_array().unwrap().iter().map(|source| &source["name"]).collect();
    assert!(names.contains(&&json!("replay")) && !names.contains(&&json!("simulator")), "{names:?}");
}

#[test]
fn before_the_failure_nothing_is_flagged() {
    let text = std::fs::read_to_string(recording()).unwrap();
    let calm: Vec<&str> = text.lines().take(1 + ROWS - 3).collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("calm.csv");
    std::fs::write(&path, calm.join("\n")).unwrap();
    let server = play(path.to_str().unwrap());
    played(&server, ROWS - 3);
    let envelope = server.post("/models/extreme-events", &json!({ "service": "order-gateway" })).with(200);
    assert_eq!(
        (&envelope["source"], &envelope["output"]["is_black_swan"]),
        (&json!("model"), &json!(false)),
        "{envelope}"
    );
}
