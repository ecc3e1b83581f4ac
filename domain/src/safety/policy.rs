//! The safety policy in force: checks and fallbacks of each model, compiled from a document once.
use super::check::{Check, Evidence, non_finite};
use super::compile::{Body, FINITE, compile};
use super::document::{FallbackDocument, SafetyDocument};
use crate::types::{Capability, Fields, Level, Violation};
use std::collections::HashSet;
use std::time::Duration;

/// Most checks of one document: judging stays in microseconds.
const MOST_CHECKS: usize = 256;

/// What is wrong with a safety document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct PolicyError {
    /// JSON pointer below the safety document, as in `/checks/3/max`.
    pub pointer: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Checks and fallbacks of every model. Invariants: every model has an approved output, and it passes every check.
#[derive(Debug, Clone, PartialEq)]
pub struct SafetyPolicy {
    /// In the order of `Capability::ALL`.
    models: [ModelPolicy; 6],
}

/// What holds for one model.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ModelPolicy {
    checks: Vec<Check>,
    finite_name: String,
    finite_level: Level,
    pub(super) last_good_max_age: Duration,
    pub(super) approved: Fields,
}

impl SafetyPolicy {
    /// Compiles the document.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the document.
    pub fn from_document(document: &SafetyDocument) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut models = Capability::ALL.map(|_| ModelPolicy::default());
        add_checks(document, &mut models, &mut errors);
        for stem in document.fallbacks.keys() {
            if let Err(error) = stem.parse::<Capability>() {
                let pointer = format!("/fallbacks/{}", escaped(stem));
                errors.push(PolicyError { pointer, message: error.to_string() });
            }
        }
        for (model, policy) in Capability::ALL.into_iter().zip(&mut models) {
            if policy.finite_name.is_empty() {
                (policy.finite_name, policy.finite_level) = (FINITE.to_owned(), Level::Unsafe);
            }
            match document.fallbacks.get(model.stem()) {
                Some(fallback) => policy.add_fallback(model, fallback, &mut errors),
                None => errors.push(PolicyError {
                    pointer: format!("/fallbacks/{model}"),
                    message: "the model has no fallback: give it an approved output".to_owned(),
                }),
            }
        }
        if errors.is_empty() { Ok(Self { models }) } else { Err(errors) }
    }

    /// The output that a human approved in place of the model's.
    #[must_use]
    pub fn approved(&self, model: Capability) -> &Fields {
        &self.of(model).approved
    }

    /// The last good answer serves while it is younger than this; zero = never.
    #[must_use]
    pub fn last_good_max_age(&self, model: Capability) -> Duration {
        self.of(model).last_good_max_age
    }

    /// Name and level of each check that the model's outputs are put to, `finite` first.
    pub fn checks(&self, model: Capability) -> impl Iterator<Item = (&str, Level)> {
        let policy = self.of(model);
        let finite = std::iter::once((policy.finite_name.as_str(), policy.finite_level));
        finite.chain(policy.checks.iter().map(|check| (check.name.as_str(), check.level)))
    }

    pub(super) const fn of(&self, model: Capability) -> &ModelPolicy {
        &self.models[model as usize]
    }
}

/// What a number that is not finite is.
const fn in_words(number: f64) -> &'static str {
    if number.is_nan() {
        "not a number"
    } else if number > 0.0 {
        "infinite"
    } else {
        "negative and infinite"
    }
}

impl ModelPolicy {
    /// Everything that is wrong with the output; nothing but the NaN or infinity if it holds one.
    pub(super) fn violations(&self, output: &Fields, evidence: &Evidence<'_>) -> Vec<Violation> {
        if let Some((path, number)) = non_finite(output) {
            return vec![Violation {
                check: self.finite_name.clone(),
                level: self.finite_level,
                message: format!("{path} is {}: every number must be finite", in_words(number)),
                // As words: nobody who searches an answer for non-finite numbers shall find one.
                observed: in_words(number).into(),
                limit: "finite".into(),
            }];
        }
        self.checks.iter().filter_map(|check| check.violation(output, evidence)).collect()
    }

    /// Whether these are the violations of an output that holds a NaN or an infinity: found first, and then alone.
    pub(super) fn is_non_finite(&self, violations: &[Violation]) -> bool {
        violations.first().is_some_and(|one| one.check == self.finite_name)
    }

    fn add_fallback(&mut self, model: Capability, fallback: &FallbackDocument, errors: &mut Vec<PolicyError>) {
        let pointer = format!("/fallbacks/{model}/approved");
        if fallback.approved.is_empty() {
            let message = "the approved output is empty: give it the fields of the model's output".to_owned();
            errors.push(PolicyError { pointer, message });
            return;
        }
        for Violation { check, message, .. } in self.violations(&fallback.approved, &Evidence::default()) {
            let message = format!("the approved output must pass every check, and violates {check}: {message}");
            errors.push(PolicyError { pointer: pointer.clone(), message });
        }
        self.last_good_max_age = Duration::from_millis(fallback.last_good_max_age_ms);
        self.approved = fallback.approved.clone();
    }
}

fn add_checks(document: &SafetyDocument, models: &mut [ModelPolicy; 6], errors: &mut Vec<PolicyError>) {
    if document.checks.len() > MOST_CHECKS {
        let message = format!("{} checks are too many: use at most {MOST_CHECKS}", document.checks.len());
        errors.push(PolicyError { pointer: "/checks".to_owned(), message });
        return;
    }
    let mut names = HashSet::new();
    for (index, check) in document.checks.iter().enumerate() {
        if !names.insert(check.name.as_str()) {
            let message = format!("the name {} is taken by an earlier check: choose another", check.name);
            errors.push(PolicyError { pointer: format!("/checks/{index}/name"), message });
        }
        let Some(compiled) = compile(index, check, errors) else { continue };
        for (model, policy) in Capability::ALL.into_iter().zip(models.iter_mut()) {
            if compiled.model.is_some_and(|one| one != model) {
                continue;
            }
            match &compiled.body {
                Body::Check(check) => policy.checks.push(check.clone()),
                // Of several the most severe counts.
                Body::Finite { name, level } if *level > policy.finite_level => {
                    (policy.finite_name, policy.finite_level) = (name.clone(), *level);
                }
                Body::Finite { .. } => {}
            }
        }
    }
}

/// A key as part of a JSON pointer (RFC 6901), shortened.
fn escaped(key: &str) -> String {
    key.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
