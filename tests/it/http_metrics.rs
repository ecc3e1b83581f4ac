//! `/metrics`.
use crate::support::{Server, good_question};
use bellwether::observability::metrics::{CONFIG_VERSION_INFO, FAMILIES, Kind};
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn every_family_is_exported_from_the_start() {
    let server = Server::start();
    let answer = server.get("/metrics");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.with_status(200).text();
    for family in FAMILIES {
        let (name, kind) = (family.name, family.kind);
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name}");
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
        let suffix = if kind == "histogram" { "_bucket" } else { "" };
        let series = text.lines().find(|line| {
            line.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(suffix))
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let series = series.unwrap_or_else(|| panic!("{name} has no series"));
        for label in family.labels {
            assert!(series.contains(&format!("{label}=\"")), "{series} lacks {label}");
        }
    }
    assert!(
        text.contains(&format!("\n{CONFIG_VERSION_INFO}{{hash=")) && text.contains("\nprocess_resident_memory_bytes ")
    );
    assert!(!text.contains("quantile="), "a summary");
}

/// What is exported but not declared has no explanation and does not exist before it happens.
#[test]
fn nothing_is_exported_that_is_not_declared() {
    let server = Server::start();
    server.post("/models/extreme-events", &good_question()).with(200);
    let text = server.get("/metrics").text();
    let declared: Vec<&str> = FAMILIES.iter().map(|family| family.name).chain([CONFIG_VERSION_INFO]).collect();
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let unknown: Vec<&str> = typed.filter(|name| !declared.contains(name) && !name.starts_with("process_")).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn requests_and_answers_are_counted() {
    let server = Server::start();
    for _ in 0..3 {
        server.post("/models/extreme-events", &good_question()).with(200);
    }
    server.post("/models/extreme-events", &serde_json::json!({ "values": [] })).problem(422);
    server.get("/nothing/at/all").problem(404);
    let request = |status: u16| {
        server.metric(&format!(
            "http_requests_total{{endpoint=\"/models/extreme-events\",method=\"POST\",status=\"{status}\"}}"
        ))
    };
    let outputs = server.metric("model_outputs_total{model=\"extreme_events\",source=\"model\",reason=\"none\"}");
    let took = server.metric("http_request_duration_seconds_count{endpoint=\"/models/extreme-events\"}");
    let inferred = server.metric("model_inference_duration_seconds_count{model=\"extreme_events\"}");
    assert_eq!([request(200), request(422), outputs, took, inferred], [3.0, 1.0, 3.0, 4.0, 3.0]);
    assert!(!server.get("/metrics").text().contains("/nothing/at/all"), "a path is a label");
}

#[test]
fn promtool_has_nothing_to_say() {
    let server = Server::start();
    server.post("/models/extreme-events", &good_question()).with(200);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = promtool.spawn() else {
        println!("skipped: promtool is not installed");
        return;
    };
    child.stdin.take().unwrap().write_all(&server.get("/metrics").body).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
