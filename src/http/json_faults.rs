//! What is wrong with a JSON body: the slow path behind [`super::strict_json`], and the scan for duplicate keys.
use super::problem::{FieldError, Problem};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use std::borrow::Cow;
use std::collections::HashSet;

/// Objects with more keys than this are searched through a hash.
const FEW_KEYS: usize = 24;

/// Says why `bytes` is no `T`: not JSON (400), a key twice (400), against the schema (422).
pub(super) fn classify<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    let value: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return beyond_range::<T>(bytes, &error).unwrap_or_else(|| unreadable(bytes, &error)),
    };
    if let Some(duplicate) = duplicate_key(bytes) {
        return duplicate;
    }
    if !value.is_object() {
        let message = format!("invalid type: {}, expected an object", kind(&value));
        return Problem::unprocessable(vec![FieldError::new("", message)]);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => {
            let message = without_position(&error.inner().to_string()).to_owned();
            Problem::unprocessable(vec![FieldError::new(pointer(error.path(), &message), message)])
        }
        Ok(_) => Problem::bad_request("the body is not valid JSON"),
    }
}

/// A number that no double holds is JSON all the same: 422 with its place.
fn beyond_range<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Option<Problem> {
    const OUT_OF_RANGE: &str = "number out of range";
    if !error.to_string().starts_with(OUT_OF_RANGE) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err()?;
    if !error.inner().to_string().starts_with(OUT_OF_RANGE) {
        return None;
    }
    let message = "the number is beyond what a double holds: its magnitude is at most 1.7976931348623157e308";
    Some(Problem::unprocessable(vec![FieldError::new(pointer(error.path(), message), message)]))
}

fn unreadable(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let hint = match bytes {
        [] => "the body is empty: send a JSON object",
        [0xef, 0xbb, 0xbf, ..] => "the body starts with a byte order mark: leave it out",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the body is not UTF-8: JSON is always UTF-8",
        _ if std::str::from_utf8(bytes).is_err() => "the body is not UTF-8: JSON is always UTF-8",
        _ => return Problem::bad_request(super::problem::shortened(format!("the body is not valid JSON: {error}"))),
    };
    Problem::bad_request(hint)
}

const fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

/// serde_json appends the position in the text; the pointer says it better.
fn without_position(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |at| &message[..at])
}

/// The path as a JSON pointer; a missing or unknown field is named, too.
fn pointer(path: &Path, message: &str) -> String {
    let mut pointer = String::new();
    let mut push = |name: &str| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    };
    let mut last = None;
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&index.to_string()),
            Segment::Map { key } => push(key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        last = Some(segment);
    }
    if let Some(name) = quoted_after(message, "missing field `") {
        push(name);
    } else if let Some(name) = quoted_after(message, "unknown field `")
        && !matches!(last, Some(Segment::Map { key }) if key == name)
    {
        push(name);
    }
    pointer
}

fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').next()
}

/// A 400 that names the first key that an object has twice; `bytes` must be valid JSON.
///
/// Maps would take the last of them silently. In valid JSON a key is a string followed by a colon, and belongs to
/// the innermost open object; so only quotes and braces matter, and numbers are skipped at the speed of `memchr`.
pub(super) fn duplicate_key(bytes: &[u8]) -> Option<Problem> {
    let mut keys = Keys::default();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        at += find(rest, |byte| matches!(byte, b'"' | b'{' | b'}'), |far| memchr::memchr3(b'"', b'{', b'}', far))?;
        match bytes[at] {
            b'{' => keys.open_object(),
            b'}' => keys.close_object(),
            _ => {
                let start = at + 1;
                let end = end_of_string(bytes, start)?;
                let next = bytes[end + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
                if next == Some(&b':') {
                    let key = unescaped(&bytes[start..end]);
                    if !keys.insert(key) {
                        let key = unescaped(&bytes[start..end]);
                        let name = super::problem::shortened(String::from_utf8_lossy(&key).into_owned());
                        return Some(Problem::bad_request(format!("the key `{name}` is there twice in one object")));
                    }
                }
                at = end;
            }
        }
        at += 1;
    }
}

