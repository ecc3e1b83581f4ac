//! `/config/active` and `/models/list`: what is in force.
use crate::support::Server;
use serde_json::json;

#[test]
fn the_version_in_force_comes_with_its_document_and_its_tag() {
    let server = Server::start();
    let answer = server.get("/config/active");
    let active = answer.with(200);
    let version = &active["version"];
    let hash = version["hash"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    assert_eq!(version["id"], format!("baseline-{}", &hash[..8]));
    assert_eq!((&version["state"], &version["author"]), (&json!("ACTIVE"), &json!("baseline")));
    assert_eq!(answer.header("etag"), format!("\"{hash}\""));
    assert!(server.get("/metrics").text().contains(&format!("config_version_info{{hash=\"{hash}\"}} 1")));
    let checks = active["document"]["safety"]["checks"].as_array().unwrap();
    let canary = checks.iter().find(|check| check["name"] == "canary_percentage_safe").unwrap();
    assert_eq!((&canary["min"], &canary["max"]), (&json!(0), &json!(10)));
    for part in ["features", "calendar"] {
        assert!(active["document"][part].is_object(), "{part}");
    }
}

#[test]
fn a_reader_who_knows_it_is_not_sent_it_again() {
    let server = Server::start();
    let tag = server.get("/config/active").header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = server.client().ask("GET", "/config/active", &[("if-none-match", &known)], b"");
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, tag.as_str()), "{known}");
    }
    for stale in ["\"other\"", "nonsense"] {
        let answer = server.client().ask("GET", "/config/active", &[("if-none-match", stale)], b"");
        assert_eq!(answer.status, 200, "{stale}");
    }
}

#[test]
fn the_models_are_listed_with_version_state_and_checks() {
    let list = Server::start().get("/models/list").with(200);
    let models = list["models"].as_array().unwrap();
    let extremes = models.iter().find(|model| model["name"] == "extreme_events").unwrap();
    assert_eq!((&extremes["endpoint"], &extremes["state"]), (&json!("/models/extreme-events"), &json!("running")));
    assert_eq!(
        (&extremes["version"], &extremes["replicas"]),
        (&json!(concat!("peaks_over_threshold@", env!("CARGO_PKG_VERSION"))), &json!(2))
    );
    let checks = extremes["checks"].as_array().unwrap();
    for (name, level) in [("finite_output", "UNSAFE"), ("fresh_inputs", "WARNING"), ("evt_shape_safe", "UNSAFE")] {
        assert!(checks.contains(&json!({ "name": name, "level": level })), "{name}: {checks:?}");
    }
    assert!(!checks.iter().any(|check| check["name"] == "canary_percentage_safe"));
}
