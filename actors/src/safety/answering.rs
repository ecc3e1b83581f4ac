//! Where every answer is judged: on the thread that makes it, by snapshots that nobody waits for.
use super::last_answers::{LastAnswer, LastAnswers};
use super::safety_controller::{RecordViolations, SafetyController, SafetyInForce};
use crate::runtime::{Handle, Snapshot, now};
use bellwether_domain::safety::{
    Failure, LastGood, Override, Release, Request, ValidatedOutput, ViolationRecord, enforce_emergency, judge,
};
use bellwether_domain::types::{Capability, FeatureName, Fields, ServiceId};

/// What is being answered.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// By which model.
    pub model: Capability,
    /// For which service.
    pub service: &'a ServiceId,
    /// Identity of the request.
    pub request_id: &'a str,
    /// The request brought its own input: its answer says nothing about the service, so that no earlier answer bears on
    /// it and it bears on no later one.
    pub own_input: bool,
    /// What the approved output takes from the request, such as a bandit's baseline arm.
    pub particulars: Option<&'a Fields>,
}

/// The judging part of a worker; clones share everything.
#[derive(Debug, Clone)]
pub struct Answering {
    in_force: Snapshot<SafetyInForce>,
    last: LastAnswers,
    controller: Handle<SafetyController>,
}

impl Answering {
    /// Judges by what `in_force` holds and tells `controller` of violations.
    #[must_use]
    pub const fn new(
        in_force: Snapshot<SafetyInForce>,
        last: LastAnswers,
        controller: Handle<SafetyController>,
    ) -> Self {
        Self { in_force, last, controller }
    }

    /// The answer while the brake is on; the model need not be asked then.
    #[must_use]
    pub fn braked(&self, question: Question<'_>) -> Option<Release> {
        let in_force = self.in_force.load();
        let Question { model, service, .. } = question;
        in_force.emergency.in_force(model, service)?;
        // The failure is never looked at: the brake comes first.
        Some(self.judge_by(&in_force, question, Err(Failure::Restarting), None, &[], None))
    }

    /// Whether a human's override says what the output's `field` is: then the model need not be asked for it.
    #[must_use]
    pub fn is_overridden(&self, model: Capability, service: &ServiceId, field: &str) -> bool {
        let (in_force, at) = (self.in_force.load(), now());
        let applies = |one: &&Override| one.applies(model, service, at);
        in_force.overrides.as_slice().iter().filter(applies).any(|one| one.output.field(field).is_some())
    }

    /// Judges what the model said; `preliminary` says why a simpler estimate stands in for it.
    #[must_use]
    pub fn judge(
        &self,
        question: Question<'_>,
        outcome: Result<Fields, Failure>,
        preliminary: Option<&str>,
        stale_inputs: &[FeatureName],
    ) -> Release {
        let last = if question.own_input { None } else { self.last.get(question.model, question.service) };
        let release =
            self.judge_by(&self.in_force.load(), question, outcome, preliminary, stale_inputs, last.as_deref());
        if let Release::Answer(answer) = &release {
            if !question.own_input {
                self.remember(question, answer, last.as_deref());
            }
            self.report(question, answer);
        }
        release
    }

    /// The last look, just before an answer is written: a brake pulled meanwhile stops it.
    #[must_use]
    pub fn last_look(&self, question: Question<'_>, release: Release) -> Release {
        let in_force = self.in_force.load();
        if !in_force.emergency.any_active() {
            return release;
        }
        let Question { model, service, particulars, .. } = question;
        enforce_emergency(&in_force.policy, &in_force.emergency, model, service, particulars, release)
    }

    fn judge_by(
        &self,
        in_force: &SafetyInForce,
        Question { model, service, particulars, .. }: Question<'_>,
        outcome: Result<Fields, Failure>,
        preliminary: Option<&str>,
        stale_inputs: &[FeatureName],
        last: Option<&LastAnswer>,
    ) -> Release {
        let request = Request {
            model,
            service,
            outcome,
            preliminary,
            stale_inputs,
            last_answer: last.and_then(LastAnswer::answer),
            last_good: last.and_then(LastAnswer::last_good),
            overrides: in_force.overrides.as_slice(),
            particulars,
            emergency: &in_force.emergency,
            now: now(),
        };
        judge(&in_force.policy, request)
    }

    fn remember(
        &self,
        Question { model, service, .. }: Question<'_>,
        answer: &ValidatedOutput,
        last: Option<&LastAnswer>,
    ) {
        let output = answer.output().clone(); // the dearest part of remembering: once
        let answer = if answer.is_last_good_candidate() {
            LastAnswer::good(LastGood { output, at: now() })
        } else {
            LastAnswer::other(output, last.and_then(LastAnswer::last_good).cloned())
        };
        self.last.put(model, service, answer);
    }

    /// Counts the violations and adds them to the history; under load the history may miss some, the counters none.
    fn report(&self, Question { model, service, request_id, .. }: Question<'_>, answer: &ValidatedOutput) {
        let violations = &answer.verdict().violations;
        if violations.is_empty() {
            return;
        }
        let (at, mut records) = (now(), Vec::with_capacity(violations.len()));
        for violation in violations {
            metrics::counter!("safety_violations_total", "model_type" => model.stem(), "check" => violation.check.clone(), "severity" => violation.level.as_str()).increment(1);
            let (service, request_id) = (service.clone(), request_id.to_owned());
            records.push(ViolationRecord { at, model, service, request_id, violation: violation.clone() });
        }
        if let Err(unavailable) = self.controller.tell(|slot| RecordViolations { slot, records }) {
            tracing::debug!(reason = %unavailable, "violations were counted but not recorded");
        }
    }
}
