//! `/admin/keys` and `/admin/faults`.
use crate::support::{Launch, Server, good_question, until};
use serde_json::json;

#[test]
fn a_key_is_shown_once_works_at_once_and_ends_at_once() {
    let server = Server::start();
    let admin = server.as_admin();
    let made = admin.post("/admin/keys", &json!({ "name": "otto", "role": "operator" })).with(201);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("bw_") && key.len() >= 35, "{key}");
    let otto = server.client().with_key(key);
    otto.post("/telemetry/observations", &json!({ "observations": [] })).with(200);

    let answer = admin.get("/admin/keys");
    let listed = answer.with(200)["keys"].take();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"otto") && names.contains(&"admin"), "{names:?}");
    assert!(!answer.text().contains(key) && !answer.text().contains("sha256"), "{}", answer.shown());

    admin.delete(&format!("/admin/keys/{id}")).with(204);
    otto.post("/telemetry/observations", &json!({ "observations": [] })).problem(401);
    otto.get("/health").problem(401);
    admin.delete(&format!("/admin/keys/{id}")).problem(404);
    assert!(!server.log().contains(key) && !server.log().contains(server.admin()), "a key is in the log");
}

#[test]
fn keys_survive_a_restart_and_so_does_their_end() {
    let mut server = Server::start();
    let admin = server.as_admin();
    let make = |name: &str| {
        let made = admin.post("/admin/keys", &json!({ "name": name, "role": "viewer" })).with(201);
        (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
    };
    let ((_, kept), (ended_id, ended)) = (make("kept"), make("ended"));
    admin.delete(&format!("/admin/keys/{ended_id}")).with(204);
    let old_admin = server.admin().to_owned();
    server.kill();
    let again = Launch::default().on_data_of(&server).start();
    assert_eq!(again.admin(), old_admin);
    again.client().with_key(&kept).get("/models/list").with(200);
    again.client().with_key(&ended).get("/models/list").problem(401);
}

#[test]
fn the_settings_may_give_the_admin_s_key() {
    let key = "0123456789abcdef0123456789abcdef";
    let server = Launch::default().setting("AUTH__ADMIN_KEY", key).start();
    server.client().with_key(key).get("/admin/keys").with(200);
    assert!(!server.data().join("admin.key").exists());
    assert!(!server.log().contains(key));
}

#[test]
fn the_admin_s_key_is_for_its_owner_s_eyes_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let mode = std::fs::metadata(server.data().join("admin.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_key_against_the_schema_is_told_where() {
    let server = Server::start();
    let admin = server.as_admin();
    for (body, pointer) in [
        (json!({ "role": "viewer" }), "/name"),
        (json!({ "name": "x" }), "/role"),
        (json!({ "name": "", "role": "viewer" }), "/name"),
        (json!({ "name": "x".repeat(101), "role": "viewer" }), "/name"),
        (json!({ "name": "a\nb", "role": "viewer" }), "/name"),
        (json!({ "name": "x", "role": "king" }), "/role"),
        (json!({ "name": "x", "role": "viewer", "key": "mine" }), "/key"),
    ] {
        assert_eq!(admin.post("/admin/keys", &body).pointers(), [pointer], "{body}");
    }
}

#[test]
fn faults_are_off_unless_the_settings_say_so() {
    let server = Server::start();
    let admin = server.as_admin();
    let fault = json!({ "actor": "extreme_events", "kind": "panic" });
    for answer in [admin.post("/admin/faults", &fault), admin.get("/admin/faults"), admin.delete("/admin/faults")] {
        assert!(answer.problem(404)["detail"].as_str().unwrap().contains("faults.enabled"), "{}", answer.shown());
    }
    assert_eq!(server.post("/models/extreme-events", &good_question()).with(200)["source"], "model");
}

#[test]
fn a_fault_is_listed_strikes_as_often_as_asked_and_can_be_cleared() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    let listed = || admin.get("/admin/faults").with(200)["faults"].take();
    assert_eq!(listed(), json!([]));
    admin.post("/admin/faults", &json!({ "actor": "extreme_events", "kind": "error", "count": 2 })).with(201);
    for left in [2, 1] {
        let expected = json!([{ "actor": "extreme_events", "kind": "error", "fired": 2 - left, "left": left }]);
        assert_eq!(listed(), expected);
        assert_eq!(server.post("/models/extreme-events", &good_question()).with(200)["source"], "fallback");
    }
    assert_eq!(server.post("/models/extreme-events", &good_question()).with(200)["source"], "model");
    assert_eq!(listed()[0]["fired"], 2, "spent ones stay listed");
    admin.post("/admin/faults", &json!({ "actor": "extreme_events", "kind": "error", "count": 9 })).with(201);
    admin.delete("/admin/faults").with(204);
    assert_eq!(listed(), json!([]));
    until("no fault is left", || {
        (server.post("/models/extreme-events", &good_question()).with(200)["source"] == "model").then_some(())
    });
}

#[test]
fn a_fault_that_makes_no_sense_is_refused() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    admin.post("/admin/faults", &json!({ "actor": "root", "kind": "panic" })).problem(409);
    admin.post("/admin/faults", &json!({ "actor": "nobody", "kind": "panic" })).problem(404);
    for (body, pointer) in [
        (json!({ "actor": "safety", "kind": "nan" }), "/kind"),
        (json!({ "actor": "safety", "kind": "sulk" }), "/kind"),
        (json!({ "kind": "panic" }), "/actor"),
        (json!({ "actor": "safety" }), "/kind"),
        (json!({ "actor": "safety", "kind": "slow", "duration_ms": 60_001 }), "/duration_ms"),
        (json!({ "actor": "safety", "kind": "slow", "duration_ms": -1 }), "/duration_ms"),
        (json!({ "actor": "safety", "kind": "slow", "count": 0 }), "/count"),
        (json!({ "actor": "safety", "kind": "slow", "when": 1 }), "/when"),
    ] {
        assert_eq!(admin.post("/admin/faults", &body).pointers(), [pointer], "{body}");
    }
}
