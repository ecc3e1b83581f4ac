//! XGBoost's dialect of JSON: `NaN` and `Infinity` are numbers.
use super::error::{FileError, Place};
use super::numbers::real_of_text;
use super::value::{DEEPEST, Encoding, MOST_VALUES, Numbers, Value};
use std::borrow::Cow;

/// The document that a text holds.
pub(super) fn parse(text: &[u8]) -> Result<Value<'_>, FileError> {
    let mut reader = Reader { text, at: 0, values: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("there is more behind the end"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: impl Into<String>) -> FileError {
        let before = &self.text[..self.at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        FileError::Syntax { what: what.into(), place: Place::Line { line, column } }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips space and gives the byte behind it.
    fn next(&mut self) -> Result<u8, FileError> {
        self.skip_space();
        self.peek().ok_or_else(|| self.error("the file is cut off"))
    }

    fn expect(&mut self, byte: u8) -> Result<(), FileError> {
        let found = self.next()?;
        if found != byte {
            return Err(self.error(format!("`{}` is expected", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.error(format!("the file holds more than {MOST_VALUES} values")));
        }
        if depth > DEEPEST {
            return Err(self.error(format!("values are nested more than {DEEPEST} deep")));
        }
        match self.next()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Ok(Value::Text(self.text()?)),
            _ => self.scalar(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.next()? == b'}' {
            self.at += 1;
            return Ok(Value::Object(entries));
        }
        loop {
            if self.next()? != b'"' {
                return Err(self.error("a key in quotes is expected"));
            }
            let key = self.text()?;
            self.expect(b':')?;
            entries.push((key, self.value(depth + 1)?));
            match self.next()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(self.error("`,` or `}` is expected")),
            }
        }
        self.at += 1;
        Ok(Value::Object(entries))
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, FileError> {
        self.at += 1;
        let mut values = Vec::new();
        match self.next()? {
            b']' => {
                self.at += 1;
                return Ok(Value::Array(values));
            }
            b'"' | b'[' | b'{' => {}
            _ => return self.numbers(),
        }
        loop {
            values.push(self.value(depth + 1)?);
            match self.next()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.error("`,` or `]` is expected")),
            }
        }
        self.at += 1;
        Ok(Value::Array(values))
    }

    /// An array without texts, arrays and objects: numbers, which are decoded when somebody needs them.
    fn numbers(&mut self) -> Result<Value<'a>, FileError> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b']' | b'"' | b'[' | b'{' | b'}'));
        self.at += length.unwrap_or(rest.len());
        match self.peek() {
            Some(b']') => {}
            Some(_) => return Err(self.error("a number is expected")),
            None => return Err(self.error("the file is cut off")),
        }
        self.at += 1;
        Ok(Value::Numbers(Numbers { encoding: Encoding::Text, raw: &rest[..length.unwrap_or(0)] }))
    }

    fn scalar(&mut self) -> Result<Value<'a>, FileError> {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| b",]}: \n\r\t\"[{".contains(byte)).unwrap_or(rest.len());
        let word = &rest[..end];
        let value = match word {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" => Value::Null,
            _ => {
                let whole = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).map(Value::Integer);
                let value = whole.or_else(|| real_of_text(word).map(Value::Real));
                value.ok_or_else(|| self.error("a value is expected"))?
            }
        };
        self.at += end;
        Ok(value)
    }

    fn text(&mut self) -> Result<Cow<'a, str>, FileError> {
        self.at += 1;
        let start = self.at;
        let rest = &self.text[start..];
        let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            self.at = self.text.len();
            return Err(self.error("the file is cut off in a text"));
        };
        let plain =
            |reader: &Self, bytes: &'a [u8]| std::str::from_utf8(bytes).map_err(|_| reader.error("a text is no UTF-8"));
        let first = plain(self, &rest[..length])?;
        self.at = start + length;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(first));
        }
        let mut text = first.to_owned();
        loop {
            match self.peek() {
                None => return Err(self.error("the file is cut off in a text")),
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => {
                    let rest = &self.text[self.at..];
                    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
                    text.push_str(plain(self, &rest[..end])?);
                    self.at += end;
                }
            }
        }
        self.at += 1;
        Ok(Cow::Owned(text))
    }

    /// What stands for one character behind a backslash.
    fn escape(&mut self) -> Result<char, FileError> {
        let Some(kind) = self.text.get(self.at + 1).copied() else {
            return Err(self.error("the file is cut off in a text"));
        };
        self.at += 2;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point()?,
            _ => return Err(self.error("a backslash stands before a character that needs none")),
        })
    }

    fn code_point(&mut self) -> Result<char, FileError> {
        let first = self.code_unit()?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.code_unit()?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| self.error("an escaped character does not exist"))
    }

    fn code_unit(&mut self) -> Result<u32, FileError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.error("four hexadecimal digits are expected"))?;
        self.at += 4;
        Ok(code)
    }
}
