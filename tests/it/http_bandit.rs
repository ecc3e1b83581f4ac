//! `/models/bandit`: decisions, rewards, and the experiments they belong to.
use crate::support::{Client, Launch, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn question(experiment: &str) -> Value {
    json!({ "experiment": experiment, "arms": ["old", "new", "newer"], "context": { "load": 0.5, "age": 2.0 } })
}

fn asking(experiment: &str, more: &Value) -> Value {
    let mut body = question(experiment);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[track_caller]
fn decide(client: &Client, body: &Value) -> Value {
    let envelope = client.post("/models/bandit", body).with(200);
    assert_eq!(envelope["source"], "model", "{envelope}");
    envelope["output"].clone()
}

#[track_caller]
fn id(output: &Value) -> String {
    output["decision_id"].as_str().unwrap_or_else(|| panic!("no decision: {output}")).to_owned()
}

fn reward(client: &Client, decision: &str, value: f64) -> crate::support::Answer {
    client.post(&format!("/models/bandit/{decision}/reward"), &json!({ "reward": value }))
}

#[track_caller]
fn details(client: &Client, experiment: &str) -> Value {
    client.get(&format!("/models/bandit/{experiment}")).with(200)
}

#[track_caller]
fn arm<'a>(details: &'a Value, name: &str) -> &'a Value {
    details["arms"].as_array().unwrap().iter().find(|arm| arm["arm"] == name).unwrap()
}

#[test]
fn an_arm_is_served_with_its_true_propensity_and_its_reward_counts_once() {
    let server = Server::start();
    let operator = server.with_role("rewards", "operator");
    let mut served: BTreeMap<String, (u32, Vec<String>)> = BTreeMap::new();
    for _ in 0..400 {
        let output = decide(&operator, &asking("law", &json!({ "canary_pct": 10.0, "explore_share": 0.5 })));
        let arm = output["arm"].as_str().unwrap().to_owned();
        // p(baseline) = 1 - c; p(a) = c [(1 - e) 1(a = pick) + e / |S|], with c = 0.1, e = 0.5 and ties of two picks at first.
        let expected: &[f64] = if arm == "old" { &[0.9] } else { &[0.025, 0.05, 0.075] };
        let propensity = output["propensity"].as_f64().unwrap();
        assert!(expected.iter().any(|one| (one - propensity).abs() < 1e-12), "{output}");
        assert_eq!(output["explored"], json!(arm != "old" && output["pick"] != json!(arm)));
        let entry = served.entry(arm).or_default();
        entry.0 += 1;
        entry.1.push(id(&output));
    }
    // 400 draws of 0.9: 360 with a standard deviation of 6.
    assert!((330..=390).contains(&served["old"].0), "{:?}", served["old"].0);
    let mut sum = 0.0;
    for (number, decision) in served["old"].1.iter().enumerate().take(50) {
        let value = number as f64 / 7.0;
        sum += value;
        assert_eq!(reward(&operator, decision, value).with(200), json!({ "accepted": true, "repeated": false }));
        assert_eq!(reward(&operator, decision, value).with(200), json!({ "accepted": true, "repeated": true }));
        reward(&operator, decision, value + 1.0).problem(409);
    }
    reward(&operator, "01ARZ3NDEKTSV4RRFFQ69G5FAV", 1.0).problem(404);
    reward(&operator, "no-decision", 1.0).problem(404);
    let details = details(&server.client(), "law");
    assert_eq!((&details["decisions"], &details["rewards"]), (&json!(400), &json!(50)));
    let old = arm(&details, "old");
    assert!((old["mean_reward"].as_f64().unwrap() - sum / 50.0).abs() < 1e-12, "{old}");
    assert_eq!(old["decisions"].as_u64().unwrap() - 50, old["pending"].as_u64().unwrap());
    let [lower, upper] = ["lower", "upper"].map(|bound| old["interval"][bound].as_f64().unwrap());
    assert!(lower < sum / 50.0 && sum / 50.0 < upper);
    let series = format!("bandit_decisions_total{{experiment=\"law\",arm=\"old\"}} {}", served["old"].0);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains(&series), "no {series}");
    let all = server.get("/models/bandit").with(200);
    assert_eq!(all["experiments"][0]["experiment"], "law", "{all}");
}

