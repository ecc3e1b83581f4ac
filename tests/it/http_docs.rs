//! `/openapi.json` and `/docs`.
use crate::support::Server;
use serde_json::Value;

#[test]
fn the_document_is_openapi_3_1_and_sound() {
    let server = Server::start();
    let answer = server.get("/openapi.json");
    let document = answer.with(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let text = answer.text();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{method} {path} has no summary"
            );
            if operation["requestBody"].is_object() {
                assert!(operation["responses"]["422"].is_object(), "{path} says nothing of a bad body");
            }
        }
    }
}

#[test]
fn every_route_of_the_document_is_there() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    let document = server.get("/openapi.json").with(200);
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/models/extreme-events",
        "/models/list",
        "/safety/emergency-mode",
        "/safety/status",
        "/safety/override",
        "/config/active",
        "/features",
        "/features/registry",
        "/telemetry/observations",
        "/admin/keys",
        "/admin/faults",
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
    ] {
        assert!(paths.contains_key(path), "{path} is not documented");
    }
    for (pattern, item) in paths {
        let path = pattern.replace("{service}", "order-gateway").replace("{id}", "none");
        for method in item.as_object().unwrap().keys() {
            let headers = [("content-type", "application/json")];
            let answer = match method.as_str() {
                "get" => admin.get(&path),
                "delete" => admin.delete(&path),
                _ => admin.ask(&method.to_uppercase(), &path, &headers, b"{\"no_such_field\":1}"),
            };
            // A path parameter may name nothing; the problem then says so in its own words.
            let missing =
                answer.status == 404 && (!pattern.contains('{') || answer.text().contains("there is nothing at"));
            assert!(!missing && answer.status != 405, "{}", answer.shown());
        }
    }
}

#[test]
fn the_pages_load_nothing_from_outside() {
    let server = Server::start();
    let redirect = server.get("/docs");
    assert_eq!((redirect.status, redirect.header("location")), (308, "docs/"));
    let page = server.get("/docs/");
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.shown());
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let html = page.with_status(200).text();
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for link in html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!link.contains("://") && !link.starts_with("//"), "the page loads {link}");
            let file = server.get(&format!("/docs/{}", link.trim_start_matches("./")));
            assert_eq!(file.status, 200, "{link}");
            if link.ends_with(".css") {
                assert!(!file.text().contains("url(http"), "{link} loads from outside");
            }
            files += 1;
        }
    }
    assert!(files > 2, "{html}");
    let start = server.get("/docs/swagger-initializer.js").with_status(200).text();
    assert!(start.contains("/openapi.json") && !start.contains("https://"), "{start}");
}

/// The document describes what is answered: every field of an envelope is in its schema, and the other way round.
#[test]
fn the_envelope_is_described_as_it_is() {
    let server = Server::start();
    let document = server.get("/openapi.json").with(200);
    let described = &document["paths"]["/models/extreme-events"]["post"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    let schema = match described["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => described,
    };
    let keys = |value: &Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let envelope = server.post("/models/extreme-events", &crate::support::good_question()).with(200);
    assert_eq!(keys(&schema["properties"]), keys(&envelope));
}
