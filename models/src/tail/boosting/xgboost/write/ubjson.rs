//! Writes UBJSON in XGBoost's form: counted arrays without a closing bracket, keys and lengths as 64-bit integers.
use super::sink::{Sink, Width};

#[derive(Debug, Default)]
pub(in super::super) struct Ubjson {
    bytes: Vec<u8>,
}

impl Ubjson {
    pub(in super::super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn length(&mut self, length: usize) {
        self.bytes.push(b'L');
        self.bytes.extend_from_slice(&(length as u64).to_be_bytes());
    }

    fn counted(&mut self, kind: u8, length: usize) {
        self.bytes.extend_from_slice(&[b'[', b'$', kind, b'#']);
        self.length(length);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the width was chosen for the numbers")]
impl Sink for Ubjson {
    fn open(&mut self) {
        self.bytes.push(b'{');
    }

    fn key(&mut self, key: &str) {
        self.length(key.len());
        self.bytes.extend_from_slice(key.as_bytes());
    }

    fn close(&mut self) {
        self.bytes.push(b'}');
    }

    fn text(&mut self, text: &str) {
        self.bytes.push(b'S');
        self.key(text);
    }

    fn real(&mut self, number: f32) {
        self.bytes.push(b'd');
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn integer(&mut self, number: i64) {
        if let Ok(number) = i8::try_from(number) {
            self.bytes.push(b'i');
            self.bytes.extend_from_slice(&number.to_be_bytes());
        } else if let Ok(number) = i16::try_from(number) {
            self.bytes.push(b'I');
            self.bytes.extend_from_slice(&number.to_be_bytes());
        } else if let Ok(number) = i32::try_from(number) {
            self.bytes.push(b'l');
            self.bytes.extend_from_slice(&number.to_be_bytes());
        } else {
            self.bytes.push(b'L');
            self.bytes.extend_from_slice(&number.to_be_bytes());
        }
    }

    fn array(&mut self, length: usize) {
        self.bytes.extend_from_slice(b"[#");
        self.length(length);
    }

    fn element(&mut self) {}

    fn end(&mut self) {}

    fn reals(&mut self, numbers: &[f32]) {
        self.counted(b'd', numbers.len());
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    }

    fn doubles(&mut self, numbers: &[f64]) {
        self.counted(b'D', numbers.len());
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    }

    fn typed(&mut self, width: Width, numbers: &[i64]) {
        let kind = match width {
            Width::I8 => b'i',
            Width::U8 => b'U',
            Width::I16 => b'I',
            Width::I32 => b'l',
            Width::I64 => b'L',
        };
        self.counted(kind, numbers.len());
        let numbers = numbers.iter().copied();
        match width {
            Width::I8 | Width::U8 => self.bytes.extend(numbers.map(|number| number as u8)),
            Width::I16 => self.bytes.extend(numbers.flat_map(|number| (number as i16).to_be_bytes())),
            Width::I32 => self.bytes.extend(numbers.flat_map(|number| (number as i32).to_be_bytes())),
            Width::I64 => self.bytes.extend(numbers.flat_map(i64::to_be_bytes)),
        }
    }
}
