//! A compiled check: looks at an output and says what is wrong with it.
use super::document::Operator;
use crate::types::{FeatureName, FieldValue, Fields, Level, Violation};

/// A check that can be asked; made by `compile`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) level: Level,
    /// Whether an absent field is a violation.
    pub(super) required: bool,
    pub(super) rule: Rule,
}

/// What a check compares. Fields are dotted paths.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// Every number in the field lies in `[min, max]`.
    Range { field: String, min: f64, max: f64 },
    /// Numbers are compared; members of records by name, of lists by place.
    Relation { left: String, operator: Operator, right: Right },
    /// The members of the field never decrease: a list in its order, a record by the numbers in its names.
    MonotoneMembers { field: String },
    /// The values never decrease, in the order of the fields.
    MonotoneFields { fields: Vec<String> },
    /// The field is near the last answer's.
    Jump { field: String, max_ratio: Option<f64>, max_difference: Option<f64> },
    /// At most so many inputs are stale.
    StaleInputs { max_stale: usize },
}

/// The right side of a relation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Right {
    /// Always a number.
    Constant(FieldValue),
    /// A field of the same output.
    Field(String),
}

/// What a check may look at besides the output.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence<'a> {
    /// The last answer of the same model for the same service.
    pub(super) last_answer: Option<&'a Fields>,
    /// The stale ones among the inputs that the output was computed from.
    pub(super) stale_inputs: &'a [FeatureName],
}

/// What is wrong, before it bears the check's name.
struct Finding {
    message: String,
    observed: FieldValue,
    limit: FieldValue,
}

impl Check {
    /// What is wrong with the output, if anything; the first thing found.
    pub(super) fn violation(&self, output: &Fields, evidence: &Evidence<'_>) -> Option<Violation> {
        let Finding { message, observed, limit } = self.finding(output, evidence)?;
        Some(Violation { check: self.name.clone(), level: self.level, message, observed, limit })
    }

    fn finding(&self, output: &Fields, evidence: &Evidence<'_>) -> Option<Finding> {
        match &self.rule {
            Rule::Range { field, min, max } => match present(output, field) {
                Some(value) => outside(value, *min, *max).map(|found| out_of_range(field, found, *min, *max)),
                None => self.absent(field),
            },
            Rule::Relation { left, operator, right } => {
                let Some(value) = present(output, left) else { return self.absent(left) };
                let (limit, name) = match right {
                    Right::Constant(limit) => (limit, None),
                    Right::Field(name) => match present(output, name) {
                        Some(limit) => (limit, Some(name)),
                        None => return self.absent(name),
                    },
                };
                let (observed, limit) = unrelated(value, *operator, limit)?;
                let name = name.map(|name| format!("{name} = ")).unwrap_or_default();
                let sign = operator.as_str();
                let message = format!("{left} is {}: it must be {sign} {name}{}", shown(observed), shown(limit));
                Some(Finding { message, observed: observed.clone(), limit: limit.clone() })
            }
            Rule::MonotoneMembers { field } => match present(output, field) {
                Some(value) => decreasing_members(field, value),
                None => self.absent(field),
            },
            Rule::MonotoneFields { fields } => self.decreasing_fields(output, fields),
            Rule::Jump { field, max_ratio, max_difference } => match present(output, field) {
                Some(value) => jump(field, value, evidence.last_answer, *max_ratio, *max_difference),
                None => self.absent(field),
            },
            Rule::StaleInputs { max_stale } => {
                let stale = evidence.stale_inputs;
                let too_many = stale.len() > *max_stale;
                too_many.then(|| {
                    let names: Vec<&str> = stale.iter().map(FeatureName::as_str).collect();
                    let message = format!("stale inputs: {}; at most {max_stale} may be", names.join(", "));
                    Finding { message, observed: stale.len().into(), limit: (*max_stale).into() }
                })
            }
        }
    }

    fn absent(&self, field: &str) -> Option<Finding> {
        self.required.then(|| Finding {
            message: format!("{field} is missing"),
            observed: FieldValue::Null,
            limit: "present".into(),
        })
    }

    fn decreasing_fields(&self, output: &Fields, fields: &[String]) -> Option<Finding> {
        let mut former: Option<(&str, f64)> = None;
        for field in fields {
            let Some(value) = present(output, field) else {
                match self.absent(field) {
                    None => continue,
                    found => return found,
                }
            };
            let Some(number) = value.as_number() else { return Some(no_number(field, value)) };
            if let Some((before, least)) = former
                && number < least
            {
                let message = format!("{field} is {number}: it must not be below {before} = {least}");
                return Some(Finding { message, observed: number.into(), limit: least.into() });
            }
            former = Some((field, number));
        }
        None
    }
}

/// The first number that is NaN or infinite, with its dotted path.
pub(super) fn non_finite(fields: &Fields) -> Option<(String, f64)> {
    fields.iter().find_map(|(name, value)| non_finite_in(value).map(|(path, number)| (joined(name, &path), number)))
}

fn non_finite_in(value: &FieldValue) -> Option<(String, f64)> {
    match value {
        FieldValue::Number(number) if !number.is_finite() => Some((String::new(), *number)),
        FieldValue::Record(fields) => non_finite(fields),
        FieldValue::List(items) => items.iter().enumerate().find_map(|(index, item)| {
            non_finite_in(item).map(|(path, number)| (joined(&index.to_string(), &path), number))
        }),
        _ => None,
    }
}

fn joined(head: &str, rest: &str) -> String {
    if rest.is_empty() { head.to_owned() } else { format!("{head}.{rest}") }
}

/// A null is absent on purpose.
fn present<'a>(output: &'a Fields, path: &str) -> Option<&'a FieldValue> {
    output.at(path).filter(|value| **value != FieldValue::Null)
}

