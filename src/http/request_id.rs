//! Request ids: taken from `X-Request-Id` when it is tame, else a new ULID; on every answer.
use super::problem::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::cell::RefCell;
use std::future::{Ready, ready};
use std::sync::Arc;

/// The header, in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from outside, in bytes.
const LONGEST: usize = 128;

thread_local! {
    // One generator a worker: ids rise within it, and no worker waits for another.
    static GENERATOR: RefCell<ulid::Generator> = const { RefCell::new(ulid::Generator::new()) };
}

/// Identity of a request: 1 to 128 characters of `[A-Za-z0-9_.-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one: a ULID, rising within a worker.
    #[must_use]
    pub fn generate() -> Self {
        let ulid = GENERATOR.with_borrow_mut(|generator| match generator.generate() {
            Ok(ulid) => ulid,
            Err(overflow) => overflow.commit_overflow_random(),
        });
        let mut buffer = [0; ulid::ULID_LEN];
        Self(Arc::from(&*ulid.array_to_str(&mut buffer)))
    }

    /// The caller's own id if it is tame, else a new one.
    #[must_use]
    pub fn accept(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_tame(text));
        given.map_or_else(Self::generate, |text| Self(Arc::from(text)))
    }

    /// The id that the edge gave to this request; `None` outside of the edge.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<super::edge::RequestContext>().map(|context| context.request_id.clone())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a header.
    pub(super) fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

fn is_tame(text: &str) -> bool {
    let characters_are_tame = || text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    (1..=LONGEST).contains(&text.len()) && characters_are_tame()
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| Problem::internal("the request has no id: it did not pass the edge")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tame_ids_are_kept_and_others_replaced() {
        let longest = "x".repeat(128);
        let too_long = "x".repeat(129);
        for (given, kept) in [
            ("a", true),
            ("trace-01.B_2", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("a b", false),
            ("<script>", false),
            ("a/b", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(given).unwrap());
            let id = RequestId::accept(&headers);
            assert_eq!(id.as_str() == given, kept, "{given}");
            assert!(is_tame(id.as_str()));
        }
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        assert_eq!(RequestId::accept(&headers).as_str().len(), 26);
    }

    #[test]
    fn generated_ids_rise_and_differ() {
        let ids: Vec<_> = (0..10_000).map(|_| RequestId::generate()).collect();
        assert!(ids.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
