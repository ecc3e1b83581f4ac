//! One event, one line. JSON: `timestamp, level, message, target`, then the event's own fields, flat. Text: the same for
//! human eyes. A line is built in a buffer that its thread keeps, and handed over as a whole.
//!
//! Fields named in [`RAW`] that hold JSON are embedded as JSON. They are checked first, but those of an inference, which
//! are of our own writing: a line is valid JSON whatever an event carries. Spans are not printed: what a line should say
//! stands in its event.
use super::logging::INFERENCE;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Fields whose text is JSON.
const RAW: [&str; 4] = ["input", "output", "safety_check", "violations"];

/// Longest raw field, in bytes; a longer one is replaced by its length, so that a queue of lines stays small.
const LONGEST_RAW: usize = 16 * 1024;

/// Longest value of a text line, in characters.
const LONGEST_SHOWN: usize = 160;

/// Form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON object.
    Json,
    /// Text, with colours or without.
    Text {
        /// Whether to colour the level.
        colour: bool,
    },
}

/// Writes every event as one line.
#[derive(Debug)]
pub(super) struct Lines<W> {
    form: Form,
    now: fn() -> SystemTime,
    writer: W,
}

/// A writer that many threads may clone.
pub(super) trait SharedWriter: Clone + Write + 'static {}
impl<W: Clone + Write + 'static> SharedWriter for W {}

impl<W> Lines<W> {
    pub(super) const fn new(form: Form, now: fn() -> SystemTime, writer: W) -> Self {
        Self { form, now, writer }
    }
}

/// What a thread reuses from line to line.
#[derive(Default)]
struct Buffers {
    line: String,
    message: String,
    fields: String,
    scratch: String,
    second: Second,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl<S: Subscriber, W: SharedWriter + Send + Sync> Layer<S> for Lines<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // A value whose `Debug` logs would come here again while its own line is being built: that line is lost.
        let _ = BUFFERS.try_with(|buffers| {
            let Ok(mut buffers) = buffers.try_borrow_mut() else { return };
            buffers.fill(self.form, (self.now)(), event);
            let _ = self.writer.clone().write_all(buffers.line.as_bytes());
        });
    }
}

impl Buffers {
    fn fill(&mut self, form: Form, now: SystemTime, event: &Event<'_>) {
        let Self { line, message, fields, scratch, second } = self;
        for buffer in [&mut *line, &mut *message, &mut *fields] {
            buffer.clear();
            buffer.shrink_to(4 * LONGEST_RAW);
        }
        let (level, target) = (event.metadata().level(), event.metadata().target());
        event.record(&mut Visitor { form, is_own_json: target == INFERENCE, message, fields, scratch });
        match form {
            Form::Json => {
                line.push_str("{\"timestamp\":\"");
                second.push(now, line);
                line.push_str("\",\"level\":\"");
                line.push_str(level.as_str());
                line.push_str("\",\"message\":\"");
                escape(message, line);
                line.push_str("\",\"target\":\"");
                escape(target, line);
                line.push('"');
                line.push_str(fields);
                line.push_str("}\n");
            }
            Form::Text { colour } => {
                second.push(now, line);
                let (start, end) = if colour { (paint(*level), "\x1b[0m") } else { ("", "") };
                let _ = write!(line, " {start}{:>5}{end} ", level.as_str());
                show(message, usize::MAX, line);
                line.push_str(fields);
                let (dim, end) = if colour { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
                let _ = writeln!(line, "  {dim}[{target}]{end}");
            }
        }
    }
}

const fn paint(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

/// Appends fields in the form of the line; the message apart.
struct Visitor<'a> {
    form: Form,
    is_own_json: bool,
    message: &'a mut String,
    fields: &'a mut String,
    scratch: &'a mut String,
}

impl Visitor<'_> {
    /// Appends the field's name and what separates it from its value.
    fn name(&mut self, field: &Field) {
        match self.form {
            Form::Json => {
                self.fields.push_str(",\"");
                if matches!(field.name(), "timestamp" | "level" | "target") {
                    self.fields.push_str("field_"); // a key appears once in an object
                }
                escape(field.name(), self.fields);
                self.fields.push_str("\":");
            }
            Form::Text { .. } => {
                self.fields.push(' ');
                self.fields.push_str(field.name());
                self.fields.push('=');
            }
        }
    }

    fn bare(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        self.name(field);
        let _ = self.fields.write_fmt(value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message.push_str(text);
            return;
        }
        self.name(field);
        match self.form {
            Form::Text { .. } => show(text, LONGEST_SHOWN, self.fields),
            Form::Json if RAW.contains(&field.name()) => raw(text, self.is_own_json, self.fields),
            Form::Json => quote(text, self.fields),
        }
    }

    fn formatted(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        if field.name() == "message" {
            let _ = self.message.write_fmt(value);
            return;
        }
        let mut scratch = std::mem::take(self.scratch);
        scratch.clear();
        let _ = scratch.write_fmt(value);
        self.text(field, &scratch);
        *self.scratch = scratch;
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        match self.form {
            Form::Json if !value.is_finite() => self.bare(field, format_args!("null")),
            _ => self.bare(field, format_args!("{value}")),
        }
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut chain = value.to_string();
        let mut cause = value.source();
        while let Some(below) = cause {
            let _ = write!(chain, ": {below}");
            cause = below.source();
        }
        self.text(field, &chain);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.formatted(field, format_args!("{value:?}"));
    }
}

/// Embeds JSON as it is, on one line; anything else becomes a string.
fn raw(text: &str, is_own: bool, out: &mut String) {
    if text.len() > LONGEST_RAW {
        let _ = write!(out, "{{\"omitted_bytes\":{}}}", text.len());
    } else if is_own {
        out.push_str(text);
    } else if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        quote(text, out);
    } else if text.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend(text.chars().map(|character| if matches!(character, '\n' | '\r') { ' ' } else { character }));
    } else {
        out.push_str(text);
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// Appends text as the inside of a JSON string.
fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escaped.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escaped);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// Appends text for a terminal: control characters escaped, cut after `longest` characters.
fn show(text: &str, longest: usize, out: &mut String) {
    for (count, character) in text.chars().enumerate() {
        if count == longest {
            out.push('…');
            return;
        }
        if character.is_control() { out.extend(character.escape_default()) } else { out.push(character) }
    }
}

/// The second that was last formatted: most lines share it with the one before.
#[derive(Default)]
struct Second {
    unix: Option<i64>,
    text: String,
}

impl Second {
    /// Appends `2026-11-23T10:00:00.000Z`.
    fn push(&mut self, now: SystemTime, out: &mut String) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        if self.unix != Some(second) {
            let timestamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
            self.text = timestamp.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            self.unix = Some(second);
        }
        out.push_str(&self.text);
        let _ = write!(out, ".{:03}Z", since.subsec_millis());
    }
}

#[cfg(test)]
mod tests;
