//! Errors as the outside sees them: `application/problem+json` (RFC 9457), one constructor per kind.
//!
//! `instance` is the request's id, so that a caller's report leads to the log line; the edge fills it in.
use super::request_id::RequestId;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Content type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Prefix of every `type`.
const TYPE_PREFIX: &str = "urn:bellwether:problem:";
/// Longest text from outside that an error repeats, in bytes.
const LONGEST_ECHO: usize = 300;

/// One fault of a body or a query string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field; the name of a query parameter after `/`.
    #[schema(example = "/horizon_hours")]
    pub pointer: String,
    /// What is wrong, and what is accepted.
    #[schema(example = "invalid value: integer `-1`, expected u32")]
    pub message: String,
}

impl FieldError {
    /// A fault at `pointer`; over-long messages are cut.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: shortened(pointer.into()), message: shortened(message.into()) }
    }
}

/// The document of an error, as sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Kind of the error, for programs.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "urn:bellwether:problem:unprocessable")]
    pub kind: Cow<'static, str>,
    /// Kind of the error, for people.
    #[schema(value_type = String)]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time, and the remedy.
    pub detail: String,
    /// Id of the request.
    pub instance: Option<String>,
    /// Each fault of a refused body; empty for other errors.
    pub errors: Vec<FieldError>,
}

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    document: ProblemDocument,
    retry_after_s: Option<u32>,
    allow: Option<HeaderValue>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let document = ProblemDocument {
            kind: Cow::Owned([TYPE_PREFIX, kind].concat()),
            title: Cow::Borrowed(title),
            status: status.as_u16(),
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
        };
        Self(Box::new(Parts { document, retry_after_s: None, allow: None }))
    }

    /// 400: not JSON, a duplicate key, an unreadable request.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Unreadable request", detail)
    }

    /// 401 with `WWW-Authenticate`: no key where one is needed, or one that is not known.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid API key", detail)
    }

    /// 403: the key's role is too low.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Role too low", detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405 with `Allow`.
    #[must_use]
    pub fn method_not_allowed(method: &Method, allow: &HeaderValue) -> Self {
        let accepted = allow.to_str().unwrap_or_default();
        let detail = shortened(format!("{} is not answered here: use {accepted}", shortened(method.to_string())));
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail);
        problem.0.allow = Some(allow.clone());
        problem
    }

    /// 408: the body did not arrive in time.
    pub fn request_timeout(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", "Body too slow", detail)
    }

    /// 409: the state does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 410: it was there, and its time is over.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "gone", "Too late", detail)
    }

    /// 412: the state has moved on since the caller read it.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", "Precondition failed", detail)
    }

    /// 413.
    #[must_use]
    pub fn too_large(limit_bytes: usize) -> Self {
        let detail = format!("the body is longer than {limit_bytes} bytes: send it in parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large", detail)
    }

    /// 415.
    pub fn wrong_media_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-media-type", "Wrong media type", detail)
    }

    /// 422: readable, but against the schema or impossible; `errors` says where.
    #[must_use]
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "the request is against the schema".to_owned(),
            [only] if only.pointer.is_empty() => only.message.clone(),
            [only] => shortened(format!("{}: {}", only.pointer, only.message)),
            several => format!("{} fields are against the schema: see errors", several.len()),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "Against the schema", detail);
        problem.0.document.errors = errors;
        problem
    }

    /// 429 with `Retry-After`.
    pub fn too_many_requests(retry_after_s: u32, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail);
        problem.0.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 500: our fault; `detail` must not hold internals.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    /// 503 with `Retry-After`: what is needed is down for now; the request can be repeated.
    pub fn unavailable(retry_after_s: u32, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable for now", detail);
        problem.0.retry_after_s = Some(retry_after_s);
        problem
    }

    /// The nearest problem for an error that some other layer turned into `status`.
    pub(super) fn of_status(status: StatusCode, detail: String) -> Self {
        let detail = shortened(detail);
        match status {
            StatusCode::BAD_REQUEST => Self::bad_request(detail),
            StatusCode::NOT_FOUND => Self::not_found(detail),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too-large", "Body too large", detail),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::wrong_media_type(detail),
            status if status.is_client_error() => {
                Self::new(status, "refused", status.canonical_reason().unwrap_or("Refused"), detail)
            }
            _ => Self::internal("the request failed inside: its id leads to the log line"),
        }
    }

    /// A kind of its own, for programs that must tell it from others of the same status.
    #[must_use]
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.0.document.kind = Cow::Owned([TYPE_PREFIX, kind].concat());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What will be sent.
    #[must_use]
    pub fn document(&self) -> &ProblemDocument {
        &self.0.document
    }

    /// The answer, with the id of its request.
    #[must_use]
    pub fn respond(&self, instance: Option<&RequestId>) -> HttpResponse {
        let Parts { document, retry_after_s, allow } = &*self.0;
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = allow {
            response.insert_header((header::ALLOW, allow.clone()));
        }
        if document.status == StatusCode::UNAUTHORIZED.as_u16() {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"bellwether\"")));
        }
        let with_instance = ProblemDocument { instance: instance.map(RequestId::to_string), ..document.clone() };
        // A struct of strings and numbers always serialises; an empty body is the answer if it ever did not.
        let body = serde_json::to_vec(&with_instance).unwrap_or_default();
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))).body(body)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ProblemDocument { status, title, detail, .. } = &self.0.document;
        write!(f, "{status} {title}: {detail}")
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

impl Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.respond(RequestId::of(request).as_ref())
    }
}

/// Cuts text from outside at a character boundary, so that an error is never as long as what it refuses.
pub(super) fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_ECHO {
        let end = (0..=LONGEST_ECHO).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody;

    #[test]
    fn every_kind_has_its_status_headers_and_content_type() {
        let allow = HeaderValue::from_static("GET, HEAD");
        let cases = [
            (Problem::bad_request("d"), 400, None),
            (Problem::unauthorized("d"), 401, Some(("www-authenticate", "Bearer realm=\"bellwether\""))),
            (Problem::forbidden("d"), 403, None),
            (Problem::not_found("d"), 404, None),
            (Problem::method_not_allowed(&Method::PUT, &allow), 405, Some(("allow", "GET, HEAD"))),
            (Problem::request_timeout("d"), 408, None),
            (Problem::conflict("d"), 409, None),
            (Problem::precondition_failed("d"), 412, None),
            (Problem::too_large(9), 413, None),
            (Problem::wrong_media_type("d"), 415, None),
            (Problem::unprocessable(vec![FieldError::new("/a", "m")]), 422, None),
            (Problem::too_many_requests(2, "d"), 429, Some(("retry-after", "2"))),
            (Problem::internal("d"), 500, None),
            (Problem::unavailable(1, "d"), 503, Some(("retry-after", "1"))),
        ];
        for (problem, status, expected_header) in cases {
            let response = problem.error_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
            if let Some((name, value)) = expected_header {
                assert_eq!(response.headers().get(name).unwrap(), value, "{problem}");
            }
            let body = response.into_body().try_into_bytes().unwrap();
            let document: ProblemDocument = serde_json::from_slice(&body).unwrap();
            assert_eq!(document.status, status);
            assert!(document.kind.starts_with(TYPE_PREFIX), "{}", document.kind);
        }
    }

    #[test]
    fn echoes_are_cut_between_characters() {
        assert_eq!(shortened("ab".to_owned()), "ab");
        let cut = shortened("é".repeat(1_000_000));
        assert!(cut.len() <= LONGEST_ECHO + '…'.len_utf8() && cut.ends_with("é…"));
    }
}
