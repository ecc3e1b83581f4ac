//! Turns a written feature into its rule, or says everything that is wrong with it.
use super::calendar::CalendarField;
use super::document::{FeatureDocument, FeatureError, FeatureType};
use super::expression::Expression;
use super::registry::{Aggregate, FeatureSpec, Rule};
use crate::types::FeatureName;
use std::time::Duration;

/// Longest time to live: 30 days.
const LONGEST_TTL_MS: i64 = 30 * 24 * 3_600_000;
/// Longest window: one day, as observations older than that are refused.
const LONGEST_WINDOW_S: i64 = 24 * 3_600;

/// A time to live in milliseconds, or what is wrong with it.
pub(super) fn time_to_live(milliseconds: i64) -> Result<Duration, String> {
    match u64::try_from(milliseconds) {
        Ok(positive @ 1..) if milliseconds <= LONGEST_TTL_MS => Ok(Duration::from_millis(positive)),
        _ => Err(format!("is {milliseconds}: use 1 to {LONGEST_TTL_MS} milliseconds")),
    }
}

struct Check<'a> {
    document: &'a FeatureDocument,
    label: &'a str,
    errors: &'a mut Vec<FeatureError>,
}

impl Check<'_> {
    fn wrong(&mut self, field: &'static str, message: impl Into<String>) {
        self.errors.push(FeatureError { feature: self.label.to_owned(), field, message: message.into() });
    }

    fn name(&mut self, field: &'static str, text: &str) -> Option<FeatureName> {
        FeatureName::new(text).map_err(|error| self.wrong(field, format!("is refused: {error}"))).ok()
    }

    fn text(&mut self, field: &'static str, text: Option<&String>, example: &str) -> String {
        match text {
            Some(text) if !text.trim().is_empty() && text.len() <= 200 => text.clone(),
            Some(text) if text.len() > 200 => {
                self.wrong(field, format!("is {} bytes long: use at most 200", text.len()));
                String::new()
            }
            _ => {
                self.wrong(field, format!("is missing: give one, as in \"{example}\""));
                String::new()
            }
        }
    }

    fn absent(&mut self, field: &'static str, present: bool, why: &str) {
        if present {
            self.wrong(field, format!("does not belong here: {why}, remove it"));
        }
    }

    fn window(&mut self, default_s: i64) -> Duration {
        let seconds = self.document.window_s.unwrap_or(default_s);
        if !(1..=LONGEST_WINDOW_S).contains(&seconds) {
            self.wrong("window_s", format!("is {seconds}: use 1 to {LONGEST_WINDOW_S} seconds"));
        }
        Duration::from_secs(seconds.unsigned_abs().clamp(1, LONGEST_WINDOW_S.unsigned_abs()))
    }

    fn aggregate(&mut self, allowed: &[Aggregate], default: Option<Aggregate>) -> Option<Aggregate> {
        let names = || allowed.iter().map(|aggregate| aggregate.name()).collect::<Vec<_>>().join(", ");
        let Some(text) = self.document.aggregate.as_deref() else {
            if default.is_none() {
                self.wrong("aggregate", format!("is missing: use one of {}", names()));
            }
            return default;
        };
        let found = allowed.iter().copied().find(|aggregate| aggregate.name() == text);
        if found.is_none() {
            let shown: String = text.chars().take(64).collect();
            self.wrong("aggregate", format!("\"{shown}\" is unknown for this type: use one of {}", names()));
        }
        found
    }

    fn observed(&mut self, real_time: bool) -> Option<Rule> {
        use Aggregate::{Count, Last, Max, Mean, Min, P50, P95, P99, Rate, Std, Sum};
        self.absent("expression", self.document.expression.is_some(), "only DERIVED features have one");
        self.absent("field", self.document.field.is_some(), "only calendar features have one");
        let source = match (&self.document.source, real_time) {
            (Some(source), _) => self.name("source", source),
            // A bad name is reported as such.
            (None, true) => FeatureName::new(&self.document.name).ok(),
            (None, false) => {
                self.wrong("source", "is missing: name the observed quantity");
                None
            }
        };
        let aggregate = if real_time {
            self.aggregate(&[Last, Mean, Sum, Rate, Max], Some(Last))
        } else {
            self.aggregate(&[Mean, Std, P50, P95, P99, Min, Max, Count], None)
        };
        let window = if aggregate == Some(Last) {
            self.absent("window_s", self.document.window_s.is_some(), "the last value has no window");
            None
        } else {
            Some(self.window(if real_time { 60 } else { 3_600 }))
        };
        Some(Rule::Observed { source: source?, aggregate: aggregate?, window })
    }

    fn derived(&mut self) -> Option<Rule> {
        self.absent("source", self.document.source.is_some(), "DERIVED features name their inputs in the expression");
        self.absent("window_s", self.document.window_s.is_some(), "DERIVED features have no window");
        match self.document.aggregate.as_deref() {
            Some("calendar") => {
                self.absent("expression", self.document.expression.is_some(), "calendar features have none");
                let names = || CalendarField::ALL.map(|(name, _)| name).join(", ");
                let Some(text) = self.document.field.as_deref() else {
                    self.wrong("field", format!("is missing: use one of {}", names()));
                    return None;
                };
                let found = CalendarField::ALL.iter().find(|(name, _)| *name == text);
                if found.is_none() {
                    let shown: String = text.chars().take(64).collect();
                    self.wrong("field", format!("\"{shown}\" is unknown: use one of {}", names()));
                }
                found.map(|(_, field)| Rule::Calendar(*field))
            }
            Some(_) => {
                self.wrong("aggregate", "is not \"calendar\", the only one of DERIVED features: remove it");
                None
            }
            None => {
                self.absent("field", self.document.field.is_some(), "only calendar features have one");
                let Some(text) = &self.document.expression else {
                    self.wrong(
                        "expression",
                        "is missing: give a formula over other features, or aggregate = \"calendar\"",
                    );
                    return None;
                };
                Expression::parse(text)
                    .map(Rule::Derived)
                    .map_err(|error| self.wrong("expression", error.to_string()))
                    .ok()
            }
        }
    }
}

/// The rule of one feature; adds to `errors` everything that is wrong with it, under the name `label`.
pub(super) fn feature(document: &FeatureDocument, label: &str, errors: &mut Vec<FeatureError>) -> Option<FeatureSpec> {
    let mut check = Check { document, label, errors };
    let name = check.name("name", &document.name);
    let unit = check.text("unit", document.unit.as_ref(), "ms");
    let owner = check.text("owner", document.owner.as_ref(), "trading-platform");
    let ttl = match document.ttl_ms.map(time_to_live) {
        Some(Ok(ttl)) => Some(ttl),
        Some(Err(message)) => {
            check.wrong("ttl_ms", message);
            None
        }
        None => {
            check.wrong("ttl_ms", "is missing: say after how many milliseconds a value is stale");
            None
        }
    };
    let (kind, rule) = match document.kind.as_str() {
        "REAL_TIME" => (FeatureType::RealTime, check.observed(true)),
        "BATCH" => (FeatureType::Batch, check.observed(false)),
        "DERIVED" => (FeatureType::Derived, check.derived()),
        other => {
            let shown: String = other.chars().take(64).collect();
            check.wrong("type", format!("\"{shown}\" is unknown: use REAL_TIME, BATCH or DERIVED"));
            return None;
        }
    };
    let description = document.description.clone().unwrap_or_default();
    Some(FeatureSpec { name: name?, kind, unit, owner, description, ttl: ttl?, rule: rule? })
}