#[test]
fn what_does_not_fit_is_refused_by_field_and_changes_nothing() {
    let server = Server::start();
    let client = server.client();
    decide(&client, &question("known"));
    let too_many: BTreeMap<String, f64> = (0..200).map(|n| (format!("x{n}"), 1.0)).collect();
    let cases = [
        (json!({ "experiment": "x" }), "/arms"),
        (asking("x", &json!({ "arms": ["a", "b", "a"] })), "/arms/2"),
        (asking("x", &json!({ "arms": [] })), "/arms"),
        (asking("x", &json!({ "arms": ["a", ""] })), "/arms/1"),
        (asking("x", &json!({ "baseline": "other" })), "/baseline"),
        (asking("x", &json!({ "policy": "alchemy" })), "/policy"),
        (asking("x", &json!({ "canary_pct": 10.5 })), "/canary_pct"),
        (asking("x", &json!({ "canary_pct": -1 })), "/canary_pct"),
        (asking("x", &json!({ "mode": "dead" })), "/mode"),
        (asking("x", &json!({ "context": too_many })), "/context"),
        (asking("x", &json!({ "context": { "x": "high" } })), "/context/x"),
        (asking("x", &json!({ "alpha": -1 })), "/alpha"),
        (asking("x", &json!({ "discount": 1.5 })), "/discount"),
        (asking("x", &json!({ "discount": 0.99, "window": 10 })), "/window"),
        (asking("x", &json!({ "explore_share": 0 })), "/explore_share"),
        (asking("x", &json!({ "reward_range": { "lower": 1.0, "upper": 1.0 } })), "/reward_range"),
        (asking("x", &json!({ "reward_timeout_s": 0 })), "/reward_timeout_s"),
        (asking("x", &json!({ "bucket_key": "k".repeat(201) })), "/bucket_key"),
        (asking("x", &json!({ "surprise": 1 })), "/surprise"),
        // What speaks of another experiment than the one that exists.
        (asking("known", &json!({ "arms": ["old", "new"] })), "/arms"),
        (asking("known", &json!({ "arms": ["new", "old", "newer"] })), "/arms"),
        (asking("known", &json!({ "baseline": "new" })), "/baseline"),
        (asking("known", &json!({ "policy": "ucb1" })), "/policy"),
        (asking("known", &json!({ "alpha": 3.0 })), "/alpha"),
        (asking("known", &json!({ "context": { "load": 1.0, "age": 2.0, "mood": 1.0 } })), "/context/mood"),
        (asking("known", &json!({ "context": { "load": 1.0 } })), "/context"),
    ];
    for (body, pointer) in cases {
        assert_eq!(client.post("/models/bandit", &body).pointers(), [pointer], "{body}");
    }
    let all = server.get("/models/bandit").with(200);
    assert_eq!((all["experiments"].as_array().unwrap().len(), &all["experiments"][0]["decisions"]), (1, &json!(1)));
    server.get("/models/bandit/x").problem(404);
    decide(&client, &asking("known", &json!({ "arms": ["old", "newer", "new"], "policy": "lin_ucb", "alpha": 0.5 })));
}

