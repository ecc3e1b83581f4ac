//! `/models/{name}/...`: registered models over HTTP.
use crate::support::{Models, Server, until};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

fn listed(server: &Server) -> Option<Value> {
    let list = server.get("/models/list").with(200);
    list["registered"].as_array().unwrap().iter().find(|model| model["name"] == "tail-slo").cloned()
}

#[test]
fn what_a_command_changes_is_in_force_in_the_running_server() {
    let server = Server::start();
    assert_eq!(server.get("/models/list").with(200)["registered"], json!([]));
    let models = Models::on(&server.data());
    models.register(&[(0.5, 1.0)]);
    let registered = until("the server knows the model", || listed(&server));
    assert_eq!((&registered["champion"], &registered["in_force"]), (&Value::Null, &Value::Null));
    models.champion(&[(0.5, 2.0)]);
    let shown = models.json(&["show", "tail-slo"]);
    let in_force = json!({ "version": 2, "sha256": shown["versions"][1]["sha256"] });
    until("the champion is in force", || listed(&server).filter(|model| model["in_force"] == in_force));
    assert_eq!(server.get("/models/tail-slo/versions").with(200), shown, "the command prints what the server answers");
    assert_eq!(server.get("/health").with(200)["registry"], json!({ "models": 1, "fault": null, "faults": [] }));
    assert_eq!(server.metric("registry_models"), 1.0);
}

#[test]
fn a_model_that_is_not_registered_is_not_found() {
    let server = Server::start();
    for name in ["tail-slo", "a%2Fb", "..%2F..", "extreme_events", "list"] {
        server.get(&format!("/models/{name}/versions")).problem(404);
    }
    let admin = server.as_admin();
    admin.post("/models/tail-slo/promote", &json!({ "version": 1, "reason": "x" })).problem(404);
    admin.post("/models/tail-slo/rollback", &json!({ "reason": "x" })).problem(404);
    for method in ["GET", "POST", "DELETE"] {
        admin.ask(method, "/models/tail-slo/retraining", &[], b"").problem(404);
    }
}

#[test]
fn an_admin_promotes_and_rolls_back_under_the_name_of_the_key() {
    let server = Server::start();
    let models = Models::on(&server.data());
    models.register(&[(0.5, 1.0)]);
    models.register(&[(0.5, 2.0)]);
    let ada = server.with_role("ada", "admin");
    let first = ada.post("/models/tail-slo/promote", &json!({ "version": 1 })).with(200);
    assert_eq!(
        (&first["champion"], &first["in_force"]["version"]),
        (&json!(1), &json!(1)),
        "in force when it is answered"
    );
    ada.post("/models/tail-slo/promote", &json!({ "version": 2 })).problem(409);
    ada.post("/models/tail-slo/promote", &json!({ "version": 9, "reason": "x" })).problem(404);
    ada.post("/models/tail-slo/promote", &json!({ "version": 2, "reason": "a drill" })).with(200);
    ada.post("/models/tail-slo/promote", &json!({ "version": 2, "reason": "again" })).problem(409);
    let back = ada.post("/models/tail-slo/rollback", &json!({ "reason": "it drifts" })).with(200);
    assert_eq!((&back["champion"], &back["in_force"]["version"]), (&json!(1), &json!(1)));
    ada.post("/models/tail-slo/rollback", &json!({ "reason": "further" })).problem(409);
    ada.post("/models/tail-slo/rollback", &json!({ "to": 2, "reason": "forth" })).with(200);
    let history = models.json(&["show", "tail-slo"])["history"].clone();
    let by_ada = history.as_array().unwrap().iter().filter(|event| event["by"] == "ada").count();
    assert_eq!((by_ada, &history[3]["reason"]), (4, &json!("a drill")), "{history}");
    for role in ["viewer", "operator"] {
        let client = server.with_role(role, role);
        client.post("/models/tail-slo/promote", &json!({ "version": 1, "reason": "x" })).problem(403);
        client.post("/models/tail-slo/rollback", &json!({ "reason": "x" })).problem(403);
        client.ask("POST", "/models/tail-slo/retraining", &[], b"").problem(403);
        client.delete("/models/tail-slo/retraining").problem(403);
        client.get("/models/tail-slo/versions").with(200);
    }
    server.post("/models/tail-slo/promote", &json!({ "version": 1, "reason": "x" })).problem(401);
}

#[test]
fn a_bad_body_is_refused_field_by_field() {
    let server = Server::start();
    let admin = server.as_admin();
    for (path, body, pointer) in [
        ("promote", json!({ "reason": "x" }), "/version"),
        ("promote", json!({ "version": -1, "reason": "x" }), "/version"),
        ("promote", json!({ "version": 1, "reason": " " }), "/reason"),
        ("promote", json!({ "version": 1, "reason": "x", "force": true }), "/force"),
        ("rollback", json!({}), "/reason"),
        ("rollback", json!({ "reason": "x".repeat(1_001) }), "/reason"),
    ] {
        let pointers = admin.post(&format!("/models/tail-slo/{path}"), &body).pointers();
        assert!(pointers.iter().any(|one| one == pointer), "{body}: {pointers:?}");
    }
}

#[test]
fn versions_are_described_as_they_are() {
    let server = Server::start();
    let models = Models::on(&server.data());
    let train = models.file("train.csv", b"load,y\n1,2\n");
    let model = models.file("m.ubj", &crate::support::constant_model(&[(0.5, 1.0)]));
    let words = ["register", "tail-slo", "--model", &model, "--data", &train, "--target", "y", "--validation", &train];
    models.json(&words);
    let answer = until("the server knows the model", || {
        let answer = server.get("/models/tail-slo/versions");
        (answer.status == 200).then(|| answer.json())
    });
    let document = server.get("/openapi.json").with(200);
    let schema = |name: &str| document["components"]["schemas"][name]["properties"].clone();
    let version = &answer["versions"][0];
    let list = server.get("/models/list").with(200);
    for (name, value) in [
        ("ModelDetails", &answer),
        ("VersionDetails", version),
        ("TrainingDetails", &version["training"]),
        ("EvaluationDetails", &version["validation"]),
        ("QuantileDetails", &version["validation"]["quantiles"][0]),
        ("EventDetails", &answer["history"][0]),
        ("ModelList", &list),
        ("RegisteredSummary", &list["registered"][0]),
    ] {
        assert_eq!(keys(&schema(name)), keys(value), "{name}");
    }
}
