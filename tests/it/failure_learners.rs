//! Online learners that fail or are killed: the caller gets the fallback in time, what was acknowledged counts exactly once.
use crate::support::{Client, Launch, Server, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const DEADLINE_MS: u64 = 500;

fn question() -> Value {
    let arms = ["old", "new", "newer"];
    json!({ "experiment": "killed", "arms": arms, "context": { "x": 0.5 }, "canary_pct": 10, "deadline_ms": DEADLINE_MS })
}

/// What its writers know of an experiment, over all lives of the process.
#[derive(Default)]
struct Ledger {
    /// Arm of each decision that was answered.
    decisions: Mutex<BTreeMap<String, String>>,
    /// Rewards that were acknowledged, and those of which nobody knows.
    rewards: Mutex<BTreeMap<String, f64>>,
    unsure: Mutex<BTreeMap<String, f64>>,
    /// Decisions that may have been made without being answered.
    doubtful: AtomicU64,
    number: AtomicU64,
}

fn post(client: &Client, path: &str, body: &Value) -> Result<crate::support::Answer, ureq::Error> {
    client.try_ask("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
}

/// One decision, and for three of four its reward; false when the process is gone.
fn decide_and_reward(client: &Client, ledger: &Ledger) -> bool {
    let Ok(answer) = post(client, "/models/bandit", &question()) else {
        ledger.doubtful.fetch_add(1, Ordering::Relaxed);
        return false;
    };
    let envelope = answer.with(200);
    let Some(id) = envelope["output"]["decision_id"].as_str() else { panic!("no decision: {envelope}") };
    let arm = envelope["output"]["arm"].as_str().unwrap().to_owned();
    assert_eq!(ledger.decisions.lock().unwrap().insert(id.to_owned(), arm), None, "an identity is given twice");
    let number = ledger.number.fetch_add(1, Ordering::Relaxed);
    if number.is_multiple_of(4) {
        return true;
    }
    let value = (number % 97) as f64 / 8.0;
    ledger.unsure.lock().unwrap().insert(id.to_owned(), value);
    for _ in 0..1 + number % 2 {
        let Ok(answer) = post(client, &format!("/models/bandit/{id}/reward"), &json!({ "reward": value })) else {
            return false;
        };
        assert_eq!(answer.with(200)["accepted"], true);
        ledger.unsure.lock().unwrap().remove(id);
        ledger.rewards.lock().unwrap().insert(id.to_owned(), value);
    }
    true
}

#[test]
fn decisions_and_rewards_survive_kills_exactly_once() {
    let ledger = Ledger::default();
    let mut server = Server::start();
    for round in 0..4 {
        let stop = AtomicBool::new(false);
        let before = ledger.rewards.lock().unwrap().len();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let (client, ledger, stop) = (server.as_admin(), &ledger, &stop);
                scope.spawn(move || while !stop.load(Ordering::Relaxed) && decide_and_reward(&client, ledger) {});
            }
            let enough = before + 60 + 37 * round;
            until("enough was acknowledged", || (ledger.rewards.lock().unwrap().len() > enough).then_some(()));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let begin = Instant::now();
        server = Launch::default().on_data_of(&server).start();
        println!("round {round}: ready {:?} after kill -9", begin.elapsed());
    }
    let Ledger { decisions, rewards, unsure, doubtful, .. } = ledger;
    let (decisions, mut rewards) = (decisions.into_inner().unwrap(), rewards.into_inner().unwrap());
    let admin = server.as_admin();
    for (id, value) in unsure.into_inner().unwrap() {
        post(&admin, &format!("/models/bandit/{id}/reward"), &json!({ "reward": value })).unwrap().with(200);
        rewards.insert(id, value);
    }
    let details = server.get("/models/bandit/killed").with(200);
    let kept = details["decisions"].as_u64().unwrap();
    let acknowledged = decisions.len() as u64;
    assert!(
        (acknowledged..=acknowledged + doubtful.into_inner()).contains(&kept),
        "{kept} kept, {acknowledged} answered"
    );
    for arm in details["arms"].as_array().unwrap() {
        let mine: Vec<f64> =
            rewards.iter().filter(|(id, _)| arm["arm"] == decisions[*id]).map(|(_, value)| *value).collect();
        assert_eq!(arm["rewards"].as_u64(), Some(mine.len() as u64), "{arm}");
        if !mine.is_empty() {
            let mean = mine.iter().sum::<f64>() / mine.len() as f64;
            assert!((arm["mean_reward"].as_f64().unwrap() - mean).abs() < 1e-9, "{arm} instead of {mean}");
        }
    }
    for (id, value) in rewards.iter().step_by(7) {
        post(&admin, &format!("/models/bandit/{id}/reward"), &json!({ "reward": value + 1.0 })).unwrap().problem(409);
    }
    for id in decisions.keys().filter(|id| !rewards.contains_key(*id)).take(20) {
        post(&admin, &format!("/models/bandit/{id}/reward"), &json!({ "reward": 1.0 })).unwrap().with(200);
    }
}

#[track_caller]
fn inject(admin: &Client, kind: &str, duration_ms: u64) {
    let fault = json!({ "actor": "bandit", "kind": kind, "duration_ms": duration_ms, "count": 1 });
    admin.post("/admin/faults", &fault).with(201);
}

/// Every kind of fault: the baseline in time, nobody else notices, and afterwards everything is there.
#[test]
fn a_bandit_that_fails_serves_the_baseline_in_time_and_comes_back_with_everything() {
    let server = Server::with_faults();
    let (admin, ledger) = (server.as_admin(), Ledger::default());
    let stop = AtomicBool::new(false);
    (0..20).for_each(|_| assert!(decide_and_reward(&admin, &ledger)));
    std::thread::scope(|scope| {
        let bystander = {
            let (client, stop) = (server.as_admin(), &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let envelope = client.post("/models/extreme-events", &crate::support::good_question()).with(200);
                    assert_eq!(envelope["source"], "model");
                    for path in ["/health", "/models/bandit/killed", "/safety/status"] {
                        client.get(path).with_status(200);
                    }
                }
            })
        };
        for (kind, duration_ms, reason) in [
            ("panic", 0, "panic"),
            ("hang", 6_000, "deadline"),
            ("error", 0, "error"),
            ("nan", 0, "nan"),
            ("slow", 1_500, "deadline"),
        ] {
            let before = server.get("/models/bandit/killed").with(200);
            inject(&admin, kind, duration_ms);
            let envelope = server.post("/models/bandit", &question()).with(200);
            assert_eq!(envelope["fallback"], json!({ "reason": reason, "kind": "approved" }), "{kind}: {envelope}");
            assert_eq!((&envelope["output"]["arm"], &envelope["output"]["decision_id"]), (&json!("old"), &Value::Null));
            assert!(envelope["latency_ms"].as_f64().unwrap() < 2.0 * DEADLINE_MS as f64, "{kind}: {envelope}");
            until(&format!("decisions are made again after {kind}"), || {
                (server.post("/models/bandit", &question()).with(200)["source"] == "model").then_some(())
            });
            let after = server.get("/models/bandit/killed").with(200);
            assert_eq!(after["rewards"], before["rewards"], "{kind}");
            assert!(after["decisions"].as_u64() > before["decisions"].as_u64(), "{kind}");
            (0..5).for_each(|_| assert!(decide_and_reward(&admin, &ledger)));
        }
        stop.store(true, Ordering::Relaxed);
        bystander.join().expect("the others notice nothing");
    });
    let details = server.get("/models/bandit/killed").with(200);
    assert_eq!(details["rewards"].as_u64(), Some(ledger.rewards.lock().unwrap().len() as u64));
}

