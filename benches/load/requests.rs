//! What is asked of the servers.
use rand::{RngExt, SeedableRng};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};

/// Text of a time as the observations carry it; its length never changes.
const TIME: &str = "2026-11-23T10:00:00.000000Z";
/// Rows of one batch of observations: 10 services with 10 quantities each.
const ROWS: usize = 100;

/// Kinds of requests.
pub(crate) const ENDPOINTS: usize = 6;
const BANDIT: &str = r#"{"service":"order-gateway","experiment":"load","arms":["baseline","b","c","d"],"context":{"depth":0.4,"hour":0.61,"load":0.8,"spread":0.02,"volatility":0.3}}"#;

const REGIME: &str = r#"{"service":"load","values":[12.5]}"#;

/// One kind of request.
pub(crate) struct Endpoint {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    /// Text that a good reply holds.
    pub(crate) sign: &'static str,
    /// Head and body.
    template: Vec<u8>,
    /// Where the times stand that make each batch of observations a new one.
    times: Vec<usize>,
}

impl Endpoint {
    fn new(name: &'static str, path: &'static str, sign: &'static str, head: &str, body: &str) -> Self {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let template = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{head}{length}\r\n{body}");
        let times = template.match_indices(TIME).map(|(at, _)| at).collect();
        Self { name, path, sign, template: template.into_bytes(), times }
    }

    /// The next request, in place of what `buffer` holds.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.template);
        if self.times.is_empty() {
            return;
        }
        let time = later_than_all();
        for at in &self.times {
            buffer[*at..*at + TIME.len()].copy_from_slice(time.as_bytes());
        }
    }
}

/// The time, or as little later as makes it a new one.
fn later_than_all() -> String {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = jiff::Timestamp::now().as_microsecond();
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)));
    let time = now.max(last.unwrap_or_default() + 1);
    let time = jiff::Timestamp::from_microsecond(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// All of them; `key` may push observations.
pub(crate) fn endpoints(key: &str) -> [Endpoint; ENDPOINTS] {
    let authorised = format!("Authorization: Bearer {key}\r\n");
    [
        Endpoint::new("GET /health/live", "/health/live", "live", "", ""),
        Endpoint::new("GET /features/{service}", "/features/order-gateway", "request_rate", "", ""),
        Endpoint::new(
            "POST /models/extreme-events, 500 values",
            "/models/extreme-events",
            "\"source\":\"model\"",
            "",
            &extremes(500),
        ),
        Endpoint::new("POST /models/bandit, 4 arms, durable", "/models/bandit", "\"decision_id\":\"", "", BANDIT),
        Endpoint::new(
            "POST /models/regime-detection, one value, durable",
            "/models/regime-detection",
            "\"source\":\"model\"",
            "",
            REGIME,
        ),
        Endpoint::new(
            "POST /telemetry/observations, 100 rows",
            "/telemetry/observations",
            "\"rejected\":[]",
            &authorised,
            &observations(),
        ),
    ]
}

/// Latencies with a heavy tail, the same at every run.
fn extremes(count: usize) -> String {
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut value = || 20.0 * (-0.2 * (1.0 - random.random::<f64>()).ln()).exp();
    let values: Vec<f64> = (0..count).map(|_| (value() * 1e4).round() / 1e4).collect();
    serde_json::json!({ "service": "order-gateway", "values": values }).to_string()
}

fn observations() -> String {
    let mut rows = String::new();
    for row in 0..ROWS {
        let (separator, service, name) = (if row == 0 { "" } else { "," }, row / 10, row % 10);
        let value = 10.0 + row as f64 / 8.0;
        let _ = write!(
            rows,
            r#"{separator}{{"service":"load-{service}","name":"quantity_{name}","ts":"{TIME}","value":{value}}}"#
        );
    }
    format!("{{\"observations\":[{rows}]}}")
}
