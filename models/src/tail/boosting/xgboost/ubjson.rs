//! Universal Binary JSON as XGBoost writes it: big-endian, keys and lengths as 64-bit integers, typed arrays.
use super::error::{FileError, Place};
use super::value::{DEEPEST, Encoding, MOST_VALUES, Numbers, Value};
use std::borrow::Cow;

/// The document that bytes hold.
pub(super) fn parse(bytes: &[u8]) -> Result<Value<'_>, FileError> {
    let mut reader = Reader { bytes, at: 0, values: 0 };
    let value = reader.value(0)?;
    if reader.at < bytes.len() {
        return Err(reader.error("there is more behind the end"));
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: impl Into<String>) -> FileError {
        FileError::Syntax { what: what.into(), place: Place::Byte(self.at) }
    }

    fn peek(&self) -> Result<u8, FileError> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.error("the file is cut off"))
    }

    fn next(&mut self) -> Result<u8, FileError> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FileError> {
        let taken = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.error("the file is cut off, or a length is wrong"))?;
        self.at += length;
        Ok(taken)
    }

    fn array_of<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.error(format!("the file holds more than {MOST_VALUES} values")));
        }
        if depth > DEEPEST {
            return Err(self.error(format!("values are nested more than {DEEPEST} deep")));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the file's own precision is f32")]
        Ok(match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'S' => {
                self.at += 1;
                Value::Text(self.text()?)
            }
            b'd' => {
                self.at += 1;
                Value::Real(f32::from_be_bytes(self.array_of()?))
            }
            b'D' => {
                self.at += 1;
                Value::Real(f64::from_be_bytes(self.array_of()?) as f32)
            }
            b'Z' => self.constant(Value::Null),
            b'T' => self.constant(Value::Bool(true)),
            b'F' => self.constant(Value::Bool(false)),
            _ => Value::Integer(self.integer()?),
        })
    }

    const fn constant(&mut self, value: Value<'a>) -> Value<'a> {
        self.at += 1;
        value
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.at += 1;
        let mut entries = Vec::new();
        while self.peek()? != b'}' {
            let key = self.text()?;
            entries.push((key, self.value(depth + 1)?));
        }
        self.at += 1;
        Ok(Value::Object(entries))
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.at += 1;
        let encoding = match self.peek()? {
            b'$' => {
                self.at += 1;
                Some(self.encoding()?)
            }
            _ => None,
        };
        if encoding.is_none() && self.peek()? != b'#' {
            return self.open_array(depth);
        }
        if self.next()? != b'#' {
            self.at -= 1;
            return Err(self.error("the length of an array is expected"));
        }
        let length = self.length()?;
        if let Some(encoding) = encoding {
            let size = length.checked_mul(encoding.width()).ok_or_else(|| self.error("a length is wrong"))?;
            return Ok(Value::Numbers(Numbers { encoding, raw: self.take(size)? }));
        }
        if length > self.bytes.len() - self.at {
            return Err(self.error("the file is cut off, or a length is wrong"));
        }
        // No allocation by what the file claims: an entry may take more memory than bytes.
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(values))
    }

    /// An array that ends where a bracket says so.
    fn open_array(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        let mut values = Vec::new();
        while self.peek()? != b']' {
            values.push(self.value(depth + 1)?);
        }
        self.at += 1;
        Ok(Value::Array(values))
    }

    fn encoding(&mut self) -> Result<Encoding, FileError> {
        Ok(match self.next()? {
            b'i' => Encoding::I8,
            b'U' => Encoding::U8,
            b'I' => Encoding::I16,
            b'l' => Encoding::I32,
            b'L' => Encoding::I64,
            b'd' => Encoding::F32,
            b'D' => Encoding::F64,
            _ => {
                self.at -= 1;
                return Err(self.error("an array has an unknown type"));
            }
        })
    }

    fn text(&mut self) -> Result<Cow<'a, str>, FileError> {
        let length = self.length()?;
        let start = self.at;
        let text = std::str::from_utf8(self.take(length)?);
        text.map(Cow::Borrowed).map_err(|_| {
            self.at = start;
            self.error("a text is no UTF-8")
        })
    }

    fn length(&mut self) -> Result<usize, FileError> {
        let start = self.at;
        usize::try_from(self.integer()?).map_err(|_| {
            self.at = start;
            self.error("a length is negative")
        })
    }

    fn integer(&mut self) -> Result<i64, FileError> {
        Ok(match self.next()? {
            b'i' => i64::from(i8::from_be_bytes(self.array_of()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array_of()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array_of()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array_of()?)),
            b'L' => i64::from_be_bytes(self.array_of()?),
            _ => {
                self.at -= 1;
                return Err(self.error("a value of an unknown type"));
            }
        })
    }
}
