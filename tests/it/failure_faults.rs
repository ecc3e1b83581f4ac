//! Faults injected into actors: the caller gets the fallback in time, nobody else notices, everything comes back.
use crate::support::{Client, Launch, Server, before_now, good_question, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const DEADLINE_MS: u64 = 500;

#[track_caller]
fn inject(admin: &Client, actor: &str, kind: &str, duration_ms: u64, count: u32) -> u16 {
    let fault = json!({ "actor": actor, "kind": kind, "duration_ms": duration_ms, "count": count });
    admin.post("/admin/faults", &fault).status
}

fn question() -> Value {
    let mut body = good_question();
    body["deadline_ms"] = json!(DEADLINE_MS);
    body
}

#[track_caller]
fn restarts(server: &Server, actor: &str) -> Vec<(&'static str, f64)> {
    let causes = ["panic", "hang", "error", "gave_up", "sibling", "supervisor"];
    let series = |cause| format!("actor_restarts_total{{actor=\"{actor}\",cause=\"{cause}\"}}");
    causes.into_iter().map(|cause| (cause, server.metric(&series(cause)))).filter(|(_, count)| *count > 0.0).collect()
}

/// Everything but the model, without pause, until told to stop; counts its answers.
fn bystander(client: &Client, number: usize, stop: &AtomicBool, answers: &AtomicUsize) {
    let mut sent = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        sent += 1;
        for path in ["/health", "/safety/status", "/models/list", "/config/active", "/features", "/metrics"] {
            client.get(path).with_status(200);
        }
        let row = json!({ "service": format!("b{number}"), "name": "n", "ts": before_now(1_000), "value": sent });
        client.post("/telemetry/observations", &json!({ "observations": [row] })).with(200);
        answers.fetch_add(7, Ordering::Relaxed);
    }
}

/// One fault of this kind at the model; the restarts that it costs, by cause.
#[track_caller]
fn one_fault(kind: &str, duration_ms: u64, reason: &str, cost: &[(&str, f64)]) {
    let server = Server::with_faults();
    let (stop, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let bystanders = [0, 1].map(|number| {
            let (client, stop, answers) = (server.as_admin(), &stop, &answers);
            scope.spawn(move || bystander(&client, number, stop, answers))
        });
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            assert_eq!(server.post("/models/extreme-events", &question()).with(200)["source"], "model");
            assert_eq!(inject(&server.as_admin(), "extreme_events", kind, duration_ms, 1), 201);
            let envelope = server.post("/models/extreme-events", &question()).with(200);
            assert_eq!(envelope["fallback"], json!({ "reason": reason, "kind": "approved" }), "{envelope}");
            // For a busy machine's sake, twice as late as promised.
            assert!(envelope["latency_ms"].as_f64().unwrap() < 2.0 * DEADLINE_MS as f64, "{envelope}");
            until("every replica answers again", || {
                let again = |_| server.post("/models/extreme-events", &question()).with(200)["source"] == "model";
                (0..8).all(again).then_some(())
            });
            until("the cost is counted", || (restarts(&server, "extreme_events") == cost).then_some(()));
        }));
        let before = answers.load(Ordering::Relaxed);
        until("the others are still answered", || (answers.load(Ordering::Relaxed) > before).then_some(()));
        stop.store(true, Ordering::Relaxed);
        for bystander in bystanders {
            bystander.join().expect("the others notice nothing");
        }
        checked.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
    });
    assert_eq!(restarts(&server, "extreme_events"), cost, "counted once");
    for actor in ["root", "models", "safety", "store", "keys", "features", "push", "simulator", "config", "telemetry"] {
        assert_eq!(restarts(&server, actor), [], "{actor} notices");
    }
    assert_eq!(server.get("/health").with(200)["status"], "ok");
}

#[test]
fn a_model_that_panics() {
    one_fault("panic", 0, "panic", &[("panic", 1.0)]);
}

#[test]
fn a_model_that_hangs() {
    one_fault("hang", 6_000, "deadline", &[("hang", 1.0)]);
}

#[test]
fn a_model_that_reports_an_error() {
    one_fault("error", 0, "error", &[]);
}

#[test]
fn a_model_that_says_nan() {
    one_fault("nan", 0, "nan", &[]);
}

#[test]
fn a_model_that_is_slow() {
    one_fault("slow", 1_500, "deadline", &[]);
}

/// Lets every kind of actor meet a message.
fn stir(server: &Server, admin: &Client) {
    let row = json!({ "service": "s", "name": "n", "ts": before_now(1_000), "value": 1 });
    let refusable = [
        admin.post("/telemetry/observations", &json!({ "observations": [row] })),
        admin.post("/safety/emergency-mode", &json!({ "active": true, "reason": "x", "scope": "service:elsewhere" })),
        admin.post("/admin/keys", &json!({ "name": "k", "role": "viewer" })),
    ];
    for answer in refusable {
        if answer.status >= 300 {
            answer.problem(503);
            assert_ne!(answer.header("retry-after"), "", "{}", answer.shown());
        }
    }
    server.post("/models/extreme-events", &question()).with(200);
    server.post("/models/regime-detection", &json!({ "service": "s", "values": [1.0] })).with(200);
    server.post("/models/bandit", &json!({ "experiment": "stir", "arms": ["a", "b"] })).with(200);
}

#[track_caller]
fn actors(server: &Server) -> Vec<Value> {
    server.get("/health").with(200)["actors"].as_array().unwrap().clone()
}

