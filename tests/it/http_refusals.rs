//! What every endpoint has in common: how it refuses.
use crate::support::{Launch, Server};
use serde_json::json;

/// Every route of the contract: method, path, whether it takes a body, the least role.
const ROUTES: &[(&str, &str, bool, &str)] = &[
    ("GET", "/openapi.json", false, ""),
    ("GET", "/docs", false, ""),
    ("GET", "/docs/", false, ""),
    ("GET", "/health", false, ""),
    ("GET", "/health/live", false, ""),
    ("GET", "/health/ready", false, ""),
    ("GET", "/metrics", false, "viewer"),
    ("POST", "/models/extreme-events", true, "viewer"),
    ("GET", "/models/list", false, "viewer"),
    ("POST", "/safety/emergency-mode", true, "operator"),
    ("GET", "/safety/status", false, "viewer"),
    ("POST", "/safety/override", true, "admin"),
    ("DELETE", "/safety/override/none", false, "admin"),
    ("GET", "/config/active", false, "viewer"),
    ("GET", "/features", false, "viewer"),
    ("GET", "/features/registry", false, "viewer"),
    ("GET", "/features/order-gateway", false, "viewer"),
    ("GET", "/features/order-gateway/history?name=latency_ms", false, "viewer"),
    ("POST", "/telemetry/observations", true, "operator"),
    ("GET", "/telemetry/observations?service=order-gateway", false, "viewer"),
    ("POST", "/admin/faults", true, "admin"),
    ("GET", "/admin/faults", false, "admin"),
    ("DELETE", "/admin/faults", false, "admin"),
    ("POST", "/admin/keys", true, "admin"),
    ("GET", "/admin/keys", false, "admin"),
    ("DELETE", "/admin/keys/none", false, "admin"),
];

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_body_that_is_no_json_object_is_refused_by_kind() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for (method, path, ..) in ROUTES.iter().filter(|(_, _, takes_body, _)| *takes_body) {
        for (body, status) in [
            (&b""[..], 400),
            (b"{", 400),
            (b"nonsense", 400),
            (b"{} {}", 400),
            (b"\xff\xfe", 400),
            (b"{\"reason\":\"\xc3\x28\"}", 400),
            (br#"{"reason":"a","reason":"b"}"#, 400),
            (br#"{"x":1e999}"#, 400),
            (br#"{"x":NaN}"#, 400),
            (deep.as_bytes(), 400),
            (b"[]", 422),
            (b"null", 422),
            (b"7", 422),
            (br#"{"no_such_field":1}"#, 422),
        ] {
            let answer = admin.ask(method, path, &[JSON], body);
            let problem = answer.problem(status);
            if status == 422 {
                assert!(!problem["errors"].as_array().unwrap().is_empty(), "{}", answer.shown());
            }
        }
        for headers in [&[][..], &[("content-type", "text/plain")], &[JSON, ("content-encoding", "gzip")]] {
            admin.ask(method, path, headers, b"{}").problem(415);
        }
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let server = Launch::default().setting("SERVER__BODY_LIMIT_BYTES", "1024").start();
    let admin = server.as_admin();
    let body = format!("{{\"reason\":\"{}\"}}", "x".repeat(2_000));
    for (method, path, ..) in ROUTES.iter().filter(|(_, _, takes_body, _)| *takes_body) {
        admin.ask(method, path, &[JSON], body.as_bytes()).problem(413);
    }
}

#[test]
fn every_route_asks_for_its_role_and_no_more() {
    let server = Launch::default().setting("AUTH__ANONYMOUS_READ", "false").setting("FAULTS__ENABLED", "true").start();
    let mut clients = vec![("", server.client())];
    clients.extend(["viewer", "operator", "admin"].map(|role| (role, server.with_role(role, role))));
    let stranger = server.client().with_key("bw_unknown");
    let rank = |role: &str| ["", "viewer", "operator", "admin"].iter().position(|one| *one == role).unwrap();
    for (method, path, takes_body, needed) in ROUTES {
        let (headers, body) = if *takes_body { (&[JSON][..], &b"{\"no\":1}"[..]) } else { (&[][..], &b""[..]) };
        for (role, client) in &clients {
            let answer = client.ask(method, path, headers, body);
            match rank(role) {
                have if have >= rank(needed) => {
                    assert!(![401, 403].contains(&answer.status), "{role}: {}", answer.shown())
                }
                0 => {
                    answer.problem(401);
                    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"bellwether\"");
                }
                _ => drop(answer.problem(403)),
            }
        }
        stranger.ask(method, path, headers, body).problem(401);
        server.client().ask(method, path, &[JSON, ("authorization", "Basic YTpi")], body).problem(401);
    }
}

#[test]
fn reading_needs_no_key_unless_the_settings_say_so() {
    let server = Server::start();
    for (method, path, takes_body, needed) in ROUTES {
        let (headers, body) = if *takes_body { (&[JSON][..], &b"{\"no\":1}"[..]) } else { (&[][..], &b""[..]) };
        let answer = server.client().ask(method, path, headers, body);
        if ["", "viewer"].contains(needed) {
            assert!(![401, 403].contains(&answer.status), "{}", answer.shown());
        } else {
            answer.problem(401);
        }
    }
}

#[test]
fn another_method_is_refused_with_those_that_there_are() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    for (path, allow) in [
        ("/health", "GET, HEAD"),
        ("/models/extreme-events", "POST"),
        ("/safety/override/x", "DELETE"),
        ("/telemetry/observations", "GET, HEAD, POST"),
        ("/admin/keys", "GET, HEAD, POST"),
        ("/admin/faults", "GET, HEAD, POST, DELETE"),
        ("/config/active", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
    ] {
        for method in ["PATCH", "PUT", "BREW"] {
            let answer = admin.ask(method, path, &[JSON], b"{}");
            answer.problem(405);
            assert_eq!(answer.header("allow"), allow, "{path}");
        }
    }
}

/// Load balancers ask so; `Allow` promises it.
#[test]
fn head_is_answered_wherever_get_is() {
    let server = Server::with_faults();
    let admin = server.as_admin();
    for (_, path, takes_body, _) in ROUTES.iter().filter(|(method, ..)| *method == "GET") {
        assert!(!takes_body);
        let head = admin.ask("HEAD", path, &[], b"");
        assert!(head.status < 400 || head.status == 404, "{}", head.shown());
        assert_eq!(head.body, b"", "{path}");
    }
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let server = Server::start();
    let admin = server.as_admin();
    for path in ["/", "/nothing", "/models", "/models/nothing", "/healthy", "/safety/override/x/y", "/docs/none.html"] {
        admin.get(path).problem(404);
    }
    for path in ["/safety/override/none", "/admin/keys/none", "/admin/faults"] {
        admin.delete(path).problem(404);
    }
    for path in ["/features/never-seen", "/features/never-seen/history?name=x", "/admin/faults"] {
        admin.get(path).problem(404);
    }
}

#[test]
fn a_query_is_taken_at_its_word() {
    let server = Server::start();
    for (path, pointer) in [
        ("/telemetry/observations", "/service"),
        ("/telemetry/observations?service=", "/service"),
        ("/telemetry/observations?service=a&service=b", "/service"),
        ("/telemetry/observations?service=a&limt=1", "/limt"),
        ("/telemetry/observations?service=a&limit=0", "/limit"),
        ("/telemetry/observations?service=a&limit=10001", "/limit"),
        ("/telemetry/observations?service=a&limit=x", "/limit"),
        ("/telemetry/observations?service=a&after=nonsense", "/after"),
        ("/features/a/history", "/name"),
        ("/features/a/history?name=x&limit=5001", "/limit"),
    ] {
        assert_eq!(server.get(path).pointers(), [pointer], "{path}");
    }
}

#[test]
fn every_answer_carries_the_request_s_identity_and_is_not_to_be_kept() {
    let server = Server::start();
    for path in ["/health", "/nothing", "/models/list"] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-request-id").len(), 26, "{}", answer.shown());
        assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
        let own = server.client().ask("GET", path, &[("x-request-id", "trace-7")], b"");
        assert_eq!(own.header("x-request-id"), "trace-7");
    }
}

/// One request may be in flight; it is held by a model that hangs. Reading is refused, the brake and health are not.
#[test]
fn too_many_requests_are_refused_but_never_the_brake() {
    let server = Launch::default().setting("FAULTS__ENABLED", "true").setting("SERVER__MAX_IN_FLIGHT", "1").start();
    let admin = server.as_admin();
    let fault = json!({ "actor": "extreme_events", "kind": "slow", "duration_ms": 5_000 });
    admin.post("/admin/faults", &fault).with(201);
    std::thread::scope(|scope| {
        let held = server.client();
        let mut body = crate::support::good_question();
        body["deadline_ms"] = json!(5_000);
        // The look below may hold the only place for a moment: then this one asks again.
        let waiting = scope.spawn(move || {
            let answer = std::iter::repeat_with(|| held.post("/models/extreme-events", &body));
            answer.skip_while(|answer| answer.status == 429).map(|answer| answer.with(200)).next()
        });
        let refused = crate::support::until("the place is taken", || {
            let answer = server.get("/models/list");
            (answer.status == 429).then_some(answer)
        });
        refused.problem(429);
        assert_eq!(refused.header("retry-after"), "1");
        for path in ["/health", "/health/live", "/health/ready", "/safety/status", "/metrics"] {
            server.get(path).with_status(200);
        }
        let brake = json!({ "active": true, "reason": "drill", "scope": "service:elsewhere" });
        admin.post("/safety/emergency-mode", &brake).with(200);
        assert_eq!(server.get("/models/list").status, 429, "the place is still taken");
        waiting.join().unwrap();
    });
    server.get("/models/list").with(200);
}
