//! Arrays of numbers, decoded as what their reader asks for.
use super::error::quotable;
use super::value::{Encoding, Numbers, Value};

/// What an array holds that it must not: the entry's position, and what stands there.
#[derive(Debug, PartialEq)]
pub(super) struct BadEntry {
    pub(super) index: usize,
    pub(super) found: String,
}

/// The numbers as f32, rounded once.
pub(super) fn reals(value: &Value<'_>) -> Option<Result<Vec<f32>, BadEntry>> {
    decode(
        value,
        real_of_text,
        |scalar| match scalar {
            Value::Real(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "a whole number where a real one is meant")]
            Value::Integer(number) => Some(*number as f32),
            _ => None,
        },
        |encoding, raw| {
            #[expect(clippy::cast_possible_truncation, reason = "the file's own precision is f32")]
            match encoding {
                Encoding::F32 => Some(raw.as_chunks().0.iter().map(|bytes| f32::from_be_bytes(*bytes)).collect()),
                Encoding::F64 => {
                    Some(raw.as_chunks().0.iter().map(|bytes| f64::from_be_bytes(*bytes) as f32).collect())
                }
                _ => None,
            }
        },
    )
}

/// The numbers as whole numbers; true is 1, false 0.
pub(super) fn integers(value: &Value<'_>) -> Option<Result<Vec<i64>, BadEntry>> {
    decode(
        value,
        integer_of_text,
        |scalar| match scalar {
            Value::Integer(number) => Some(*number),
            Value::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        },
        |encoding, raw| {
            Some(match encoding {
                Encoding::I8 => raw.iter().map(|byte| i64::from(byte.cast_signed())).collect(),
                Encoding::U8 => raw.iter().map(|byte| i64::from(*byte)).collect(),
                Encoding::I16 => raw.as_chunks().0.iter().map(|bytes| i64::from(i16::from_be_bytes(*bytes))).collect(),
                Encoding::I32 => raw.as_chunks().0.iter().map(|bytes| i64::from(i32::from_be_bytes(*bytes))).collect(),
                Encoding::I64 => raw.as_chunks().0.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect(),
                _ => return None,
            })
        },
    )
}

/// `None` if the value is no array of such numbers.
fn decode<T>(
    value: &Value<'_>,
    of_text: impl Fn(&[u8]) -> Option<T>,
    of_scalar: impl Fn(&Value<'_>) -> Option<T>,
    of_binary: impl Fn(Encoding, &[u8]) -> Option<Vec<T>>,
) -> Option<Result<Vec<T>, BadEntry>> {
    match value {
        Value::Array(values) => {
            let bad = |(index, value): (usize, &Value<'_>)| BadEntry { index, found: value.kind().to_owned() };
            let each = values.iter().enumerate().map(|at| of_scalar(at.1).ok_or_else(|| bad(at)));
            Some(each.collect())
        }
        Value::Numbers(Numbers { encoding: Encoding::Text, raw }) => {
            // An entry takes two bytes at least, so this is no more than the file's own size.
            let mut decoded = Vec::with_capacity(raw.len() / 4 + 1);
            for (index, entry) in raw.split(|byte| *byte == b',').enumerate() {
                match of_text(entry.trim_ascii()) {
                    Some(number) => decoded.push(number),
                    None => return Some(Err(BadEntry { index, found: shown(entry) })),
                }
            }
            Some(Ok(decoded))
        }
        Value::Numbers(Numbers { encoding, raw }) => of_binary(*encoding, raw).map(Ok),
        _ => None,
    }
}

/// A number as f32; also `NaN`, `Infinity`, `-Infinity`.
pub(super) fn real_of_text(text: &[u8]) -> Option<f32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn integer_of_text(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        b"true" => return Some(1),
        b"false" => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(if negative { -number } else { number })
}

fn shown(entry: &[u8]) -> String {
    format!("`{}`", quotable(&String::from_utf8_lossy(&entry[..entry.len().min(60)])))
}
