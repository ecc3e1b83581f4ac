//! What well-meaning clients get.
use super::super::openapi;
use super::*;

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn a_good_request_is_answered_with_the_headers_of_every_answer() {
    let app = App::start(|_| {});
    let answer = app.ask("POST", "/sum", JSON, br#"{"values":[1,2]}"#);
    assert_eq!((answer.status, answer.json()["sum"].as_f64()), (200, Some(3.0)));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-request-id").len(), 26);
    let own = app.ask("GET", "/sum", "X-Request-Id: trace-7\r\n", b"");
    assert_eq!((own.header("x-request-id"), own.json()["id"].as_str()), ("trace-7", Some("trace-7")));
    let forged = app.ask("GET", "/sum", "X-Request-Id: <script>\r\n", b"");
    assert_eq!(forged.header("x-request-id").len(), 26);
}

#[test]
fn refusals_are_problems_on_a_connection_that_goes_on() {
    let app = App::start(|_| {});
    let mut client = app.connect();
    let with_key = |key: &str| format!("{JSON}Authorization: Bearer {key}\r\n");
    for (method, path, headers, body, status) in [
        ("GET", "/nothing", String::new(), "", 404),
        ("PUT", "/sum", JSON.to_owned(), "{}", 405),
        ("BREW", "/sum", String::new(), "", 405),
        ("GET", "/page?limit=x", String::new(), "", 422),
        ("GET", "/page?limt=1", String::new(), "", 422),
        ("GET", "/item/x", String::new(), "", 404),
        ("GET", "/refused", String::new(), "", 503),
        ("GET", "/broken", String::new(), "", 500),
        ("POST", "/sum", String::new(), "{}", 415),
        ("POST", "/sum", "Content-Type: text/plain\r\n".to_owned(), "{}", 415),
        ("POST", "/sum", JSON.to_owned(), "", 400),
        ("POST", "/sum", JSON.to_owned(), "{", 400),
        ("POST", "/sum", JSON.to_owned(), "[]", 422),
        ("POST", "/admin", JSON.to_owned(), "{}", 401),
        ("POST", "/admin", with_key("otto"), "{}", 403),
        ("POST", "/sum", with_key("mallory"), "{}", 401),
        ("GET", "/health", "Authorization: Basic YTpi\r\n".to_owned(), "", 401),
        ("GET", "/nothing", with_key("mallory"), "", 401),
    ] {
        let answer = client.ask(method, path, &headers, body.as_bytes());
        assert_eq!(answer.problem(), status, "{method} {path} {headers} {body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
        match status {
            405 => assert_eq!(answer.header("allow"), "GET, HEAD, POST"),
            401 => assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"bellwether\""),
            503 => assert_eq!(answer.header("retry-after"), "1"),
            _ => {}
        }
    }
    assert_eq!(client.ask("POST", "/admin", &with_key("ann"), b"").json()["name"], "ann");
    assert_eq!(client.ask("HEAD", "/health", "", b"").status, 200);
    assert_eq!(client.ask("GET", "/health", "", b"").json()["name"], "anonymous");
}

#[test]
fn too_many_in_flight_are_refused_at_once_but_never_the_brake() {
    let app = App::start(|config| config.max_in_flight = Some(2));
    let mut held: Vec<_> = (0..2).map(|_| app.connect()).collect();
    for client in &mut held {
        client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    std::thread::sleep(Duration::from_millis(100));
    let mut other = app.connect();
    for _ in 0..3 {
        let refused = other.ask("POST", "/sum", JSON, b"{}");
        assert_eq!((refused.problem(), refused.header("retry-after")), (429, "1"));
    }
    let large = other.ask("POST", "/sum", JSON, &[b' '; 200_000]);
    assert_eq!((large.problem(), large.header("connection")), (429, "close"));
    let mut other = app.connect();
    assert_eq!(other.ask("POST", "/brake", &format!("{JSON}Authorization: Bearer otto\r\n"), b"{}").status, 200);
    assert_eq!(other.ask("GET", "/health", "", b"").status, 200);
    for client in &mut held {
        assert_eq!(client.answer(true).unwrap().status, 200);
    }
    assert_eq!(other.ask("POST", "/sum", JSON, b"{}").status, 200);
    assert_eq!(app.in_flight.now(), 0);
}

#[test]
fn a_client_that_goes_away_gives_its_place_back() {
    let app = App::start(|config| config.max_in_flight = Some(1));
    let mut gone = app.connect();
    gone.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(app.in_flight.now(), 1);
    drop(gone);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(app.in_flight.now(), 0);
}

#[test]
fn the_document_and_its_pages_come_from_here_alone() {
    let app = App::start(|_| {});
    let document = app.ask("GET", "/openapi.json", "", b"");
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    assert!(document.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    let docs = app.ask("GET", "/docs", "", b"");
    assert_eq!((docs.status, docs.header("location")), (308, "docs/"));
    let page = app.ask("GET", "/docs/", "", b"");
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    let html = String::from_utf8(page.body).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("src=\"//"), "{html}");
    for file in html.split("src=\"").chain(html.split("href=\"")).skip(1).filter_map(|rest| rest.split('"').next()) {
        if file.starts_with('<') {
            continue;
        }
        let path = format!("/docs/{}", file.trim_start_matches("./"));
        assert_eq!(app.ask("GET", &path, "", b"").status, 200, "{path}");
    }
    let start = app.ask("GET", "/docs/swagger-initializer.js", "", b"");
    let script = String::from_utf8(start.body).unwrap();
    assert!(script.contains("/openapi.json") && !script.contains("http"), "{script}");
    assert_eq!(app.ask("GET", "/docs/../../etc/passwd", "", b"").problem(), 404);
    let compressed = app.ask("GET", "/docs/swagger-ui.css", "Accept-Encoding: gzip\r\n", b"");
    assert_eq!(compressed.header("content-encoding"), "gzip");
}

#[test]
fn the_document_says_what_the_edge_can_answer() {
    assert_eq!(super::super::routes::faults(TABLE), Vec::<String>::new());
    let document = openapi::assemble([Api::openapi()], TABLE).unwrap();
    let undocumented = openapi::disagreements(&document, TABLE);
    assert_eq!(undocumented.len(), ROUTES.len() - 3, "{undocumented:?}");
    let statuses = |path: &str, method: &str| {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        let mut statuses: Vec<_> = responses.keys().map(String::as_str).collect();
        statuses.sort_unstable();
        statuses.join(" ")
    };
    assert_eq!(statuses("/sum", "post"), "200 400 401 405 408 413 415 422 429 500 503");
    assert_eq!(statuses("/page", "get"), "200 400 401 405 422 429 500 503");
    assert_eq!(statuses("/item/{id}", "get"), "200 400 401 404 405 429 500 503");
}