#[test]
fn numbers_of_any_size_are_contexts_and_rewards_like_others() {
    let server = Server::start();
    let admin = server.as_admin();
    let output = decide(&admin, &asking("huge", &json!({ "context": { "load": -1e300, "age": 1e-300 } })));
    reward(&admin, &id(&output), 1e300).with(200);
    reward(&admin, &id(&decide(&admin, &question("huge"))), -1e300).with(200);
    let output = decide(&admin, &asking("huge", &json!({ "context": { "load": 1e300, "age": 1e300 } })));
    assert!(output["scores"].as_object().unwrap().values().all(Value::is_number), "{output}");
    let details = details(&admin, "huge");
    assert_eq!(details["rewards"], 2);
    assert!(details["arms"].as_array().unwrap().iter().all(|arm| !arm["mean_reward"].is_string()), "{details}");
    let path = format!("/models/bandit/{}/reward", id(&output));
    let headers = [("content-type", "application/json")];
    assert_eq!(admin.ask("POST", &path, &headers, br#"{"reward": 1e999}"#).pointers(), ["/reward"]);
    admin.ask("POST", &path, &headers, br#"{"reward": NaN}"#).problem(400); // no JSON
}

#[test]
fn a_bounded_experiment_refuses_rewards_outside_and_late_ones() {
    let server = Server::start();
    let admin = server.as_admin();
    let body = asking("bounded", &json!({ "policy": "beta_ts", "reward_timeout_s": 1 }));
    let (first, second) = (id(&decide(&admin, &body)), id(&decide(&admin, &body)));
    assert_eq!(reward(&admin, &first, 1.5).pointers(), ["/reward"]);
    reward(&admin, &first, 0.5).with(200);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    reward(&admin, &second, 0.5).problem(410);
    reward(&admin, &first, 0.5).with(200); // sent again: it counted in time
    assert_eq!(details(&admin, "bounded")["rewards"], 1);
}

#[test]
fn a_key_keeps_its_arm_and_a_shadow_serves_the_baseline() {
    let server = Server::start();
    let client = server.client();
    let mut arms = BTreeMap::new();
    for key in 0..60 {
        let body = asking("sticky", &json!({ "bucket_key": format!("desk-{key}"), "canary_pct": 10 }));
        let first = decide(&client, &body)["arm"].clone();
        for _ in 0..4 {
            assert_eq!(decide(&client, &body)["arm"], first);
        }
        *arms.entry(first.as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert!(arms["old"] < 60, "no key of sixty left the baseline");
    for _ in 0..30 {
        let output = decide(&client, &asking("shadow", &json!({ "mode": "shadow", "canary_pct": 10 })));
        assert_eq!(
            (&output["arm"], &output["propensity"], &output["canary_pct"]),
            (&json!("old"), &json!(1.0), &json!(0.0))
        );
        assert!(output["pick"].is_string() && output["scores"]["new"].is_number(), "{output}");
    }
    let details = details(&client, "shadow");
    assert_eq!(arm(&details, "old")["decisions"], 30);
    assert!(details["shadow_agreement"].is_number(), "{details}");
}

#[test]
fn people_pause_freeze_promote_and_retire_by_their_role() {
    let server = Server::start();
    let (admin, operator, viewer) =
        (server.as_admin(), server.with_role("o", "operator"), server.with_role("v", "viewer"));
    let body = asking("people", &json!({ "canary_pct": 10, "explore_share": 1.0 }));
    let change =
        |client: &Client, what: &str, body: &Value| client.post(&format!("/models/bandit/people/{what}"), body);
    change(&operator, "pause", &json!({})).problem(404);
    let decision = id(&decide(&operator, &body));
    for what in ["pause", "freeze", "resume", "retire"] {
        change(&viewer, what, &json!({})).problem(403);
    }
    change(&operator, "promote", &json!({ "arm": "new" })).problem(403);
    reward(&viewer, &decision, 1.0).problem(403);

    let paused = change(&operator, "pause", &json!({})).with(200);
    assert_eq!((&paused["state"], &paused["changed_by"]), (&json!("paused"), &json!("o")));
    for _ in 0..20 {
        let output = decide(&operator, &body);
        assert_eq!((&output["arm"], &output["propensity"]), (&json!("old"), &json!(1.0)));
    }
    reward(&operator, &decision, 1.0).with(200);
    assert_eq!(details(&operator, "people")["learnt_rewards"], 1);

    assert_eq!(change(&operator, "freeze", &json!({})).with(200)["state"], "frozen");
    reward(&operator, &id(&decide(&operator, &body)), 1.0).with(200);
    let frozen = details(&operator, "people");
    assert_eq!((&frozen["rewards"], &frozen["learnt_rewards"]), (&json!(2), &json!(1)));
    assert_eq!(change(&operator, "resume", &json!({})).with(200)["state"], "running");

    change(&admin, "promote", &json!({ "arm": "new" })).problem(409);
    assert_eq!(change(&admin, "promote", &json!({ "arm": "none" })).pointers(), ["/arm"]);
    assert_eq!(change(&admin, "promote", &json!({ "arm": "new", "force": true })).with(200)["baseline"], "new");
    let served: Vec<Value> = (0..40).map(|_| decide(&operator, &body)["arm"].clone()).collect();
    assert!(served.iter().filter(|arm| **arm == "new").count() > 25, "{served:?}");

    assert_eq!(change(&operator, "retire", &json!({})).with(200)["state"], "retired");
    let output = decide(&operator, &body);
    assert_eq!((&output["arm"], &output["decision_id"]), (&json!("new"), &Value::Null));
    change(&operator, "resume", &json!({})).problem(409);
}

#[test]
fn the_brake_and_an_override_serve_the_baseline_that_the_request_names_and_decide_nothing() {
    let server = Server::start();
    let admin = server.as_admin();
    let body = asking("braked", &json!({ "baseline": "newer" }));
    decide(&admin, &body);
    let brake = |active| json!({ "active": active, "reason": "drill", "scope": "model:bandit" });
    admin.post("/safety/emergency-mode", &brake(true)).with(200);
    let envelope = admin.post("/models/bandit", &body).with(200);
    assert_eq!(envelope["source"], "fallback");
    let output = &envelope["output"];
    assert_eq!(
        (&output["arm"], &output["decision_id"], &output["propensity"]),
        (&json!("newer"), &Value::Null, &json!(1.0))
    );
    admin.post("/safety/emergency-mode", &brake(false)).with(200);
    let wish = json!({ "model": "bandit", "output": { "arm": "old" }, "reason": "drill", "expires_in_s": 600 });
    admin.post("/safety/override", &wish).with(201);
    let envelope = admin.post("/models/bandit", &body).with(200);
    assert_eq!(envelope["source"], "override");
    assert_eq!((&envelope["output"]["arm"], &envelope["output"]["decision_id"]), (&json!("old"), &Value::Null));
    assert_eq!(details(&admin, "braked")["decisions"], 1);
}

#[test]
fn a_restart_in_good_order_or_by_kill_goes_on_where_it_stopped() {
    let mut server = Server::start();
    let ask = |server: &Server, key: &str| {
        let body = asking("kept", &json!({ "bucket_key": key, "policy": "lin_ts", "canary_pct": 10 }));
        decide(&server.as_admin(), &body)
    };
    for round in 0..3 {
        let admin = server.as_admin();
        for number in 0..40 {
            let output = ask(&server, &format!("{round}-{number}"));
            if number % 3 > 0 {
                reward(&admin, &id(&output), f64::from(number) / 10.0).with(200);
            }
        }
        let (before, next) = (details(&admin, "kept"), ask(&server, "probe"));
        if round == 1 {
            server.signal("INT");
            assert!(server.ended().success());
        } else {
            server.kill();
        }
        server = Launch::default().on_data_of(&server).start();
        let mut after = details(&server.as_admin(), "kept");
        assert_eq!(after["decisions"].as_u64(), before["decisions"].as_u64().map(|count| count + 1), "the probe's too");
        for field in ["rewards", "learnt_rewards", "created_at"] {
            assert_eq!(after[field], before[field]);
        }
        for arm in after["arms"].as_array_mut().unwrap() {
            let same = before["arms"].as_array().unwrap().iter().find(|one| one["arm"] == arm["arm"]).unwrap();
            for field in ["rewards", "mean_reward", "interval", "difference"] {
                assert_eq!(arm[field], same[field], "{field} of {arm}");
            }
        }
        // The draws follow from the key and the state: the same again to the last digit.
        let mut again = ask(&server, "probe");
        assert_eq!(again["scores"], next["scores"]);
        for field in ["arm", "propensity", "pick"] {
            assert_eq!(again[field].take(), next[field], "{field}");
        }
    }
}
