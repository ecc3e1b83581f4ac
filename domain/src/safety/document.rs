//! The safety part of a configuration document, as humans write it (TOML) and as the store keeps it (JSON).
//!
//! Serde refuses unknown and repeated keys; everything else is judged by `SafetyPolicy::from_document`, which reports
//! all errors at once. So names of models stay text here.
use crate::types::{Fields, Level};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Checks and fallbacks of all models.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetyDocument {
    /// What every output must satisfy, in the order in which violations are listed.
    #[serde(default)]
    pub checks: Vec<CheckDocument>,
    /// What leaves instead, by model stem; every model needs one.
    #[serde(default, deserialize_with = "without_duplicates")]
    pub fallbacks: BTreeMap<String, FallbackDocument>,
}

/// What a check compares; the word after `kind =`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// `min` <= `field` <= `max`; the kind of a check that names none.
    #[default]
    Range,
    /// `left` `operator` `right`.
    Relation,
    /// No NaN and no infinity anywhere in the output.
    Finite,
    /// The members of `field`, or the values of `fields`, never decrease.
    Monotone,
    /// `field` is near the last answer's.
    Jump,
    /// At most `max_stale` of the model's inputs are stale.
    StaleInputs,
}

impl CheckKind {
    /// The word in the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Relation => "relation",
            Self::Finite => "finite",
            Self::Monotone => "monotone",
            Self::Jump => "jump",
            Self::StaleInputs => "stale_inputs",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_range(&self) -> bool {
        *self == Self::Range
    }
}

/// How `left` must stand to `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the sign says it")]
pub enum Operator {
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "==")]
    Equal,
}

impl Operator {
    /// The sign in the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        }
    }

    /// Whether `left` stands so to `right`; never for NaN.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            #[expect(clippy::float_cmp, reason = "the document asks for equality")]
            Self::Equal => left == right,
        }
    }
}

/// The right side of a relation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    /// A constant.
    #[serde(serialize_with = "whole_as_integer")]
    Number(f64),
    /// A field of the output, by dotted path.
    Field(String),
}

/// One check; which of the optional keys it takes depends on `kind`. Fields are dotted paths, as in `quantiles.p99`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDocument {
    /// Its name in answers and metrics; unique in the document.
    pub name: String,
    /// What it compares.
    #[serde(default, skip_serializing_if = "CheckKind::is_range")]
    pub kind: CheckKind,
    /// Stem of the model, or `*` for all.
    pub model: String,
    /// `range`, `jump`, `monotone`: the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `monotone`: the fields, least first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// `range`: least allowed value, in the field's unit.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "optional_whole_as_integer")]
    pub min: Option<f64>,
    /// `range`: greatest allowed value, in the field's unit.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "optional_whole_as_integer")]
    pub max: Option<f64>,
    /// `relation`: the field on the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// `relation`: how left must stand to right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// `relation`: field or number on the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Operand>,
    /// `jump`: by how much the value may be multiplied or divided since the last answer; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "optional_whole_as_integer")]
    pub max_ratio: Option<f64>,
    /// `jump`: by how much the value may rise or fall since the last answer, in the field's unit.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "optional_whole_as_integer")]
    pub max_difference: Option<f64>,
    /// `stale_inputs`: how many inputs may be stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_stale: Option<u32>,
    /// Whether an output without the field is a violation; otherwise it passes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// How bad a violation is; `UNSAFE` by default, of `stale_inputs` `WARNING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

/// What leaves instead of one model's output.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FallbackDocument {
    /// The last good answer serves while it is younger than this, in milliseconds; 0 = never.
    pub last_good_max_age_ms: u64,
    /// The output that a human approved; must pass every check.
    pub approved: Fields,
}

/// Keeps `10` from becoming `10.0` between the TOML and the JSON of a document.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn whole_as_integer<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let exact = number.fract() == 0.0 && number.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
    if exact { serializer.serialize_i64(*number as i64) } else { serializer.serialize_f64(*number) }
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn optional_whole_as_integer<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => whole_as_integer(number, serializer),
        None => serializer.serialize_none(),
    }
}

/// A plain map takes the last of two equal keys in silence.
fn without_duplicates<'de, D>(deserializer: D) -> Result<BTreeMap<String, FallbackDocument>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = BTreeMap<String, FallbackDocument>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("fallbacks by model")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((model, fallback)) = entries.next_entry::<String, FallbackDocument>()? {
                if map.contains_key(&model) {
                    return Err(A::Error::custom(format_args!("duplicate field `{model}`")));
                }
                map.insert(model, fallback);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_as_short_as_it_was_read() {
        let text = r#"{"name":"canary_percentage_safe","model":"bandit","field":"canary_pct","min":0,"max":10,"level":"UNSAFE"}"#;
        let check: CheckDocument = serde_json::from_str(text).unwrap();
        assert_eq!(check.kind, CheckKind::Range);
        assert_eq!(serde_json::to_string(&check).unwrap(), text);
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused() {
        for text in [
            r#"{"check":[]}"#,
            r#"{"checks":[{"name":"x","model":"*","minimum":1}]}"#,
            r#"{"checks":[{"name":"x","name":"y","model":"*"}]}"#,
            r#"{"checks":[{"name":"x","model":"*","level":"warning"}]}"#,
            r#"{"checks":[{"name":"x","model":"*","kind":"magic"}]}"#,
            r#"{"fallbacks":{"bandit":{"last_good_max_age_ms":-1,"approved":{}}}}"#,
            r#"{"fallbacks":{"bandit":{"last_good_max_age_ms":0,"approved":{}},"bandit":{"last_good_max_age_ms":1,"approved":{}}}}"#,
            r#"{"fallbacks":{"bandit":{"last_good_max_age_ms":0,"approved":{"a":1,"a":2}}}}"#,
        ] {
            assert!(serde_json::from_str::<SafetyDocument>(text).is_err(), "{text}");
        }
    }
}
