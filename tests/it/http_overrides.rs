//! `/safety/override`: a human's fields in place of a model's.
use crate::support::{Client, SERVICE_TIMES, Server, good_question, until};
use serde_json::{Value, json};

fn wish(service: Option<&str>, output: &Value) -> Value {
    json!({ "model": "extreme_events", "service": service, "output": output, "reason": "drill", "expires_in_s": 600 })
}

#[track_caller]
fn ask(client: &Client, service: &str) -> Value {
    let mut body = good_question();
    body["service"] = json!(service);
    client.post("/models/extreme-events", &body).with(200)
}

#[test]
fn its_fields_replace_the_model_s_until_it_is_removed() {
    let server = Server::start();
    let (admin, client) = (server.as_admin(), server.client());
    let plain = ask(&client, "a");
    let set =
        admin.post("/safety/override", &wish(Some("a"), &json!({ "scale": 3.5, "is_black_swan": true }))).with(201);
    for (field, expected) in [("model", "extreme_events"), ("service", "a"), ("reason", "drill"), ("by", "admin")] {
        assert_eq!(set[field], expected);
    }
    let [created, expires] =
        ["created_at", "expires_at"].map(|field| set[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    assert_eq!((expires - created).as_secs(), 600);
    assert_eq!(server.get("/safety/status").with(200)["overrides"], json!([set]));

    let changed = ask(&client, "a");
    assert_eq!(
        (&changed["source"], &changed["safety_check"]["is_safe"]),
        (&json!("override"), &json!(true)),
        "{changed}"
    );
    assert_eq!((&changed["output"]["scale"], &changed["output"]["is_black_swan"]), (&json!(3.5), &json!(true)));
    assert_eq!(changed["output"]["shape"], plain["output"]["shape"], "what it does not name stays the model's");
    assert_eq!(ask(&client, "b")["source"], "model");

    admin.delete(&format!("/safety/override/{}", set["id"].as_str().unwrap())).with(204);
    admin.delete(&format!("/safety/override/{}", set["id"].as_str().unwrap())).problem(404);
    assert_eq!(ask(&client, "a")["output"], plain["output"]);
    assert_eq!(server.get("/safety/status").with(200)["overrides"], json!([]));
}

#[test]
fn without_a_service_it_holds_for_all() {
    let server = Server::start();
    let set = server.as_admin().post("/safety/override", &wish(None, &json!({ "scale": 3.5 }))).with(201);
    assert_eq!(set["service"], Value::Null);
    for service in ["a", "b"] {
        assert_eq!(ask(&server.client(), service)["source"], "override");
    }
}

/// Over the approved output this value at risk lies below its mean beyond; over what the model says of values in seconds
/// instead of milliseconds it lies far above.
#[test]
fn what_it_makes_of_an_output_is_judged() {
    let server = Server::start();
    server.as_admin().post("/safety/override", &wish(Some("a"), &json!({ "var": { "0.99": 3.0 } }))).with(201);
    let seconds: Vec<f64> = SERVICE_TIMES.iter().map(|milliseconds| milliseconds / 1_000.0).collect();
    let body = json!({ "service": "a", "values": seconds, "threshold_quantile": 0.5 });
    let answer = server.post("/models/extreme-events", &body).with(200);
    assert_eq!(answer["fallback"], json!({ "reason": "unsafe", "kind": "approved" }), "{answer}");
    let check = &answer["safety_check"];
    assert_eq!((&check["level"], &check["is_safe"]), (&json!("UNSAFE"), &json!(false)), "{check}");
    assert_eq!(check["violations"][0]["check"], "evt_var_below_cvar");
    // Over the fallback the fields pass, so that they hold there.
    assert_eq!((&answer["source"], &answer["output"]["var"]["0.99"]), (&json!("override"), &json!(3.0)));
    assert_eq!(answer["output"]["cvar"]["0.99"], 3.988);
}

#[test]
fn emergency_mode_beats_it() {
    let server = Server::start();
    let admin = server.as_admin();
    admin.post("/safety/override", &wish(Some("a"), &json!({ "scale": 3.5 }))).with(201);
    admin.post("/safety/emergency-mode", &json!({ "active": true, "reason": "drill" })).with(200);
    let answer = ask(&server.client(), "a");
    assert_eq!((&answer["source"], &answer["output"]["scale"]), (&json!("fallback"), &json!(1.0)));
}

#[test]
fn it_expires_by_itself() {
    let server = Server::start();
    let mut short = wish(Some("a"), &json!({ "scale": 3.5 }));
    short["expires_in_s"] = json!(1);
    server.as_admin().post("/safety/override", &short).with(201);
    until("the model answers again", || (ask(&server.client(), "a")["source"] == "model").then_some(()));
    until("it is no longer listed", || {
        (server.get("/safety/status").with(200)["overrides"] == json!([])).then_some(())
    });
}

#[test]
fn one_that_no_check_would_pass_is_refused_at_once() {
    let server = Server::start();
    for (output, check) in [
        (json!({ "scale": -1.0 }), "evt_scale_positive"),
        (json!({ "shape": 5.0 }), "evt_shape_safe"),
        (json!({ "var": { "0.99": 9.0, "0.999": 1.0 } }), "evt_var_ordered"),
    ] {
        let answer = server.as_admin().post("/safety/override", &wish(None, &output));
        assert!(answer.pointers().iter().all(|pointer| pointer == "/output"), "{}", answer.shown());
        assert!(answer.text().contains(check), "{}", answer.shown());
    }
    assert_eq!(server.get("/safety/status").with(200)["overrides"], json!([]));
}

#[test]
fn a_wish_against_the_schema_is_told_where() {
    let server = Server::start();
    let admin = server.as_admin();
    for (field, value, pointer) in [
        ("model", json!("oracle"), "/model"),
        ("service", json!(""), "/service"),
        ("output", json!({}), "/output"),
        ("output", json!([]), "/output"),
        ("reason", json!(""), "/reason"),
        ("expires_in_s", json!(0), "/expires_in_s"),
        ("expires_in_s", json!(604_801), "/expires_in_s"),
        ("expires_in_s", json!(-1), "/expires_in_s"),
        ("until", json!(1), "/until"),
    ] {
        let mut body = wish(None, &json!({ "scale": 3.5 }));
        body[field] = value;
        let answer = admin.post("/safety/override", &body);
        assert_eq!(answer.pointers(), [pointer], "{}", answer.shown());
    }
    for role in ["viewer", "operator"] {
        server.with_role(role, role).post("/safety/override", &wish(None, &json!({ "scale": 3.5 }))).problem(403);
    }
}
