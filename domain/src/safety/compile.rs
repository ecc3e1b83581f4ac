//! From a check as it is written to a check that can be asked; every error is collected with its place.
use super::check::{Check, Right, Rule};
use super::document::{CheckDocument, CheckKind, Operand};
use super::policy::PolicyError;
use crate::types::{Capability, FieldValue, Level};

/// Names of the violations that are no check's.
const RESERVED: [&str; 3] = ["model_failure", "preliminary_model", "emergency_mode"];

/// Name of the finite check where none is declared.
pub(super) const FINITE: &str = "finite";

/// A compiled check and whom it concerns.
pub(super) struct Compiled {
    /// Absent = all models.
    pub(super) model: Option<Capability>,
    pub(super) body: Body,
}

/// `finite` stands apart: it is judged first, for every model, whether declared or not.
pub(super) enum Body {
    Finite { name: String, level: Level },
    Check(Check),
}

/// Collects errors below one place of the document.
struct Place<'a> {
    pointer: String,
    errors: &'a mut Vec<PolicyError>,
}

impl Place<'_> {
    fn refuse(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(PolicyError { pointer: format!("{}/{key}", self.pointer), message: message.into() });
    }

    /// The value, or an error that it is missing.
    fn needed<T>(&mut self, key: &str, value: Option<T>, kind: CheckKind) -> Option<T> {
        if value.is_none() {
            self.refuse(key, format!("a check of kind {} needs `{key}`", kind.as_str()));
        }
        value
    }

    /// The path, or an error that it is missing or empty.
    fn path(&mut self, key: &str, value: Option<&String>, kind: CheckKind) -> Option<String> {
        let path = self.needed(key, value, kind)?;
        if path.is_empty() {
            self.refuse(key, "the field is empty: name a field of the output");
            return None;
        }
        Some(path.clone())
    }

    /// A bound, if given: finite and at least `least`.
    fn bound(&mut self, key: &str, value: Option<f64>, least: f64) -> Option<f64> {
        let number = value?;
        if number.is_finite() && number >= least {
            return Some(number);
        }
        let wanted = if least.is_finite() { format!("at least {least}") } else { "finite".to_owned() };
        self.refuse(key, format!("{key} is {number}: it must be {wanted}"));
        None
    }
}

/// Compiles the check at `/checks/{index}`; `None` if it has an error.
pub(super) fn compile(index: usize, check: &CheckDocument, errors: &mut Vec<PolicyError>) -> Option<Compiled> {
    let before = errors.len();
    let mut place = Place { pointer: format!("/checks/{index}"), errors };
    refuse_bad_name(&mut place, &check.name, check.kind);
    refuse_foreign_keys(&mut place, check);
    let model = match check.model.as_str() {
        "*" => None,
        stem => stem.parse().map_err(|error| place.refuse("model", format!("{error}, or * for all"))).ok(),
    };
    let level = level_of(&mut place, check);
    let rule = rule_of(&mut place, check);
    if errors.len() > before {
        return None;
    }
    let name = check.name.clone();
    let body = match rule {
        Some(rule) => Body::Check(Check { name, level, required: check.required, rule }),
        None => Body::Finite { name, level },
    };
    Some(Compiled { model, body })
}

/// The name is a metric label.
fn refuse_bad_name(place: &mut Place<'_>, name: &str, kind: CheckKind) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        place.refuse("name", "a check's name is 1 to 64 letters, digits, `_`, `-` or `.`");
    } else if RESERVED.contains(&name) || (name == FINITE && kind != CheckKind::Finite) {
        place.refuse("name", format!("the name {name} is reserved: choose another"));
    }
}

