//! Damaged files, sudden ends, and faults of the registry: what is in force stays.
use crate::support::{Launch, Models, Server, command, constant_model, padded_model, until};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::process::Stdio;
use std::time::Instant;

fn flip_a_bit(path: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn tail_slo(server: &Server, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until(what, || {
        let list = server.get("/models/list").with(200);
        let found = list["registered"].as_array().unwrap().iter().find(|model| model["name"] == "tail-slo").cloned();
        found.filter(|model| is_so(model))
    })
}

#[test]
fn a_damaged_champion_is_refused_loudly_and_the_version_before_it_stays_in_force() {
    let server = Server::start();
    let models = Models::on(&server.data());
    models.champion(&[(0.5, 1.0)]);
    tail_slo(&server, "version 1 is in force", |model| model["in_force"]["version"] == 1);
    // The server sees the promotion and the damage at once.
    server.signal("STOP");
    let file = models.champion(&[(0.5, 2.0)]);
    flip_a_bit(&file);
    server.signal("CONT");
    let model = tail_slo(&server, "the damage is found", |model| model["fault"].is_string());
    assert_eq!((&model["champion"], &model["in_force"]["version"]), (&json!(2), &json!(1)));
    let fault = model["fault"].as_str().unwrap();
    assert!(fault.contains("version 2") && fault.contains("damaged") && fault.contains("SHA-256"), "{fault}");
    let health = server.get("/health").with(200);
    assert_eq!(
        (&health["status"], &health["registry"]["faults"][0]["model"]),
        (&json!("degraded"), &json!("tail-slo"))
    );
    assert_eq!((server.metric("registry_faulty_models"), server.metric("registry_load_failures_total")), (1.0, 1.0));
    let is_loud = |line: &Value| line["level"] == "ERROR" && line["message"].as_str().unwrap_or("").contains("refused");
    assert_eq!(server.log_lines().iter().filter(|line| is_loud(line)).count(), 1, "once, not at every look");
    // Registering the original again mends it.
    let original = models.file("again.ubj", &constant_model(&[(0.5, 2.0)]));
    assert_eq!(models.run(&["register", "tail-slo", "--model", &original]).code, Some(0));
    let model = tail_slo(&server, "the champion is in force", |model| model["fault"].is_null());
    assert_eq!(model["in_force"]["version"], 2);
    assert_eq!(server.get("/health").with(200)["status"], "ok");
    assert_eq!(server.metric("registry_faulty_models"), 0.0);
}

#[test]
fn a_champion_that_is_damaged_while_it_serves_goes_on_serving_and_a_restart_takes_the_one_before() {
    let mut server = Server::start();
    let models = Models::on(&server.data());
    models.champion(&[(0.5, 1.0)]);
    let file = models.champion(&[(0.5, 2.0)]);
    tail_slo(&server, "version 2 is in force", |model| model["in_force"]["version"] == 2);
    flip_a_bit(&file);
    let model = tail_slo(&server, "the damage is found", |model| model["fault"].is_string());
    assert_eq!(model["in_force"]["version"], 2, "what is in memory was verified");
    let refused = models.run(&["rollback", "tail-slo", "--to", "1", "--reason", "damage"]);
    assert_eq!(refused.code, Some(0), "{refused:?}");
    tail_slo(&server, "version 1 is in force", |model| model["in_force"]["version"] == 1 && model["fault"].is_null());
    let refused = models.run(&["promote", "tail-slo", "2", "--reason", "a damaged one"]);
    assert!(refused.refusal().contains("damaged"), "{refused:?}");
    let back = server.as_admin().post("/models/tail-slo/rollback", &json!({ "to": 2, "reason": "x" }));
    assert!(back.problem(409)["detail"].as_str().unwrap().contains("damaged"));
    flip_a_bit(&file); // whole again
    assert_eq!(models.run(&["promote", "tail-slo", "2", "--reason", "mended"]).code, Some(0));
    server.kill();
    flip_a_bit(&file);
    let again = Launch::default().on_data_of(&server).start();
    let model = tail_slo(&again, "the registry is read", |model| model["fault"].is_string());
    assert_eq!((&model["champion"], &model["in_force"]["version"]), (&json!(2), &json!(1)));
}

/// Ends each writer at another moment: some before they begin, most in the middle, some after they ended.
#[test]
fn a_writer_that_is_killed_leaves_a_whole_version_or_none() {
    let models = Models::new();
    let file = |attempt: u8| models.file("large.ubj", &padded_model(&[(0.5, f32::from(attempt))], 4_000_000));
    let begin = Instant::now();
    assert_eq!(models.run(&["register", "tail-slo", "--model", &file(0)]).code, Some(0));
    let whole = begin.elapsed();
    for attempt in 1..=40_u8 {
        let file = file(attempt);
        let mut child = command()
            .args(["models", "register", "tail-slo", "--model", &file, "--data-dir"])
            .arg(models.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * u32::from(attempt) / 36);
        let _ = child.kill();
        child.wait().unwrap();
    }
    let shown = models.json(&["show", "tail-slo"]);
    let versions = shown["versions"].as_array().unwrap();
    for (index, version) in versions.iter().enumerate() {
        assert_eq!(version["version"], index + 1);
        let hash = version["sha256"].as_str().unwrap();
        let bytes = std::fs::read(models.data().join("models/files").join(hash)).unwrap();
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((found.as_str(), bytes.len() as u64), (hash, version["bytes"].as_u64().unwrap()));
    }
    assert_eq!(shown["history"].as_array().unwrap().len(), versions.len(), "each version has its entry");
    models.register(&[(0.5, -2.0)]);
    println!("{} of 40 writers got through", versions.len() - 1);
}

#[test]
fn the_registry_heals_from_injected_faults_and_what_is_in_force_stays() {
    let server = Server::with_faults();
    let models = Models::on(&server.data());
    models.champion(&[(0.5, 1.0)]);
    models.register(&[(0.5, 2.0)]);
    tail_slo(&server, "version 1 is in force", |model| model["in_force"]["version"] == 1 && model["versions"] == 2);
    let admin = server.as_admin();
    let restarts = server.metric("actor_restarts_total{actor=\"registry\",cause=\"panic\"}");
    admin.post("/admin/faults", &json!({ "actor": "registry", "kind": "panic", "count": 1 })).with_status(201);
    until("the actor was restarted", || {
        let now = server.metric("actor_restarts_total{actor=\"registry\",cause=\"panic\"}");
        (now > restarts).then_some(())
    });
    assert_eq!(tail_slo(&server, "the list is there", |_| true)["in_force"]["version"], 1);
    let promotion = json!({ "version": 2, "reason": "after the fault" });
    let promoted = admin.post("/models/tail-slo/promote", &promotion).with(200);
    assert_eq!(promoted["in_force"]["version"], 2);
}

#[test]
fn a_registry_that_cannot_be_read_stops_nothing_and_is_read_again_when_it_can() {
    let mut server = Server::start();
    let models = Models::on(&server.data());
    models.champion(&[(0.5, 1.0)]);
    server.kill();
    let database = server.data().join("models/registry.db");
    models.json(&["list"]); // ends in order, which brings the log of the killed server into the database
    let whole = std::fs::read(&database).unwrap();
    std::fs::write(&database, b"this is no database, but long enough to be taken for one").unwrap();
    let again = Launch::default().on_data_of(&server).start();
    let list = again.get("/models/list").with(200);
    assert!(list["registry_fault"].as_str().unwrap().contains("damaged"), "{list}");
    assert_eq!(again.get("/health").with(200)["status"], "degraded");
    assert_eq!(again.metric("registry_unreadable"), 1.0);
    again.post("/models/extreme-events", &crate::support::good_question()).with(200);
    let mended = database.with_extension("mended");
    std::fs::write(&mended, whole).unwrap();
    std::fs::rename(mended, &database).unwrap();
    let model = tail_slo(&again, "it is read again", |model| model["in_force"].is_object());
    assert_eq!(model["in_force"]["version"], 1);
    assert_eq!(again.metric("registry_unreadable"), 0.0);
}
