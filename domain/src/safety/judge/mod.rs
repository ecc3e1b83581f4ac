//! The judgement: every output passes here, and what does not pass is replaced by a reasoned fallback.
//!
//! Order: the emergency brake beats everything; then a human's override replaces fields; then the checks. What is
//! rejected or failed gives way to the fallback, over which the override is laid again if it passes the checks there.
#[cfg(test)]
mod invariants;
mod release;
#[cfg(test)]
mod tests;

use self::release::worst;
pub use self::release::{FallbackKind, FallbackUsed, Reason, Release, Source, ValidatedOutput};
use super::check::Evidence;
use super::emergency_mode::{Behaviour, EmergencyEntry};
use super::emergency_state::EmergencyState;
use super::overrides::{Override, choose};
use super::policy::{ModelPolicy, SafetyPolicy};
use crate::types::{Capability, FeatureName, FieldValue, Fields, Level, ServiceId, Timestamp, Violation};

/// Why there is no output of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It did not answer in time.
    Deadline,
    /// Its queue was full.
    Overloaded,
    /// It was being restarted.
    Restarting,
    /// It panicked.
    Panic,
    /// It refused or failed; in its words.
    Error(String),
    /// It noticed itself that its numbers are not finite.
    NotANumber,
}

impl Failure {
    /// The word for it in answers and metrics.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Deadline => Reason::Deadline,
            Self::Overloaded => Reason::Overloaded,
            Self::Restarting => Reason::Restarting,
            Self::Panic => Reason::Panic,
            Self::Error(_) => Reason::Error,
            Self::NotANumber => Reason::Nan,
        }
    }
}

/// An answer of the model that was good, and when it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct LastGood {
    /// The answer.
    pub output: Fields,
    /// When.
    pub at: Timestamp,
}

/// One outcome to be judged, with all that bears on it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose outcome.
    pub model: Capability,
    /// For which service.
    pub service: &'a ServiceId,
    /// What the model said, or why it said nothing.
    pub outcome: Result<Fields, Failure>,
    /// The output is a simpler estimate, because of this (as "not trained yet").
    pub preliminary: Option<&'a str>,
    /// The stale ones among the inputs that the model used.
    pub stale_inputs: &'a [FeatureName],
    /// The last answer of the same model for the same service, whatever its source.
    pub last_answer: Option<&'a Fields>,
    /// The last good answer of the same model for the same service.
    pub last_good: Option<&'a LastGood>,
    /// Overrides of all models and services; those that do not apply are passed over.
    pub overrides: &'a [Override],
    /// What the approved output takes from the request, such as a bandit's baseline arm; passed over if the two together
    /// violate a check.
    pub particulars: Option<&'a Fields>,
    /// The brake.
    pub emergency: &'a EmergencyState,
    /// The time.
    pub now: Timestamp,
}

/// Judges one outcome; see the module's head for the order.
#[must_use]
pub fn judge(policy: &SafetyPolicy, request: Request<'_>) -> Release {
    let Request { model, service, now, .. } = request;
    if let Some(entry) = request.emergency.in_force(model, service) {
        return brake(policy, model, entry, request.particulars, Vec::new());
    }
    let rules = policy.of(model);
    let given = choose(request.overrides, model, service, now);
    let evidence = Evidence { last_answer: request.last_answer, stale_inputs: request.stale_inputs };

    let (reason, mut violations) = match request.outcome {
        Err(failure) => (failure.reason(), vec![failure_violation(&failure)]),
        Ok(mut output) => {
            if let Some(given) = given {
                output.merge(&given.output);
            }
            let mut violations = rules.violations(&output, &evidence);
            let rejected = worst(&violations) >= Level::Unsafe;
            // Found before any other check, and then alone.
            let reason = if rules.is_non_finite(&violations) { Reason::Nan } else { Reason::Unsafe };
            violations.extend(request.preliminary.map(preliminary_violation));
            if !rejected {
                let source = if given.is_some() { Source::Override } else { Source::Model };
                return Release::Answer(ValidatedOutput::new(output, source, None, violations));
            }
            (reason, violations)
        }
    };

    // The inputs of the request bear on the model's output only.
    let evidence = Evidence { stale_inputs: &[], ..evidence };
    let (kind, output, warnings) = fallback(rules, request.last_good, request.particulars, now, &evidence);
    let used = Some(FallbackUsed { reason, kind });
    if let Some(given) = given {
        let mut overridden = output.clone();
        overridden.merge(&given.output);
        let found = rules.violations(&overridden, &evidence);
        let rejected = worst(&found) >= Level::Unsafe;
        add_new(&mut violations, found);
        if !rejected {
            return Release::Answer(ValidatedOutput::new(overridden, Source::Override, used, violations));
        }
    }
    add_new(&mut violations, warnings);
    Release::Answer(ValidatedOutput::new(output, Source::Fallback, used, violations))
}

