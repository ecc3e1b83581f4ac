//! Retraining: new versions from fresh data, promoted when they are better, cancelled when they are not wanted.
use crate::support::{Launch, Models, Server, good_question, until};
use serde_json::{Value, json};

/// Rows whose target is `factor * load` and a little more, the same each time.
fn rows(count: u32, factor: f64) -> String {
    let row = |index: u32| {
        let load = f64::from(index * 7_919 % 1_000) / 1_000.0;
        format!("{load},{}\n", factor * load + f64::from(index * 31 % 17) / 100.0)
    };
    format!("load,y\n{}", (0..count).map(row).collect::<String>())
}

/// Longer than any test.
const DAY: u32 = 86_400;

/// Files of a retraining, and a server that knows it.
struct Setup {
    _folder: Models,
    data: String,
    settings: String,
}

impl Setup {
    fn new(data: &str, rounds: u32, every_s: u32) -> (Self, Server) {
        let models = Models::new();
        let data = models.file("train.csv", data.as_bytes());
        let validation = models.file("validation.csv", rows(300, 1.0).as_bytes());
        let settings = format!(
            "[[retraining]]\nmodel = \"tail-slo\"\ndata = {data:?}\ntarget = \"y\"\nquantiles = [0.5, 0.9]\n\
             validation = {validation:?}\nevery_s = {every_s}\n[retraining.parameters]\nrounds = {rounds}\nmax_depth = 3\n"
        );
        let settings = models.file("settings.toml", settings.as_bytes());
        let server = Launch::default().argument("--config").argument(&settings).start();
        (Self { _folder: models, data, settings }, server)
    }

    fn learn_from(&self, text: &str) {
        std::fs::write(&self.data, text).unwrap();
    }
}

/// How it stands, once the registry was read and it is scheduled.
#[track_caller]
fn standing(server: &Server) -> Value {
    until("it is scheduled", || {
        let answer = server.get("/models/tail-slo/retraining");
        (answer.status == 200).then(|| answer.json())
    })
}

/// The run that ends after the one that started at `before`.
#[track_caller]
fn next_run(server: &Server, before: &Value) -> Value {
    until("the run has ended", || {
        let last = standing(server)["last"].clone();
        (last.is_object() && last["started_at"] != before["started_at"]).then_some(last)
    })
}

#[track_caller]
fn start(server: &Server) {
    server.as_admin().ask("POST", "/models/tail-slo/retraining", &[], b"").with(202);
}

#[test]
fn a_better_version_is_promoted_a_worse_one_stays_the_challenger_and_a_failure_changes_nothing() {
    // At first it learns the wrong relation.
    let (setup, server) = Setup::new(&rows(300, -1.0), 20, DAY);
    let first = next_run(&server, &Value::Null);
    assert_eq!((&first["outcome"], &first["version"]), (&json!("promoted"), &json!(1)), "the first champion: {first}");
    let unchanged = {
        start(&server);
        next_run(&server, &first)
    };
    assert_eq!((&unchanged["outcome"], &unchanged["version"]), (&json!("unchanged"), &json!(1)));
    setup.learn_from(&rows(300, 1.0));
    start(&server);
    let second = next_run(&server, &unchanged);
    assert_eq!((&second["outcome"], &second["version"]), (&json!("promoted"), &json!(2)), "{second}");
    setup.learn_from(&rows(300, 0.5));
    start(&server);
    let third = next_run(&server, &second);
    assert_eq!((&third["outcome"], &third["version"]), (&json!("registered"), &json!(3)), "{third}");
    setup.learn_from("load,y\n1,2\nx,3\n");
    start(&server);
    let failed = next_run(&server, &third);
    assert_eq!((&failed["outcome"], &failed["version"]), (&json!("failed"), &Value::Null));
    assert!(failed["failure"].as_str().unwrap().contains("line 3"), "{failed}");
    let versions = server.get("/models/tail-slo/versions").with(200);
    assert_eq!((&versions["champion"], &versions["challenger"]), (&json!(2), &json!(3)));
    let history = versions["history"].as_array().unwrap();
    let promoted = history.iter().find(|event| event["action"] == "promoted" && event["version"] == 2).unwrap();
    let mean = &promoted["comparison"]["mean"];
    assert!(mean["loss"].as_f64().unwrap() < mean["reference_loss"].as_f64().unwrap(), "{promoted}");
    assert_eq!((&history[0]["by"], &promoted["by"]), (&json!("retraining"), &json!("admin")));
    let version = &versions["versions"][1];
    assert_eq!((&version["training"]["rows"], &version["training"]["file"]), (&json!(300), &json!("train.csv")));
    assert_eq!((&version["parameters"]["rounds"], &version["quantiles"]), (&json!("20"), &json!([0.5, 0.9])));
    for (outcome, count) in [("promoted", 2.0), ("registered", 1.0), ("unchanged", 1.0), ("failed", 1.0)] {
        assert_eq!(server.metric(&format!("retraining_runs_total{{outcome=\"{outcome}\"}}")), count, "{outcome}");
    }
    assert_eq!(server.metric("retraining_running"), 0.0);
    let list = server.get("/models/list").with(200);
    assert_eq!(list["registered"][0]["in_force"]["version"], 2);
}

