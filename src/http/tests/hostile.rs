//! What clients get that mean harm or do not know better.
use super::*;
use std::time::Instant;

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn bodies_that_are_too_much_or_not_json_are_4xx_problems() {
    let app = App::start(|config| config.body.bytes = 1_000_000);
    let deep = [b"{\"values\":[".as_slice(), &[b'['; 5000]].concat();
    let huge_number = [b"{\"values\":[".as_slice(), &vec![b'1'; 900_000], b"]}"].concat();
    let bodies: [(&[u8], u16); 14] = [
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b"{\"values\": \"x\"}", 422),
        (b"{\"values\":[1e999]}", 422),
        (b"{\"values\":[-1e999]}", 422),
        (&deep, 400),
        (b"\xff\xfe", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b"{\"values\":[],\"values\":[]}", 400),
        (b"{\"v\xffalues\":[]}", 400),
        (b"\0\0\0\0", 400),
        (&huge_number, 422),
        (b"{\"service\": 5}", 422),
    ];
    let mut client = app.connect();
    for (body, status) in bodies {
        let answer = client.ask("POST", "/sum", JSON, body);
        assert_eq!(answer.problem(), status, "{:?}", String::from_utf8_lossy(&body[..body.len().min(40)]));
        assert!(answer.body.len() < 2000);
    }
    let answer = app.ask("POST", "/sum", JSON, &vec![b'1'; 30_000_000]);
    assert_eq!(answer.problem(), 413);
    assert_eq!(app.ask("GET", "/health", "", b"").status, 200);
}

#[test]
fn a_chunked_body_is_bounded_too() {
    let app = App::start(|_| {});
    let mut client = app.connect();
    client.send(format!("POST /sum HTTP/1.1\r\nHost: x\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    for _ in 0..30 {
        client.send(b"400\r\n");
        client.send(&[b' '; 1024]);
        client.send(b"\r\n");
    }
    assert_eq!(client.answer(true).unwrap().problem(), 413);
    let mut client = app.connect();
    client.send(format!("POST /sum HTTP/1.1\r\nHost: x\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    client.send(b"7\r\n{\"value\r\n8\r\ns\":[1]}\n\r\n0\r\n\r\n");
    assert_eq!(client.answer(true).unwrap().status, 200);
}

#[test]
fn a_body_that_drips_is_ended_by_its_total_time() {
    let app = App::start(|_| {});
    let mut client = app.connect();
    client.send(format!("POST /sum HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 100\r\n\r\n").as_bytes());
    let begun = Instant::now();
    for _ in 0..8 {
        client.send(b" ");
        std::thread::sleep(Duration::from_millis(60));
    }
    assert_eq!(client.answer(true).unwrap().problem(), 408);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_head_that_drips_is_ended_on_a_fresh_and_on_a_used_connection() {
    let app = App::start(|config| config.header_timeout = Duration::from_secs(1));
    for used in [false, true] {
        let mut client = app.connect();
        if used {
            assert_eq!(client.ask("GET", "/health", "", b"").status, 200);
        }
        client.send(b"GET /health HTTP/1.1\r\n");
        let begun = Instant::now();
        while client.stream.write_all(b"X-A: b\r\n").is_ok() && begun.elapsed() < Duration::from_secs(8) {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "used: {used}, still open");
    }
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let app = App::start(|_| {});
    let mut busy = app.connect();
    let mut idle = app.connect();
    assert_eq!(idle.ask("GET", "/health", "", b"").status, 200);
    for _ in 0..5 {
        assert_eq!(busy.ask("GET", "/slow", "", b"").status, 200);
    }
    let begun = Instant::now();
    assert!(idle.is_closed() && begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn ambiguous_framing_is_refused_and_the_connection_ended() {
    let app = App::start(|_| {});
    let tail = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Bad Header: x\r\n",
    ] {
        let mut client = app.connect();
        client.send(format!("POST /sum HTTP/1.1\r\nHost: x\r\n{JSON}{headers}\r\n0\r\n\r\n{tail}").as_bytes());
        let status = client.answer(true).map(|answer| answer.status);
        assert!(matches!(status, Some(400..=499) | None), "{headers:?} {status:?}");
        let smuggled = client.answer(true).map(|answer| answer.status);
        assert!(smuggled != Some(200), "{headers:?} smuggles a request");
    }
    let long = "x".repeat(200_000);
    let mut client = app.connect();
    client.send(format!("GET /health HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n").as_bytes());
    assert_eq!(client.answer(true).map(|answer| answer.status), Some(431));
    assert_eq!(app.ask("GET", "/health", "", b"").status, 200);
}

#[test]
fn odd_paths_are_refused_calmly() {
    let app = App::start(|_| {});
    let long = format!("/{}", "a".repeat(10_000));
    for path in ["/%ff%fe", "/item/%00", "/item/%2e%2e%2f", "//", "/sum/", "/sum?x=%zz", "/item/99999999999", &long] {
        let answer = app.ask("GET", path, "", b"");
        assert!(matches!(answer.status, 200 | 404), "{path} {answer:?}");
        if answer.status == 404 {
            answer.problem();
            assert!(answer.body.len() < 1000);
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let app = App::start(|_| {});
    let mut client = app.connect();
    let one = format!("POST /sum HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 14\r\n\r\n{{\"values\":[1]}}");
    client.send(
        [one.as_str(), &one.replace("[1]", "[2]"), "GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", &one].concat().as_bytes(),
    );
    let sums: Vec<_> = (0..2).map(|_| client.answer(true).unwrap().json()["sum"].as_f64()).collect();
    assert_eq!(sums, [Some(1.0), Some(2.0)]);
    assert_eq!(client.answer(true).unwrap().problem(), 500);
    assert_eq!(client.answer(true).unwrap().status, 200);
}