/// A write whose owner is down is put off with 503, and sending it again counts once.
#[test]
fn a_reward_whose_owner_is_down_is_put_off_and_counts_once_when_it_is_sent_again() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    let decided = server.post("/models/bandit", &question()).with(200);
    let path = format!("/models/bandit/{}/reward", decided["output"]["decision_id"].as_str().unwrap());
    inject(&admin, "error", 0);
    let refused = admin.post(&path, &json!({ "reward": 2.0 }));
    refused.problem(503);
    assert_ne!(refused.header("retry-after"), "");
    for repeated in [false, true] {
        assert_eq!(admin.post(&path, &json!({ "reward": 2.0 })).with(200)["repeated"], repeated);
    }
    assert_eq!(server.get("/models/bandit/killed").with(200)["rewards"], 1);
}

/// A long log is replayed before the process says that it is ready.
#[test]
fn readiness_waits_until_the_log_is_replayed() {
    let mut server = Server::start();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let client = server.client();
            scope.spawn(move || (0..150).for_each(|_| drop(client.post("/models/bandit", &question()).with(200))));
        }
    });
    server.kill();
    let again = Launch::default().on_data_of(&server).start();
    assert_eq!(again.get("/models/bandit/killed").with(200)["decisions"], 600);
    std::thread::sleep(Duration::from_millis(10));
    assert_eq!(again.post("/models/bandit", &question()).with(200)["source"], "model");
}