#[test]
fn a_run_is_cancelled_and_nothing_else_waits_for_it() {
    let (_setup, mut server) = Setup::new(&rows(3_000, 1.0), 100_000, DAY);
    let running = until("it runs", || Some(standing(&server)).filter(|one| one["rounds_done"].as_u64() > Some(0)));
    assert_eq!((&running["state"], &running["rounds"]), (&json!("running"), &json!(100_000)));
    assert_eq!(server.metric("retraining_running"), 1.0);
    // A large sample is fitted on the compute pool, which the retraining does not use.
    let values: Vec<f64> = (0..20_000).map(|index| f64::from(index * 7_919 % 10_007)).collect();
    let answer = server.post("/models/extreme-events", &json!({ "values": values })).with(200);
    assert_eq!(answer["source"], "model", "{answer}");
    server.post("/models/extreme-events", &good_question()).with(200);
    let admin = server.as_admin();
    admin.delete("/models/tail-slo/retraining").with(202);
    let last = next_run(&server, &Value::Null);
    assert_eq!(
        (&last["outcome"], &last["version"], &last["failure"]),
        (&json!("cancelled"), &Value::Null, &Value::Null)
    );
    admin.delete("/models/tail-slo/retraining").problem(409);
    assert_eq!(server.metric("retraining_runs_total{outcome=\"cancelled\"}"), 1.0);
    server.get("/models/tail-slo/versions").problem(404);
    start(&server);
    until("it runs again", || Some(standing(&server)).filter(|one| one["state"] == "running"));
    server.signal("INT");
    assert_eq!(server.ended().code(), Some(0), "the end waits for no fit");
}

#[test]
fn a_retraining_that_cannot_be_is_refused_at_the_start() {
    let models = Models::new();
    let retraining = |more: &str| {
        format!(
            "[[retraining]]\nmodel = \"tail-slo\"\ndata = \"d.csv\"\ntarget = \"y\"\nvalidation = \"v.csv\"\n\
             every_s = 60\n{more}\n"
        )
    };
    let good = retraining("quantiles = [0.5]");
    for (text, part) in [
        (retraining("quantiles = [1.5]"), "quantile"),
        (retraining("quantiles = []"), "quantile"),
        (retraining("quantiles = [0.5]\n[retraining.parameters]\nlearning_rate = 2.0"), "learning rate"),
        (retraining("quantiles = [0.5]\n[retraining.parameters]\nround = 2"), "round"),
        (retraining("quantiles = [0.5]").replace("60", "0"), "every_s"),
        (retraining("quantiles = [0.5]").replace("tail-slo", "a b"), "model"),
        (retraining("quantiles = [0.5]\npromote = \"always\""), "promote"),
        (good.clone() + &good, "two retrainings"),
    ] {
        let settings = models.file("settings.toml", text.as_bytes());
        let data = models.data().to_str().unwrap().to_owned();
        let words = ["serve", "--config", &settings, "--data-dir", &data, "--listen", "127.0.0.1:0"];
        let refused = crate::support::bellwether(&words, &[]);
        assert_eq!(refused.code, Some(2), "{text}: {refused:?}");
        let last: Vec<&str> = refused.stderr.lines().rev().take(3).collect();
        assert!(last.iter().any(|line| line.contains(part)), "{part}: {refused:?}");
    }
}

#[test]
fn a_schedule_goes_on_by_itself_and_across_a_restart() {
    let (setup, mut server) = Setup::new(&rows(100, 1.0), 2, 1);
    until("it ran three times", || {
        let unchanged = server.metric("retraining_runs_total{outcome=\"unchanged\"}");
        (unchanged >= 2.0).then_some(())
    });
    assert_eq!(server.get("/models/tail-slo/versions").with(200)["versions"].as_array().unwrap().len(), 1);
    server.kill();
    let daily = std::fs::read_to_string(&setup.settings).unwrap().replace("every_s = 1\n", "every_s = 86400\n");
    std::fs::write(&setup.settings, daily).unwrap();
    let again = Launch::default().on_data_of(&server).argument("--config").argument(&setup.settings).start();
    let version = again.get("/models/tail-slo/versions").with(200)["versions"][0].clone();
    let registered: jiff::Timestamp = version["registered_at"].as_str().unwrap().parse().unwrap();
    let standing = standing(&again);
    let next: jiff::Timestamp = standing["next_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(next.duration_since(registered).as_secs(), 86_400, "a day after the newest version: {standing}");
    assert_eq!((&standing["state"], &standing["last"]), (&json!("waiting"), &Value::Null));
}

#[test]
fn a_retraining_is_described_as_it_is() {
    let (_setup, server) = Setup::new(&rows(100, 1.0), 2, DAY);
    let last = next_run(&server, &Value::Null);
    let document = server.get("/openapi.json").with(200);
    for (name, value) in [("RetrainingDetails", &standing(&server)), ("LastRunDetails", &last)] {
        let described = document["components"]["schemas"][name]["properties"].as_object().unwrap();
        let mut described: Vec<&String> = described.keys().collect();
        let mut answered: Vec<&String> = value.as_object().unwrap().keys().collect();
        described.sort();
        answered.sort();
        assert_eq!(described, answered, "{name}");
    }
}
