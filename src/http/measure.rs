//! Counts and times of requests: `http_requests_total{endpoint,method,status}`, `http_request_duration_seconds{endpoint}`.
//!
//! Handles are looked up once and kept per worker and route, so that a request costs two atomic operations and no
//! hashing. Labels are bounded: `endpoint` is the route's pattern or `unmatched`, `method` a known one or `other`.
use crate::observability::metrics::{
    HTTP_HANDLER_PANICS_TOTAL as PANICS, HTTP_REQUEST_DURATION_SECONDS as DURATION, HTTP_REQUESTS_TOTAL as REQUESTS,
};
use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};
use std::cell::RefCell;
use std::time::Duration;

/// Label of requests that no route matches.
pub const UNMATCHED: &str = "unmatched";

/// Handles of one route in one worker.
pub struct EndpointMetrics {
    endpoint: &'static str,
    duration: Histogram,
    panics: Counter,
    /// Few pairs occur per route, the commonest first: a scan is cheaper than a hash.
    requests: RefCell<Vec<((&'static str, u16), Counter)>>,
}

impl EndpointMetrics {
    /// Handles for a route; its successes are exported from the start, at 0.
    #[must_use]
    pub fn new(endpoint: &'static str, methods: &[Method]) -> Self {
        let ok = StatusCode::OK.as_u16();
        let successes = methods.iter().map(label).map(|method| ((method, ok), requests(endpoint, method, ok)));
        Self {
            endpoint,
            duration: histogram!(DURATION, "endpoint" => endpoint),
            panics: counter!(PANICS, "endpoint" => endpoint),
            requests: RefCell::new(successes.collect()),
        }
    }

    /// Counts an answer.
    pub fn record(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        self.duration.record(elapsed.as_secs_f64());
        let key = (label(method), status.as_u16());
        let mut known = self.requests.borrow_mut();
        if let Some((_, counter)) = known.iter().find(|(candidate, _)| *candidate == key) {
            counter.increment(1);
        } else {
            let counter = requests(self.endpoint, key.0, key.1);
            counter.increment(1);
            known.push((key, counter));
        }
    }

    /// Counts a panic.
    pub fn record_panic(&self) {
        self.panics.increment(1);
    }

    /// The route's label.
    #[must_use]
    pub const fn endpoint(&self) -> &'static str {
        self.endpoint
    }
}

impl std::fmt::Debug for EndpointMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointMetrics").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

fn requests(endpoint: &'static str, method: &'static str, status: u16) -> Counter {
    counter!(REQUESTS, "endpoint" => endpoint, "method" => method, "status" => status.to_string())
}

/// The method as a label: callers can invent methods, but not label values.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn requests_are_counted_by_route_method_and_status() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let text = metrics::with_local_recorder(&recorder, || {
            let route = EndpointMetrics::new("/a/{b}", &[Method::GET]);
            route.record(&Method::POST, StatusCode::NOT_FOUND, Duration::from_millis(2));
            route.record(&Method::POST, StatusCode::NOT_FOUND, Duration::from_millis(2));
            route.record(&Method::from_bytes(b"BREW").unwrap(), StatusCode::METHOD_NOT_ALLOWED, Duration::ZERO);
            recorder.handle().render()
        });
        for line in [
            "http_requests_total{endpoint=\"/a/{b}\",method=\"GET\",status=\"200\"} 0",
            "http_requests_total{endpoint=\"/a/{b}\",method=\"POST\",status=\"404\"} 2",
            "http_requests_total{endpoint=\"/a/{b}\",method=\"other\",status=\"405\"} 1",
            "http_request_duration_seconds_count{endpoint=\"/a/{b}\"} 3",
            "http_handler_panics_total{endpoint=\"/a/{b}\"} 0",
        ] {
            assert!(text.lines().any(|candidate| candidate == line), "{line} is not in\n{text}");
        }
    }
}
