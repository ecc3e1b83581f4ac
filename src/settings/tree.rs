//! Values before they have types, each with the place it came from; layers are merged here.
use super::error::{Fault, FaultKind, Origin};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value of a settings file, or the text of a variable or flag.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Table(Table),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
}

/// Keys and values.
pub(super) type Table = BTreeMap<String, Node>;

/// Reads a TOML document; `origin` makes the place of a line. Every syntax error is reported, not only the first.
pub(super) fn parse(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Node, Vec<Fault>> {
    let lines = Lines { starts: text.match_indices('\n').map(|(at, _)| at + 1).collect(), origin };
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { value: lines.table(document.get_ref()), origin: origin(1) });
    }
    let fault = |error: &toml::de::Error| {
        let reason = format!("not TOML: {}", error.message().replace('\n', ", "));
        let remedy = "a line is `key = value` or `[section]`; text stands in double quotes";
        let at = lines.origin_of(error.span().map_or(0, |span| span.start));
        Fault::new(FaultKind::Unreadable { reason, remedy }).at(at)
    };
    Err(errors.iter().map(fault).collect())
}

/// Turns places in a text into lines.
struct Lines<'a> {
    starts: Vec<usize>,
    origin: &'a dyn Fn(usize) -> Origin,
}

impl Lines<'_> {
    fn origin_of(&self, at: usize) -> Origin {
        (self.origin)(1 + self.starts.partition_point(|start| *start <= at))
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        let entries = table.iter().map(|(key, value)| {
            let origin = self.origin_of(key.span().start);
            (key.get_ref().to_string(), Node { value: self.value(value.get_ref()), origin })
        });
        Value::Table(entries.collect())
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            // A whole number beyond i64 becomes a float, which every range here refuses with its own words.
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Float(number.as_str().parse().unwrap_or(f64::INFINITY)), Value::Integer),
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Node { value: self.value(item.get_ref()), origin: self.origin_of(item.span().start) })
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table),
        }
    }
}

impl Node {
    /// A text of the environment or the command line, placed at `path` under tables of the same origin.
    pub(super) fn leaf(path: &[String], text: String, origin: &Origin) -> Self {
        let value = match path {
            [] => Value::Text(text),
            [first, rest @ ..] => Value::Table(Table::from([(first.clone(), Self::leaf(rest, text, origin))])),
        };
        Self { value, origin: origin.clone() }
    }

    /// Lays `upper` over this: tables are merged key by key, everything else is replaced.
    pub(super) fn overlay(&mut self, upper: Self) {
        match (&mut self.value, upper.value) {
            (Value::Table(lower), Value::Table(upper)) => {
                for (key, node) in upper {
                    match lower.get_mut(&key) {
                        Some(slot) => slot.overlay(node),
                        None => {
                            lower.insert(key, node);
                        }
                    }
                }
            }
            (_, value) => *self = Self { value, origin: upper.origin },
        }
    }

    /// The node at a path.
    pub(super) fn find<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |node, key| match &node.value {
            Value::Table(table) => table.get(key),
            _ => None,
        })
    }

    /// Puts the node of `defaults` back at `path`, or nothing where there is none. Whether that changed anything.
    pub(super) fn restore(&mut self, path: &[String], defaults: Option<&Self>) -> bool {
        let Some((key, rest)) = path.split_first() else { return false };
        let Value::Table(table) = &mut self.value else { return false };
        let default = defaults.and_then(|node| node.find([key.as_str()]));
        if !rest.is_empty()
            && let Some(below) = table.get_mut(key)
            && matches!(below.value, Value::Table(_))
        {
            return below.restore(rest, default);
        }
        let was_default = table.get(key).is_none_or(|node| matches!(node.origin, Origin::Default { .. }));
        match default {
            Some(default) => table.insert(key.clone(), default.clone()),
            None => table.remove(key),
        };
        !was_default
    }

    /// The text, if it came from a place that knows only text.
    fn loose(&self) -> Option<&str> {
        match (&self.value, &self.origin) {
            (Value::Text(text), Origin::Environment { .. } | Origin::Flag { .. }) => Some(text.trim()),
            _ => None,
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            Value::Table(_) => Unexpected::Map,
            Value::List(_) => Unexpected::Seq,
            Value::Text(text) => Unexpected::Str(text),
            Value::Integer(number) => Unexpected::Signed(*number),
            Value::Float(number) => Unexpected::Float(*number),
            Value::Flag(flag) => Unexpected::Bool(*flag),
        }
    }
}

macro_rules! parsed {
    ($visit:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.loose().and_then(|text| text.parse().ok()) {
                Some(value) => visitor.$visit(value),
                None => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Table(table) => visitor.visit_map(Entries { rest: table.iter(), value: None }),
            Value::List(items) => visitor.visit_seq(Items { rest: items.iter().enumerate() }),
            Value::Text(text) => visitor.visit_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Flag(flag) => visitor.visit_bool(*flag),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        choices: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Text(text) => {
                let choice: StrDeserializer<'_, Fault> = text.as_str().into_deserializer();
                visitor.visit_enum(choice)
            }
            Value::Table(table) => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries { rest: table.iter(), value: None }))
            }
            _ => Err(Fault::invalid_type(self.unexpected(), &choices.join(" or ").as_str())),
        }
    }

    parsed!(visit_bool: deserialize_bool);
    parsed!(visit_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    parsed!(visit_i64: deserialize_u8 deserialize_u16 deserialize_u32);
    parsed!(visit_u64: deserialize_u64);
    parsed!(visit_f64: deserialize_f32 deserialize_f64);

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The entries of a table; adds key and place to what goes wrong inside.
struct Entries<'de> {
    rest: std::collections::btree_map::Iter<'de, String, Node>,
    value: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some((key, node));
        let name: StrDeserializer<'_, Fault> = key.as_str().into_deserializer();
        // An unknown field names itself; a key that its type refuses does not.
        let placed = |fault: Fault| {
            if fault.path.is_empty() { fault.within(key, &node.origin) } else { fault.at(node.origin.clone()) }
        };
        seed.deserialize(name).map(Some).map_err(placed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((key, node)) = self.value.take() else { return Err(Fault::custom("a value without a key")) };
        seed.deserialize(node).map_err(|fault| fault.within(key, &node.origin))
    }
}

/// The items of a list, by index.
struct Items<'de> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, node)) = self.rest.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|fault| fault.within(&index.to_string(), &node.origin))
    }
}
