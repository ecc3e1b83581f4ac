//! What a model says: named fields in order. Unlike JSON it can hold NaN and infinities, so that the safety layer can
//! see and refuse them.
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// A value of an output field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// Absent on purpose; a reason stands beside it.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number; may be NaN or infinite until the safety layer has judged it.
    Number(f64),
    /// Text.
    Text(Cow<'static, str>),
    /// Values in order.
    List(Vec<FieldValue>),
    /// Named values in order.
    Record(Fields),
}

/// Named values in the order in which they were added; a name appears once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields(Vec<(Cow<'static, str>, FieldValue)>);

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Room for `count` fields.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// The same with one field set (replaced if it exists).
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets one field; replaces it, in its place, if it exists.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds a field whose name is known to be new: what `set` does, without looking for it.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) {
        let name = name.into();
        debug_assert!(self.field(&name).is_none(), "{name} is there already");
        self.0.push((name, value.into()));
    }

    /// The field of that name at the top level.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value at a dotted path such as `quantiles.p99`; list elements by index, as in `forecast.0.yhat`. A name may hold
    /// dots itself, as in `var.0.99`: the longest name that leads somewhere counts.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&FieldValue> {
        let dots = path.match_indices('.').map(|(at, _)| at).rev();
        self.field(path).or_else(|| dots.filter_map(|dot| self.field(&path[..dot])?.at(&path[dot + 1..])).next())
    }

    /// Fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Mutable values in order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut FieldValue> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// How many fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces the fields that `other` names, at the top level; adds those that are new.
    pub fn merge(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.set(name.clone(), value.clone());
        }
    }
}

impl FieldValue {
    /// The value at a dotted path below this one.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        match self {
            Self::Record(fields) => fields.at(path),
            Self::List(items) => {
                let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
                let item = items.get(head.parse::<usize>().ok()?)?;
                rest.map_or(Some(item), |rest| item.at(rest))
            }
            _ => None,
        }
    }

    /// The value as a number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            Self::Integer(integer) => Some(*integer as f64),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<$type> for FieldValue {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}
from!(bool => Flag, i64 => Integer, u32 => Integer, f64 => Number, String => Text, &'static str => Text, Vec<FieldValue> => List, Fields => Record);

impl From<usize> for FieldValue {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Self>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Number(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Number(_) => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Record(fields) => fields.serialize(serializer),
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name.as_ref(), value)?;
        }
        map.end()
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = FieldValue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<FieldValue, E> {
        Ok(FieldValue::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<FieldValue, E> {
        Ok(FieldValue::Flag(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<FieldValue, E> {
        Ok(FieldValue::Integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<FieldValue, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond i64 the nearest float is what JSON means anyway")]
        Ok(i64::try_from(value).map_or(FieldValue::Number(value as f64), FieldValue::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<FieldValue, E> {
        Ok(FieldValue::Number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<FieldValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(FieldValue::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<FieldValue, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, value)) = entries.next_entry::<String, FieldValue>()? {
            if fields.field(&name).is_some() {
                return Err(serde::de::Error::custom(format_args!("duplicate field `{name}`")));
            }
            fields.0.push((Cow::Owned(name), value));
        }
        Ok(FieldValue::Record(fields))
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match FieldValue::deserialize(deserializer)? {
            FieldValue::Record(fields) => Ok(fields),
            _ => Err(serde::de::Error::custom("expected an object")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_into_records_and_lists() {
        let quantiles = Fields::new().with("p95", 1.5).with("p99", 2.5);
        let output = Fields::new().with("quantiles", quantiles).with("list", vec![FieldValue::Integer(7)]);
        let dotted = Fields::new().with("0.999", Fields::new().with("lower", 3.5));
        let output = output.with("var", dotted);
        for (path, expected) in [
            ("var.0.999.lower", Some(3.5)),
            ("var.0.99.lower", None),
            ("quantiles.p99", Some(2.5)),
            ("list.0", Some(7.0)),
            ("list.1", None),
            ("quantiles", None),
            ("x.y", None),
        ] {
            assert_eq!(output.at(path).and_then(FieldValue::as_number), expected, "{path}");
        }
    }

    #[test]
    fn json_keeps_order_refuses_duplicates_and_prints_non_finite_as_null() {
        let text = r#"{"b":1,"a":[1.5,null,true,"x"],"c":{"d":-2}}"#;
        let fields: Fields = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), text);
        assert!(serde_json::from_str::<Fields>(r#"{"a":1,"a":2}"#).is_err());
        let fields = Fields::new().with("x", f64::NAN);
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"x":null}"#);
    }
}