fn refuse_foreign_keys(place: &mut Place<'_>, check: &CheckDocument) {
    let allowed: &[&str] = match check.kind {
        CheckKind::Range => &["field", "min", "max", "required"],
        CheckKind::Relation => &["left", "operator", "right", "required"],
        CheckKind::Finite => &[],
        CheckKind::Monotone => &["field", "fields", "required"],
        CheckKind::Jump => &["field", "max_ratio", "max_difference", "required"],
        CheckKind::StaleInputs => &["max_stale"],
    };
    let given = [
        ("field", check.field.is_some()),
        ("fields", check.fields.is_some()),
        ("min", check.min.is_some()),
        ("max", check.max.is_some()),
        ("left", check.left.is_some()),
        ("operator", check.operator.is_some()),
        ("right", check.right.is_some()),
        ("max_ratio", check.max_ratio.is_some()),
        ("max_difference", check.max_difference.is_some()),
        ("max_stale", check.max_stale.is_some()),
        ("required", check.required),
    ];
    for (key, _) in given.into_iter().filter(|(key, given)| *given && !allowed.contains(key)) {
        place.refuse(key, format!("a check of kind {} takes no `{key}`: remove it", check.kind.as_str()));
    }
}

fn level_of(place: &mut Place<'_>, check: &CheckDocument) -> Level {
    let default = if check.kind == CheckKind::StaleInputs { Level::Warning } else { Level::Unsafe };
    let level = check.level.unwrap_or(default);
    if level == Level::Safe {
        place.refuse("level", "a violation is never SAFE: use WARNING, UNSAFE or CRITICAL");
    } else if check.kind == CheckKind::Finite && level < Level::Unsafe {
        place.refuse("level", "NaN and infinities never leave: use UNSAFE or CRITICAL");
    }
    level
}

/// `None` for `finite`, which has no rule of its own, and after an error.
fn rule_of(place: &mut Place<'_>, check: &CheckDocument) -> Option<Rule> {
    let kind = check.kind;
    match kind {
        CheckKind::Finite => None,
        CheckKind::Range => {
            let field = place.path("field", check.field.as_ref(), kind);
            if check.min.is_none() && check.max.is_none() {
                place.refuse("min", "a check of kind range needs `min`, `max` or both");
            }
            let min = place.bound("min", check.min, f64::NEG_INFINITY).unwrap_or(f64::NEG_INFINITY);
            let max = place.bound("max", check.max, f64::NEG_INFINITY).unwrap_or(f64::INFINITY);
            if max < min {
                place.refuse("max", format!("max is {max}, below min = {min}: swap or widen them"));
            }
            Some(Rule::Range { field: field?, min, max })
        }
        CheckKind::Relation => {
            let left = place.path("left", check.left.as_ref(), kind);
            let operator = place.needed("operator", check.operator, kind);
            let right = match place.needed("right", check.right.as_ref(), kind) {
                Some(Operand::Number(number)) => place
                    .bound("right", Some(*number), f64::NEG_INFINITY)
                    .map(|number| Right::Constant(FieldValue::Number(number))),
                Some(Operand::Field(path)) => place.path("right", Some(path), kind).map(Right::Field),
                None => None,
            };
            Some(Rule::Relation { left: left?, operator: operator?, right: right? })
        }
        CheckKind::Monotone => match (&check.field, &check.fields) {
            (None, Some(fields)) if fields.len() > 1 && fields.iter().all(|field| !field.is_empty()) => {
                Some(Rule::MonotoneFields { fields: fields.clone() })
            }
            (None, Some(_)) => {
                place.refuse("fields", "name at least two fields, or one record or list as `field`");
                None
            }
            (Some(_), Some(_)) => {
                place.refuse("fields", "give `field` (its members) or `fields` (their values), not both");
                None
            }
            (field, None) => place.path("field", field.as_ref(), kind).map(|field| Rule::MonotoneMembers { field }),
        },
        CheckKind::Jump => {
            let field = place.path("field", check.field.as_ref(), kind);
            if check.max_ratio.is_none() && check.max_difference.is_none() {
                place.refuse("max_ratio", "a check of kind jump needs `max_ratio`, `max_difference` or both");
            }
            let max_ratio = place.bound("max_ratio", check.max_ratio, 1.0);
            let max_difference = place.bound("max_difference", check.max_difference, 0.0);
            Some(Rule::Jump { field: field?, max_ratio, max_difference })
        }
        CheckKind::StaleInputs => {
            let max_stale = usize::try_from(check.max_stale.unwrap_or(0)).unwrap_or(usize::MAX);
            Some(Rule::StaleInputs { max_stale })
        }
    }
}
