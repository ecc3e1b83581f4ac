//! JSON bodies that are taken at their word: every deviation from the schema is an answer that says where.
//!
//! 415 for another media type, 413 and 408 for too long, 400 for what is not JSON (or has a key twice, or is nested
//! deeper than 128), 422 for JSON against the schema, such as a number that no double holds. A good body costs one typed pass
//! and one scan for duplicate keys; only a bad one is looked at again to find out what to say.
use super::body::{self, BodyLimits};
use super::json_faults;
use super::problem::{FieldError, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

/// What a body must satisfy beyond its types. Derive `Deserialize` with `#[serde(deny_unknown_fields)]`.
pub trait Check {
    /// Longest body in bytes, where it differs from the server's limit.
    const BODY_LIMIT: Option<usize> = None;

    /// Every fault, not only the first; none for a good body.
    fn check(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// A body that is a JSON object of type `T` and passed its own checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrictJson<T>(pub T);

/// As [`StrictJson`], for routes where the body may be left out; there, an empty one is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned + Check + 'static> FromRequest for StrictJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            match read_json(&request, payload, T::BODY_LIMIT).await? {
                Some(bytes) => parse(&bytes).map(Self),
                None => Err(Problem::bad_request("the body is empty: send a JSON object")),
            }
        })
    }
}

impl<T: DeserializeOwned + Check + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_json(&request, payload, T::BODY_LIMIT).await?;
            bytes.map(|bytes| parse(&bytes)).transpose().map(Self)
        })
    }
}

/// The body's bytes, `None` for an empty one.
async fn read_json(
    request: &HttpRequest,
    mut payload: Payload,
    limit: Option<usize>,
) -> Result<Option<Bytes>, Problem> {
    let mut limits = request.app_data::<BodyLimits>().copied().unwrap_or_default();
    limits.bytes = limit.unwrap_or(limits.bytes);
    let headers = request.headers();
    let media_type = media_type(headers);
    if let Err(Refusal::Wrong(problem)) = media_type {
        body::discard(headers, &mut payload).await;
        return Err(problem);
    }
    let bytes = body::read(headers, &mut payload, limits).await?;
    match media_type {
        _ if bytes.is_empty() => Ok(None),
        Err(Refusal::Missing) => Err(Problem::wrong_media_type("the body has no content type: use application/json")),
        _ => Ok(Some(bytes)),
    }
}

enum Refusal {
    Wrong(Problem),
    Missing,
}

/// Whether the body claims to be uncompressed JSON in UTF-8.
fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let wrong = |detail: &str| Err(Refusal::Wrong(Problem::wrong_media_type(detail)));
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return wrong("encoded bodies are not taken: send it uncompressed");
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Err(Refusal::Missing) };
    let text = value.to_str().unwrap_or_default();
    if text == "application/json" {
        return Ok(());
    }
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let essence = essence.trim();
    let subtype =
        essence.get(..12).filter(|prefix| prefix.eq_ignore_ascii_case("application/")).map(|_| &essence[12..]);
    let ends_in_json = |name: &str| name.len() > 5 && name.as_bytes()[name.len() - 5..].eq_ignore_ascii_case(b"+json");
    if !subtype.is_some_and(|name| name.eq_ignore_ascii_case("json") || ends_in_json(name)) {
        return wrong("the content type is not JSON: use application/json");
    }
    let charset = parameters
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(name, value)| name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"')));
    if charset.is_some_and(|charset| !["utf-8", "utf8"].iter().any(|known| charset.eq_ignore_ascii_case(known))) {
        return wrong("the character set is not UTF-8: JSON is always UTF-8");
    }
    Ok(())
}

