//! An answer of the program, whatever its status.
use serde_json::Value;

/// Status, headers, body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
    asked: String,
}

impl Answer {
    pub(super) fn new(asked: String, response: ureq::http::Response<ureq::Body>) -> Self {
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(64 << 20).read_to_vec().unwrap();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, asked }
    }

    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.shown()))
    }

    /// The JSON body of an answer with this status.
    #[track_caller]
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.shown());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Whatever the body is.
    #[track_caller]
    pub(crate) fn with_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.shown());
        self
    }

    /// The body of a refusal, which is a complete problem document of this status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        let problem = self.with(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.shown());
        assert_eq!(problem["status"], status, "{}", self.shown());
        for text in ["type", "title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "no {text}: {}", self.shown());
        }
        assert_eq!(problem["instance"], self.header("x-request-id"), "{}", self.shown());
        problem
    }

    /// The pointers of a 422.
    #[track_caller]
    pub(crate) fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {}", self.shown()));
        assert!(!errors.is_empty(), "{}", self.shown());
        errors
            .iter()
            .map(|error| {
                assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{}", self.shown());
                error["pointer"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    /// For messages of failed assertions.
    pub(crate) fn shown(&self) -> String {
        let text: String = self.text().chars().take(600).collect();
        format!("{} -> {} {text}", self.asked, self.status)
    }
}
