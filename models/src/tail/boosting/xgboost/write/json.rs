//! Writes JSON: the shortest digits that give the same f32 back, as XGBoost does.
use super::sink::{Sink, Width};
use std::io::Write;

#[derive(Debug, Default)]
pub(in super::super) struct Json {
    text: Vec<u8>,
    /// Whether a comma belongs before the next key or element.
    follows: bool,
}

impl Json {
    pub(in super::super) fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    fn begin(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.follows = false;
    }

    fn finish(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.follows = true;
    }

    fn list<T>(&mut self, values: &[T], mut one: impl FnMut(&mut Self, &T)) {
        self.begin(b'[');
        for value in values {
            self.element();
            one(self, value);
        }
        self.finish(b']');
    }

    fn show(&mut self, value: std::fmt::Arguments<'_>) {
        // Writing into memory cannot fail.
        let _ = self.text.write_fmt(value);
    }

    fn double(&mut self, number: f64) {
        if number.is_nan() {
            self.text.extend_from_slice(b"NaN");
        } else if number.is_infinite() {
            self.text.extend_from_slice(if number > 0.0 { b"Infinity" } else { b"-Infinity" });
        } else {
            self.show(format_args!("{number:E}"));
        }
    }
}

impl Sink for Json {
    fn open(&mut self) {
        self.begin(b'{');
    }

    fn key(&mut self, key: &str) {
        self.element();
        self.text(key);
        self.text.push(b':');
    }

    fn close(&mut self) {
        self.finish(b'}');
    }

    fn text(&mut self, text: &str) {
        self.text.push(b'"');
        for character in text.chars() {
            match character {
                '"' => self.text.extend_from_slice(b"\\\""),
                '\\' => self.text.extend_from_slice(b"\\\\"),
                '\n' => self.text.extend_from_slice(b"\\n"),
                '\r' => self.text.extend_from_slice(b"\\r"),
                '\t' => self.text.extend_from_slice(b"\\t"),
                control if control < ' ' => self.show(format_args!("\\u{:04x}", u32::from(control))),
                plain => self.show(format_args!("{plain}")),
            }
        }
        self.text.push(b'"');
    }

    fn real(&mut self, number: f32) {
        if number.is_finite() {
            self.show(format_args!("{number:E}"));
        } else {
            self.double(f64::from(number));
        }
    }

    fn integer(&mut self, number: i64) {
        self.show(format_args!("{number}"));
    }

    fn array(&mut self, _length: usize) {
        self.begin(b'[');
    }

    fn element(&mut self) {
        if std::mem::replace(&mut self.follows, true) {
            self.text.push(b',');
        }
    }

    fn end(&mut self) {
        self.finish(b']');
    }

    fn reals(&mut self, numbers: &[f32]) {
        self.list(numbers, |json, number| json.real(*number));
    }

    fn doubles(&mut self, numbers: &[f64]) {
        self.list(numbers, |json, number| json.double(*number));
    }

    fn typed(&mut self, _width: Width, numbers: &[i64]) {
        self.list(numbers, |json, number| json.integer(*number));
    }
}