/// The value in words, short.
fn shown(value: &FieldValue) -> String {
    match value {
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Integer(integer) => integer.to_string(),
        FieldValue::Flag(flag) => flag.to_string(),
        FieldValue::Text(_) => "a text".to_owned(),
        FieldValue::List(_) => "a list".to_owned(),
        FieldValue::Record(_) => "a record".to_owned(),
        FieldValue::Null => "null".to_owned(),
    }
}

fn no_number(field: &str, value: &FieldValue) -> Finding {
    let message = format!("{field} holds {}: it must be a number", shown(value));
    Finding { message, observed: value.clone(), limit: "number".into() }
}

/// The first part of `value` that is no number in `[min, max]`.
fn outside(value: &FieldValue, min: f64, max: f64) -> Option<&FieldValue> {
    match value {
        FieldValue::Null => None,
        FieldValue::List(items) => items.iter().find_map(|item| outside(item, min, max)),
        FieldValue::Record(fields) => fields.iter().find_map(|(_, item)| outside(item, min, max)),
        _ => {
            let inside = value.as_number().is_some_and(|number| number >= min && number <= max);
            if inside { None } else { Some(value) }
        }
    }
}

fn out_of_range(field: &str, found: &FieldValue, min: f64, max: f64) -> Finding {
    let wanted = match (min.is_finite(), max.is_finite()) {
        (true, true) => format!("from {min} to {max}"),
        (true, false) => format!("at least {min}"),
        _ => format!("at most {max}"),
    };
    let limit = [("min", min), ("max", max)].into_iter().filter(|(_, bound)| bound.is_finite());
    let limit = limit.fold(Fields::new(), |limit, (name, bound)| limit.with(name, bound));
    let message = format!("{field} is {}: it must be {wanted}", shown(found));
    Finding { message, observed: found.clone(), limit: limit.into() }
}

/// The first pair of parts that do not stand to each other as they must.
fn unrelated<'a>(
    left: &'a FieldValue,
    operator: Operator,
    right: &'a FieldValue,
) -> Option<(&'a FieldValue, &'a FieldValue)> {
    match (left, right) {
        (FieldValue::Null, _) | (_, FieldValue::Null) => None,
        (FieldValue::Record(ours), FieldValue::Record(theirs)) => {
            ours.iter().find_map(|(name, value)| unrelated(value, operator, theirs.field(name)?))
        }
        (FieldValue::List(ours), FieldValue::List(theirs)) => {
            ours.iter().zip(theirs).find_map(|(value, limit)| unrelated(value, operator, limit))
        }
        (FieldValue::Record(ours), _) => ours.iter().find_map(|(_, value)| unrelated(value, operator, right)),
        (FieldValue::List(ours), _) => ours.iter().find_map(|value| unrelated(value, operator, right)),
        (_, FieldValue::Record(theirs)) => theirs.iter().find_map(|(_, limit)| unrelated(left, operator, limit)),
        (_, FieldValue::List(theirs)) => theirs.iter().find_map(|limit| unrelated(left, operator, limit)),
        _ => match (left.as_number(), right.as_number()) {
            (Some(ours), Some(theirs)) if operator.holds(ours, theirs) => None,
            _ => Some((left, right)),
        },
    }
}

fn decreasing_members(field: &str, value: &FieldValue) -> Option<Finding> {
    let members: Vec<&FieldValue> = match value {
        FieldValue::List(items) => items.iter().collect(),
        FieldValue::Record(fields) => in_order(fields),
        other => vec![other],
    };
    let mut least = f64::NEG_INFINITY;
    for member in members.into_iter().filter(|member| **member != FieldValue::Null) {
        let Some(number) = member.as_number() else { return Some(no_number(field, member)) };
        if number < least {
            let message = format!("{field} falls from {least} to {number}: it must never decrease");
            return Some(Finding { message, observed: number.into(), limit: least.into() });
        }
        least = number;
    }
    None
}

/// Members by the number in their names (`p95`, `p99`, `p999`; `0.99`, `0.999`), as they come if a name has none.
fn in_order(fields: &Fields) -> Vec<&FieldValue> {
    let keyed = fields.iter().map(|(name, value)| {
        let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        digits.parse::<f64>().ok().map(|key| (key, value))
    });
    match keyed.collect::<Option<Vec<_>>>() {
        Some(mut keyed) => {
            keyed.sort_by(|(left, _), (right, _)| left.total_cmp(right));
            keyed.into_iter().map(|(_, value)| value).collect()
        }
        None => fields.iter().map(|(_, value)| value).collect(),
    }
}

/// From 0 no ratio says anything; a change of sign or a fall to 0 exceeds every ratio.
fn jump(
    field: &str,
    value: &FieldValue,
    last: Option<&Fields>,
    max_ratio: Option<f64>,
    max_difference: Option<f64>,
) -> Option<Finding> {
    let Some(number) = value.as_number() else { return Some(no_number(field, value)) };
    let before = last?.at(field)?.as_number().filter(|number| number.is_finite())?;
    if let Some(most) = max_difference
        && (number - before).abs() > most
    {
        let message = format!("{field} jumped from {before} to {number}: it may change by {most} at most");
        return Some(Finding { message, observed: number.into(), limit: most.into() });
    }
    let most = max_ratio.filter(|_| before != 0.0)?;
    let ratio = number / before;
    let near = ratio <= most && ratio * most >= 1.0;
    (!near).then(|| {
        let message = format!("{field} jumped from {before} to {number}: it may change {most}-fold at most");
        Finding { message, observed: number.into(), limit: most.into() }
    })
}
