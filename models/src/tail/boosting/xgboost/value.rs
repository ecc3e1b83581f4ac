//! A document as both formats hold it: values that borrow from the file's bytes.
use std::borrow::Cow;

/// Levels of nesting that are read; XGBoost's own files have eight.
pub(super) const DEEPEST: usize = 64;
/// Values of a document beyond which its memory would outgrow any model's; an array of numbers is one value.
pub(super) const MOST_VALUES: usize = 1 << 22;

#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f32),
    Text(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    /// An array of numbers, not decoded yet.
    Numbers(Numbers<'a>),
    /// In the file's order.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

/// The bytes of an array of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Numbers<'a> {
    pub(super) encoding: Encoding,
    pub(super) raw: &'a [u8],
}

/// How numbers stand in the file; binary ones are big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Separated by commas; also `true`, `false`, `NaN` and `Infinity`.
    Text,
    I8,
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Encoding {
    /// Bytes of a number.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Text | Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

impl Value<'_> {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Real(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array(_) | Self::Numbers(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}
