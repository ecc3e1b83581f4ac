//! Exact lines, and what one costs.
use super::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lines(form: Form, events: impl FnOnce()) -> Vec<String> {
    let captured = Captured::default();
    let now = || UNIX_EPOCH + Duration::from_millis(1_795_428_000_007);
    let layer = Lines::new(form, now, captured.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn json_lines_are_exactly_these() {
    let found = lines(Form::Json, || {
        tracing::info!(target: "t", "listening");
        tracing::warn!(target: "t", count = 3, share = 0.5, flag = true, big = u64::MAX, name = "a\"b", "of {}", 7);
        tracing::error!(target: "t", share = f64::NAN, debugged = ?Some("x\n"), shown = %"tab\there");
        tracing::info!(target: "t", level = "mine", timestamp = 1, "\u{1}");
    });
    let start =
        |level: &str| format!("{{\"timestamp\":\"2026-11-23T10:00:00.007Z\",\"level\":\"{level}\",\"message\":");
    let expected = [
        start("INFO") + "\"listening\",\"target\":\"t\"}",
        start("WARN")
            + "\"of 7\",\"target\":\"t\",\"count\":3,\"share\":0.5,\"flag\":true,\"big\":18446744073709551615,\"name\":\"a\\\"b\"}",
        start("ERROR")
            + "\"\",\"target\":\"t\",\"share\":null,\"debugged\":\"Some(\\\"x\\\\n\\\")\",\"shown\":\"tab\\there\"}",
        start("INFO") + "\"\\u0001\",\"target\":\"t\",\"field_level\":\"mine\",\"field_timestamp\":1}",
    ];
    assert_eq!(found, expected);
}

#[test]
fn json_in_raw_fields_is_embedded_on_one_line_and_anything_else_is_quoted() {
    let long = format!("[{}1]", "1,".repeat(LONGEST_RAW / 2));
    for (text, expected) in [
        (r#"{"a":[1,null]}"#, r#"{"a":[1,null]}"#.to_owned()),
        ("{\n\"a\": \"b\\n\"\r\n}", "{ \"a\": \"b\\n\"  }".to_owned()),
        ("{\"a\":", r#""{\"a\":""#.to_owned()),
        (r#"{} {"level":"x"}"#, r#""{} {\"level\":\"x\"}""#.to_owned()),
        (long.as_str(), format!("{{\"omitted_bytes\":{}}}", long.len())),
    ] {
        let found = lines(Form::Json, || tracing::info!(target: "t", input = text, output = %text));
        let line: serde_json::Value = serde_json::from_str(&found[0]).unwrap();
        assert_eq!((found.len(), &line["input"]), (1, &line["output"]), "{text}");
        assert!(found[0].contains(&format!("\"input\":{expected},")), "{}", found[0]);
    }
}

#[test]
fn text_lines_are_short_and_free_of_control_characters() {
    let found = lines(Form::Text { colour: false }, || {
        tracing::info!(target: "t", name = "x\x1b[2J", long = "y".repeat(500), "ready\nnow");
    });
    let expected = format!(
        "2026-11-23T10:00:00.007Z  INFO ready\\nnow name=x\\u{{1b}}[2J long={}…  [t]",
        "y".repeat(LONGEST_SHOWN)
    );
    assert_eq!(found, [expected]);
}
