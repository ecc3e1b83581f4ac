//! `kill -9` under concurrent writes: what was acknowledged is there exactly once.
use crate::support::{Answer, Client, Launch, Server, good_question, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const BRAKE: &str = "service:braked";
const ROWS: u64 = 5;

/// What the writers know, over all lives of the process.
#[derive(Default)]
struct Ledger {
    next_row: AtomicU64,
    next_service: AtomicU64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    rows: Vec<u64>,
    doubtful_rows: Vec<u64>,
    overrides: Vec<String>,
    doubtful_overrides: usize,
    /// The last acknowledged state, and the one in flight.
    brake: bool,
    brake_sent: Option<bool>,
}

fn post(client: &Client, path: &str, body: &Value) -> Result<Answer, ureq::Error> {
    client.try_ask("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
}

fn observe(client: &Client, ledger: &Ledger, start: jiff::Timestamp) -> bool {
    let first = ledger.next_row.fetch_add(ROWS, Ordering::Relaxed);
    let row = |n: u64| {
        let ts = (start + Duration::from_millis(10 * n)).to_string();
        json!({ "service": "killed", "name": "request_rate", "ts": ts, "value": n })
    };
    let body = json!({ "observations": (first..first + ROWS).map(row).collect::<Vec<_>>() });
    let answer = post(client, "/telemetry/observations", &body);
    let mut known = ledger.known.lock().unwrap();
    match answer {
        Ok(answer) => {
            assert_eq!(answer.with(200)["accepted"], ROWS);
            known.rows.extend(first..first + ROWS);
            true
        }
        Err(_) => {
            known.doubtful_rows.extend(first..first + ROWS);
            false
        }
    }
}

fn overrule(client: &Client, ledger: &Ledger) -> bool {
    let service = format!("killed-{}", ledger.next_service.fetch_add(1, Ordering::Relaxed));
    let body = json!({ "model": "extreme_events", "service": service, "output": { "scale": 2.0 }, "reason": "drill", "expires_in_s": 3_600 });
    let answer = post(client, "/safety/override", &body);
    let mut known = ledger.known.lock().unwrap();
    match answer {
        Ok(answer) => {
            known.overrides.push(answer.with(201)["id"].as_str().unwrap().to_owned());
            true
        }
        Err(_) => {
            known.doubtful_overrides += 1;
            false
        }
    }
}

fn pull(client: &Client, ledger: &Ledger) -> bool {
    let active = {
        let mut known = ledger.known.lock().unwrap();
        let active = !known.brake;
        known.brake_sent = Some(active);
        active
    };
    let body = json!({ "active": active, "reason": "drill", "scope": BRAKE });
    match post(client, "/safety/emergency-mode", &body) {
        Ok(answer) => {
            answer.with(200);
            let mut known = ledger.known.lock().unwrap();
            (known.brake, known.brake_sent) = (active, None);
            true
        }
        Err(_) => false,
    }
}

#[track_caller]
fn braked(server: &Server, service: &str) -> bool {
    let mut body = good_question();
    body["service"] = json!(service);
    let envelope = server.post("/models/extreme-events", &body).with(200);
    let by_effect = envelope["fallback"]["reason"] == "emergency";
    let status = server.get("/safety/status").with(200);
    let listed = status["emergency"].as_array().unwrap().iter().any(|one| one["scope"] == format!("service:{service}"));
    assert_eq!(by_effect, listed, "the brake's effect and its status differ: {envelope} {status}");
    listed
}

#[test]
fn everything_acknowledged_is_there_exactly_once() {
    let ledger = Ledger::default();
    let start = jiff::Timestamp::now() - Duration::from_secs(3_600);
    let mut server = Server::start();
    for round in 0..3 {
        let stop = AtomicBool::new(false);
        let count = || {
            let known = ledger.known.lock().unwrap();
            known.rows.len() + known.overrides.len()
        };
        let before = count();
        std::thread::scope(|scope| {
            let writers: [fn(&Client, &Ledger, jiff::Timestamp) -> bool; 5] = [
                observe,
                observe,
                |client, ledger, _| overrule(client, ledger),
                |client, ledger, _| overrule(client, ledger),
                |client, ledger, _| pull(client, ledger),
            ];
            for write in writers {
                let (client, ledger, stop) = (server.as_admin(), &ledger, &stop);
                scope.spawn(move || while !stop.load(Ordering::Relaxed) && write(&client, ledger, start) {});
            }
            until("enough was acknowledged", || (count() > before + 100 + 60 * round).then_some(()));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let begin = Instant::now();
        server = Launch::default().on_data_of(&server).start();
        println!("round {round}: ready {:?} after kill -9", begin.elapsed());
        let on = braked(&server, "braked");
        let mut known = ledger.known.lock().unwrap();
        assert!(on == known.brake || Some(on) == known.brake_sent, "brake {on}, acknowledged {}", known.brake);
        (known.brake, known.brake_sent) = (on, None);
    }
    let known = ledger.known.into_inner().unwrap();
    let (mut seen, mut after) = (BTreeMap::new(), String::new());
    loop {
        let page = server.get(&format!("/telemetry/observations?service=killed&limit=100{after}")).with(200);
        for row in page["observations"].as_array().unwrap() {
            *seen.entry(row["value"].as_f64().unwrap() as u64).or_insert(0) += 1;
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert!(known.rows.iter().all(|row| seen.get(row) == Some(&1)), "an acknowledged row is lost or doubled");
    assert!(seen.keys().all(|row| known.rows.contains(row) || known.doubtful_rows.contains(row)), "a row is invented");
    let status = server.get("/safety/status").with(200);
    let mut kept: Vec<&str> =
        status["overrides"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let total = kept.len();
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(kept.len(), total, "an override is there twice");
    assert!(known.overrides.iter().all(|id| kept.binary_search(&id.as_str()).is_ok()), "an override is lost");
    assert!(total <= known.overrides.len() + known.doubtful_overrides, "an override is invented");
}

#[test]
fn emergency_mode_is_in_force_from_the_first_answer_after_a_kill() {
    let mut server = Server::start();
    let admin = server.as_admin();
    let set = admin
        .post("/safety/emergency-mode", &json!({ "active": true, "reason": "drill", "scope": "service:a" }))
        .with(200);
    let blocked = json!({ "active": true, "reason": "drill", "scope": "service:b", "behaviour": "block" });
    admin.post("/safety/emergency-mode", &blocked).with(200);
    server.kill();
    let again = Launch::default().on_data_of(&server).start();
    assert!(braked(&again, "a"));
    let mut body = good_question();
    body["service"] = json!("b");
    again.post("/models/extreme-events", &body).problem(503);
    assert!(!braked(&again, "c"));
    let status = again.get("/safety/status").with(200);
    assert_eq!(status["emergency"][0], set, "who, why and since when survive as well");
    again
        .as_admin()
        .post("/safety/emergency-mode", &json!({ "active": false, "reason": "over", "scope": "service:a" }))
        .with(200);
    assert!(!braked(&again, "a"));
}

#[test]
fn features_are_caught_up_from_what_was_pushed() {
    let mut server = Server::start();
    let rows: Vec<Value> = (1..=20)
        .map(|i| json!({ "service": "checkout", "name": "latency_ms", "ts": crate::support::before_now(1_000 * (21 - i)), "value": i }))
        .collect();
    server.as_admin().post("/telemetry/observations", &json!({ "observations": rows })).with(200);
    let before = server.get("/features/checkout/history?name=latency_ms").with(200);
    server.kill();
    let again = Launch::default().on_data_of(&server).start();
    let after = until("the features are caught up", || {
        let answer = again.get("/features/checkout/history?name=latency_ms");
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(before, after);
}