/// Position of the first byte that is wanted: the near ones by hand, since starting `memchr` costs more than they do.
#[inline]
fn find(bytes: &[u8], wanted: impl Fn(u8) -> bool, far: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    const NEAR: usize = 16;
    let near = &bytes[..bytes.len().min(NEAR)];
    match near.iter().position(|byte| wanted(*byte)) {
        Some(at) => Some(at),
        None => far(&bytes[near.len()..]).map(|at| at + near.len()),
    }
}

/// Position of the quote that ends the string whose content starts at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = bytes.get(at..)?;
        at += find(rest, |byte| matches!(byte, b'"' | b'\\'), |far| memchr::memchr2(b'"', b'\\', far))?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2; // the backslash and what it escapes
    }
}

fn unescaped(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.into_bytes()))
}

/// The keys so far of all objects that are open.
#[derive(Default)]
struct Keys<'a> {
    /// Of all open objects, the innermost last; those of a wide object move to its `many`.
    few: Vec<Cow<'a, [u8]>>,
    open: Vec<Object<'a>>,
}

struct Object<'a> {
    /// Where its keys start in `Keys::few`.
    start: usize,
    many: Option<HashSet<Cow<'a, [u8]>>>,
}

impl<'a> Keys<'a> {
    fn open_object(&mut self) {
        self.open.push(Object { start: self.few.len(), many: None });
    }

    fn close_object(&mut self) {
        if let Some(object) = self.open.pop() {
            self.few.truncate(object.start);
        }
    }

    /// Whether the key is new in the innermost object.
    fn insert(&mut self, key: Cow<'a, [u8]>) -> bool {
        let Some(object) = self.open.last_mut() else { return true };
        if let Some(many) = &mut object.many {
            return many.insert(key);
        }
        let here = &self.few[object.start..];
        if here.contains(&key) {
            return false;
        }
        if here.len() < FEW_KEYS {
            self.few.push(key);
        } else {
            let many = self.few.drain(object.start..).chain([key]);
            object.many = Some(many.collect());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has_duplicate(text: &str) -> bool {
        duplicate_key(text.as_bytes()).is_some()
    }

    #[test]
    fn duplicates_are_found_at_any_depth_and_nothing_else() {
        for (text, expected) in [
            (r#"{"a":1,"b":2}"#, false),
            (r#"{"a":1,"a":2}"#, true),
            (r#"{"a" : 1, "a" : 2}"#, true),
            (r#"{"a":{"a":1},"b":{"a":1}}"#, false),
            (r#"{"a":[{"b":1},{"b":1}]}"#, false),
            (r#"{"a":[[{"b":1,"b":1}]]}"#, true),
            (r#"{"a":"{\"a\":1,\"a\":1}"}"#, false),
            (r#"{"a":["a","a","a:"]}"#, false),
            (r#"{"a\\":1,"a":1}"#, false),
            (r#"{"é":1,"\u00e9":1}"#, true),
            (r#"{"":1,"":1}"#, true),
            (r#"{"a":{"x":1},"a":1}"#, true),
            (r#"[{"a":1},{"a":1}]"#, false),
        ] {
            assert_eq!(has_duplicate(text), expected, "{text}");
        }
        let wide: Vec<_> = (0..5000).map(|i| format!("\"k{i}\":0")).collect();
        assert!(!has_duplicate(&format!("{{{}}}", wide.join(","))));
        assert!(has_duplicate(&format!("{{{},\"k17\":1}}", wide.join(","))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_scanned_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = duplicate_key(&bytes);
            let _ = classify::<std::collections::BTreeMap<String, f64>>(&bytes);
        }

        #[test]
        fn json_like_text_is_scanned_without_a_panic(text in r#"[{}\[\]":,\\a1 ]{0,60}"#) {
            let _ = duplicate_key(text.as_bytes());
            let _ = classify::<std::collections::BTreeMap<String, f64>>(text.as_bytes());
        }
    }
}