/// The last look before an answer is written: if the brake has come on meanwhile, the answer is replaced. Only ever
/// stricter: what is blocked stays blocked.
#[must_use]
pub fn enforce_emergency(
    policy: &SafetyPolicy,
    emergency: &EmergencyState,
    model: Capability,
    service: &ServiceId,
    particulars: Option<&Fields>,
    release: Release,
) -> Release {
    match (emergency.in_force(model, service), release) {
        (Some(entry), Release::Answer(answer)) => {
            let mut violations = answer.into_violations();
            violations.retain(|one| one.check != EMERGENCY);
            brake(policy, model, entry, particulars, violations)
        }
        (_, release) => release,
    }
}

const EMERGENCY: &str = "emergency_mode";

/// What leaves while the brake is on.
fn brake(
    policy: &SafetyPolicy,
    model: Capability,
    entry: &EmergencyEntry,
    particulars: Option<&Fields>,
    mut violations: Vec<Violation>,
) -> Release {
    let EmergencyEntry { scope, reason, since, .. } = entry;
    if entry.behaviour == Behaviour::Block {
        return Release::Blocked { scope: scope.clone(), reason: reason.clone(), since: *since };
    }
    let violation = Violation {
        check: EMERGENCY.to_owned(),
        level: Level::Critical,
        message: format!("emergency mode for {scope} since {since}: {reason}"),
        observed: FieldValue::Text(scope.to_string().into()),
        limit: "no output of a model".into(),
    };
    violations.insert(0, violation);
    let used = FallbackUsed { reason: Reason::Emergency, kind: FallbackKind::Approved };
    let approved = approved(policy.of(model), particulars);
    Release::Answer(ValidatedOutput::new(approved, Source::Fallback, Some(used), violations))
}

/// The last good answer while it is young and passes the checks of now, else the approved output; with warnings.
fn fallback(
    rules: &ModelPolicy,
    last_good: Option<&LastGood>,
    particulars: Option<&Fields>,
    now: Timestamp,
    evidence: &Evidence<'_>,
) -> (FallbackKind, Fields, Vec<Violation>) {
    // One from the future has no age: the clock was set back.
    let young = |good: &&LastGood| good.at <= now && now.since(good.at) < rules.last_good_max_age;
    if let Some(good) = last_good.filter(young) {
        let found = rules.violations(&good.output, evidence);
        if worst(&found) < Level::Unsafe {
            return (FallbackKind::LastGood, good.output.clone(), found);
        }
    }
    (FallbackKind::Approved, approved(rules, particulars), Vec::new())
}

/// The approved output with the request's particulars laid over it, as long as it still passes every check.
fn approved(rules: &ModelPolicy, particulars: Option<&Fields>) -> Fields {
    let mut output = rules.approved.clone();
    let Some(particulars) = particulars else { return output };
    output.merge(particulars);
    let passes = worst(&rules.violations(&output, &Evidence::default())) < Level::Unsafe;
    if passes { output } else { rules.approved.clone() }
}

/// Adds those of checks that are not listed yet.
fn add_new(violations: &mut Vec<Violation>, found: Vec<Violation>) {
    for violation in found {
        if violations.iter().all(|one| one.check != violation.check) {
            violations.push(violation);
        }
    }
}

fn failure_violation(failure: &Failure) -> Violation {
    let message = match failure {
        Failure::Deadline => "the model did not answer in time".to_owned(),
        Failure::Overloaded => "the model's queue was full".to_owned(),
        Failure::Restarting => "the model is being restarted".to_owned(),
        Failure::Panic => "the model panicked".to_owned(),
        Failure::Error(message) => format!("the model failed: {message}"),
        Failure::NotANumber => "the model's numbers are not finite".to_owned(),
    };
    let (check, observed) = ("model_failure".to_owned(), failure.reason().as_str().into());
    Violation { check, level: Level::Warning, message, observed, limit: "an output".into() }
}

fn preliminary_violation(why: &str) -> Violation {
    Violation {
        check: "preliminary_model".to_owned(),
        level: Level::Warning,
        message: format!("a simpler estimate answers: {why}"),
        observed: FieldValue::Text(why.to_owned().into()),
        limit: "a trained model".into(),
    }
}