/// Parses and checks a body.
///
/// # Errors
/// 400 if it is not JSON or has a key twice, 422 with pointers if it is against the schema.
pub fn parse<T: DeserializeOwned + Check>(bytes: &[u8]) -> Result<T, Problem> {
    // Structs also deserialise from arrays: the first character decides.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let parsed = if is_object { serde_json::from_slice::<T>(bytes).ok() } else { None };
    let Some(value) = parsed else { return Err(json_faults::classify::<T>(bytes)) };
    if let Some(duplicate) = json_faults::duplicate_key(bytes) {
        return Err(duplicate);
    }
    match value.check() {
        errors if errors.is_empty() => Ok(value),
        errors => Err(Problem::unprocessable(errors)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its reading is tested")]
        y: f64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default)]
        values: Vec<f64>,
        #[serde(default)]
        #[allow(dead_code, reason = "only its reading is tested")]
        context: BTreeMap<String, f64>,
        #[serde(default)]
        #[allow(dead_code, reason = "only its reading is tested")]
        observations: Vec<Inner>,
        #[allow(dead_code, reason = "only its reading is tested")]
        service: Option<bellwether_domain::types::ServiceId>,
    }

    impl Check for Body {
        fn check(&self) -> Vec<FieldError> {
            let negative = self.values.iter().enumerate().filter(|(_, value)| **value < 0.0);
            negative.map(|(i, _)| FieldError::new(format!("/values/{i}"), "must not be negative")).collect()
        }
    }

    /// Status and pointers of a refusal.
    fn refusal(body: &[u8]) -> (u16, Vec<String>) {
        match parse::<Body>(body) {
            Ok(_) => (200, Vec::new()),
            Err(problem) => {
                let errors = &problem.document().errors;
                (problem.status().as_u16(), errors.iter().map(|error| error.pointer.clone()).collect())
            }
        }
    }

    #[test]
    fn what_is_not_json_is_400() {
        let deep = "[".repeat(5000);
        let deep = [r#"{"values":["#, &deep].concat();
        let closed = format!(r#"{{"values":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        let bodies: [&[u8]; 18] = [
            b"{",
            b"",
            b" ",
            b"{]",
            b"{\"values\":[1,]}",
            b"{} {}",
            b"{'values':[]}",
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"{\"service\":\"\xff\"}",
            b"{\"service\":\"\\ud800\"}",
            b"{\"values\":[NaN]}",
            b"{\"values\":[01]}",
            b"{\"context\":{\"a\":1,\"a\":1}}",
            b"{\"context\":{\"a\":1,\"\\u0061\":1}}",
            b"{\"values\":[],\"values\":[]}",
            deep.as_bytes(),
            closed.as_bytes(),
        ];
        for body in bodies {
            assert_eq!(refusal(body).0, 400, "{:?}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        }
    }

    #[test]
    fn json_against_the_schema_is_422_with_its_place() {
        for (body, pointer) in [
            ("[]", ""),
            ("null", ""),
            ("5", ""),
            ("\"x\"", ""),
            ("[[],{},[],null]", ""),
            (r#"{"values":"x"}"#, "/values"),
            (r#"{"values":[1,2,"x"]}"#, "/values/2"),
            (r#"{"valuess":[1]}"#, "/valuess"),
            (r#"{"context":{"a/b~c":"x"}}"#, "/context/a~1b~0c"),
            (r#"{"observations":[{"y":1},{}]}"#, "/observations/1/y"),
            (r#"{"observations":[{"y":1,"z":2}]}"#, "/observations/0/z"),
            (r#"{"service":5}"#, "/service"),
            (r#"{"service":""}"#, "/service"),
            (r#"{"values":[1,1e999]}"#, "/values/1"),
            (r#"{"context":{"a":-1e999}}"#, "/context/a"),
            (r#"{"values":[1,-1,-2]}"#, "/values/1 /values/2"),
        ] {
            let (status, pointers) = refusal(body.as_bytes());
            assert_eq!((status, pointers.join(" ").as_str()), (422, pointer), "{body}");
        }
    }

    #[test]
    fn messages_name_the_field_and_what_is_expected() {
        let message = |body: &str| parse::<Body>(body.as_bytes()).unwrap_err().document().errors[0].message.clone();
        assert!(message(r#"{"valuess":1}"#).contains("unknown field `valuess`, expected one of `values`"));
        assert!(message(r#"{"values":5}"#).contains("invalid type: integer `5`, expected a sequence"));
        assert!(message(r#"{"observations":[{}]}"#).contains("missing field `y`"));
        assert!(!message(r#"{"values":5}"#).contains("line"));
        assert!(message(&format!(r#"{{"{}":5}}"#, "k".repeat(1_000_000))).len() < 400);
    }

    #[test]
    fn good_bodies_pass() {
        for body in [r"{}", " \n{\"values\":[1, 2.5e3]}\n", r#"{"service":"Zürich","context":{"a":1,"b":2}}"#] {
            assert_eq!(refusal(body.as_bytes()).0, 200, "{body}");
        }
    }

    #[test]
    fn media_types() {
        for (value, good) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=latin1", false),
            ("application/x-www-form-urlencoded", false),
            ("text/json", false),
            ("application/+json", false),
            ("application/jsonp", false),
            ("applicatiön/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            assert_eq!(media_type(&headers).is_ok(), good, "{value}");
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            assert!(media_type(&headers).is_err());
        }
    }
}