#[test]
fn every_actor_comes_back_from_a_panic() {
    let server =
        Launch::default().setting("FAULTS__ENABLED", "true").setting("SUPERVISION__MAX_RESTARTS", "1000").start();
    let admin = server.as_admin();
    let names: Vec<String> = actors(&server).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in &names {
        if name == "root" {
            assert_eq!(inject(&admin, name, "panic", 0, 1), 409);
            continue;
        }
        assert_eq!(inject(&admin, name, "panic", 0, 1), 201, "{name}");
        until(&format!("{name} panics and is running again"), || {
            stir(&server, &admin);
            let all = actors(&server);
            let me = all.iter().find(|one| one["name"] == name.as_str())?;
            let panicked = restarts(&server, name).contains(&("panic", 1.0));
            (panicked && all.iter().all(|one| one["state"] == "running") && !me["last_failure"].is_null()).then_some(())
        });
    }
    for name in names.iter().filter(|name| *name != "root") {
        let panics: Vec<_> = restarts(&server, name).into_iter().filter(|(cause, _)| *cause == "panic").collect();
        assert_eq!(panics, [("panic", 1.0)], "{name}: an injected panic counts once, at its own actor");
    }
    until("everything is well", || (server.get("/health").with(200)["status"] == "ok").then_some(()));
    assert_eq!(server.post("/models/extreme-events", &question()).with(200)["source"], "model");
}

#[test]
fn actors_that_hang_are_replaced() {
    let server = Launch::default()
        .setting("FAULTS__ENABLED", "true")
        .setting("SUPERVISION__MAX_RESTARTS", "1000")
        .setting("SUPERVISION__MAX_LEAKED_THREADS", "100")
        .setting("SUPERVISION__HEARTBEAT_MS", "1000")
        .start();
    let admin = server.as_admin();
    for name in ["push", "safety", "store"] {
        assert_eq!(inject(&admin, name, "hang", 60_000, 1), 201, "{name}");
        let hangs = |server: &Server| -> f64 {
            let of = |actor: &Value| restarts(server, actor["name"].as_str().unwrap());
            actors(server).iter().flat_map(of).filter(|(cause, _)| *cause == "hang").map(|(_, count)| count).sum()
        };
        let before = hangs(&server);
        // Actors that share its thread go down with it; the hang is booked at whichever misses its beat first.
        until(&format!("{name} hangs"), || {
            stir(&server, &admin);
            (hangs(&server) > before && !restarts(&server, name).is_empty()).then_some(())
        });
        until("every actor is running again", || {
            actors(&server).iter().all(|one| one["state"] == "running").then_some(())
        });
        until("writes are taken again", || {
            let brake = json!({ "active": false, "reason": "x", "scope": "service:elsewhere" });
            (admin.post("/safety/emergency-mode", &brake).status == 200).then_some(())
        });
    }
    assert_eq!(server.get("/health").with(200)["leaked_threads"], 3);
}

/// An abandoned thread comes to itself after its actor has been replaced: that is no failure of anybody.
#[test]
fn a_hung_thread_that_wakes_up_disturbs_nobody() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    assert_eq!(inject(&admin, "push", "hang", 4_000, 1), 201);
    until("the thread is abandoned", || {
        stir(&server, &admin);
        (server.get("/health").with(200)["leaked_threads"] == 1).then_some(())
    });
    until("the thread wakes up", || (server.get("/health").with(200)["leaked_threads"] == 0).then_some(()));
    let health = until("everything is well", || {
        let health = server.get("/health").with(200);
        let restarting = health["actors"].as_array().unwrap().iter().filter(|one| one["state"] != "running").count();
        (health["status"] == "ok" || restarting > 0).then_some(health)
    });
    stir(&server, &admin);
    let push = health["actors"].as_array().unwrap().iter().find(|one| one["name"] == "push").unwrap();
    assert_eq!((&push["state"], &push["restarts"]), (&json!("running"), &json!(1)), "{push}");
    assert!(!server.get("/metrics").text().contains("cause=\"stopped\""), "a restart by a cause that there is not");
}

/// A flood with faults of all kinds: no answer of a model is anything but 200, none is later than twice its deadline.
#[test]
fn answers_keep_coming_while_faults_rain() {
    let server = Launch::default()
        .setting("FAULTS__ENABLED", "true")
        .setting("SUPERVISION__MAX_RESTARTS", "1000")
        .setting("SUPERVISION__BACKOFF_MAX_MS", "100")
        .start();
    let admin = server.as_admin();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let askers = [0, 1, 2].map(|_| {
            let (client, stop) = (server.client(), &stop);
            scope.spawn(move || {
                let (mut model, mut fallback) = (0_u32, 0_u32);
                while !stop.load(Ordering::Relaxed) {
                    let envelope = client.post("/models/extreme-events", &question()).with(200);
                    match envelope["source"].as_str().unwrap() {
                        "model" => model += 1,
                        "fallback" => fallback += 1,
                        other => panic!("{other}"),
                    }
                    assert!(envelope["latency_ms"].as_f64().unwrap() < 2.0 * DEADLINE_MS as f64, "{envelope}");
                }
                (model, fallback)
            })
        });
        for kind in ["panic", "error", "nan", "slow", "panic", "error", "nan"].iter().cycle().take(21) {
            assert_eq!(inject(&admin, "extreme_events", kind, 50, 2), 201);
            std::thread::sleep(Duration::from_millis(50));
        }
        until("all of them have struck", || {
            let faults = admin.get("/admin/faults").with(200)["faults"].take();
            faults.as_array().unwrap().iter().all(|fault| fault["left"] == 0).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
        let mut total = (0, 0);
        for asker in askers {
            let (model, fallback) = asker.join().unwrap();
            total = (total.0 + model, total.1 + fallback);
        }
        assert!(total.0 > 0 && total.1 > 0, "{total:?}");
    });
    until("the panics are counted", || (restarts(&server, "extreme_events") == [("panic", 12.0)]).then_some(()));
}
