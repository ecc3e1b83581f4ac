//! Each failure, each kind of rejection, each precedence: one case a line.
use super::super::{ActiveOverrides, Scope};
use super::*;

const POLICY: &str = "
checks = [
    { name = 'a_safe', model = 'bandit', field = 'a', min = 0, max = 10 },
    { name = 'a_usual', model = 'bandit', field = 'a', max = 5, level = 'WARNING' },
    { name = 'b_safe', model = 'bandit', field = 'b', max = 10, level = 'CRITICAL' },
    { name = 'fresh', model = 'bandit', kind = 'stale_inputs' },
]
[fallbacks]
capacity_planning = { last_good_max_age_ms = 0, approved = { a = 1 } }
tail_slo = { last_good_max_age_ms = 0, approved = { a = 1 } }
extreme_events = { last_good_max_age_ms = 0, approved = { a = 1 } }
regime_detection = { last_good_max_age_ms = 0, approved = { a = 1 } }
bandit = { last_good_max_age_ms = 1000, approved = { a = 1, b = 2 } }
bayes_opt = { last_good_max_age_ms = 0, approved = { a = 1 } }
";

fn policy() -> SafetyPolicy {
    SafetyPolicy::from_document(&toml::from_str(POLICY).unwrap()).unwrap()
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(milliseconds)
}

fn fields(json: &str) -> Fields {
    serde_json::from_str(json).unwrap()
}

/// A request at 10 s.
fn request<'a>(outcome: Result<Fields, Failure>, service: &'a ServiceId, state: &'a EmergencyState) -> Request<'a> {
    Request {
        model: Capability::Bandit,
        service,
        outcome,
        preliminary: None,
        stale_inputs: &[],
        last_answer: None,
        last_good: None,
        overrides: &[],
        particulars: None,
        emergency: state,
        now: at(10_000),
    }
}

fn answer(release: Release) -> ValidatedOutput {
    match release {
        Release::Answer(answer) => answer,
        Release::Blocked { .. } => panic!("blocked"),
    }
}

fn used(reason: Reason, kind: FallbackKind) -> Option<FallbackUsed> {
    Some(FallbackUsed { reason, kind })
}

fn checks(answer: &ValidatedOutput) -> Vec<&str> {
    answer.verdict().violations.iter().map(|one| one.check.as_str()).collect()
}

#[test]
fn the_model_s_output_leaves_as_the_checks_say() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let nan = Fields::new().with("a", 1.0).with("b", f64::NAN);
    for (output, source, reason, level, violated) in [
        (fields(r#"{"a":5,"b":10}"#), Source::Model, None, Level::Safe, &[][..]),
        (fields(r#"{"a":6}"#), Source::Model, None, Level::Warning, &["a_usual"]),
        (fields(r#"{"a":11}"#), Source::Fallback, Some(Reason::Unsafe), Level::Unsafe, &["a_safe", "a_usual"]),
        (fields(r#"{"b":11}"#), Source::Fallback, Some(Reason::Unsafe), Level::Critical, &["b_safe"]),
        (nan, Source::Fallback, Some(Reason::Nan), Level::Unsafe, &["finite"]),
        (fields(r#"{}"#), Source::Model, None, Level::Safe, &[]),
    ] {
        let answer = answer(judge(&policy, request(Ok(output.clone()), &service, &calm)));
        assert_eq!((answer.source(), answer.fallback().map(|one| one.reason)), (source, reason), "{output:?}");
        assert_eq!((answer.verdict().level, checks(&answer).as_slice()), (level, violated), "{output:?}");
        assert_eq!(answer.verdict().is_safe, level < Level::Unsafe);
        assert_eq!(answer.is_last_good_candidate(), source == Source::Model);
        let left = if source == Source::Model { &output } else { policy.approved(Capability::Bandit) };
        assert_eq!(answer.output(), left);
    }
}

#[test]
fn every_failure_gives_the_fallback_with_its_reason() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    for (failure, reason) in [
        (Failure::Deadline, "deadline"),
        (Failure::Overloaded, "overloaded"),
        (Failure::Restarting, "restarting"),
        (Failure::Panic, "panic"),
        (Failure::Error("no data".to_owned()), "error"),
        (Failure::NotANumber, "nan"),
    ] {
        let answer = answer(judge(&policy, request(Err(failure), &service, &calm)));
        assert_eq!(answer.source(), Source::Fallback);
        let used = answer.fallback().unwrap();
        assert_eq!((used.reason.as_str(), used.kind), (reason, FallbackKind::Approved));
        assert_eq!((answer.verdict().level, answer.verdict().is_safe), (Level::Warning, true));
        assert_eq!(checks(&answer), ["model_failure"]);
        assert_eq!(answer.output(), policy.approved(Capability::Bandit));
        assert!(!answer.is_last_good_candidate());
    }
}

#[test]
fn the_last_good_answer_serves_while_it_is_young_and_still_passes() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    for (output, time, kind, violated) in [
        (r#"{"a":3}"#, 9_001, FallbackKind::LastGood, &["model_failure"][..]),
        (r#"{"a":3}"#, 9_000, FallbackKind::Approved, &["model_failure"]),
        (r#"{"a":3}"#, 10_000, FallbackKind::LastGood, &["model_failure"]),
        (r#"{"a":3}"#, 10_001, FallbackKind::Approved, &["model_failure"]),
        (r#"{"a":6}"#, 9_500, FallbackKind::LastGood, &["model_failure", "a_usual"]),
        (r#"{"a":11}"#, 9_500, FallbackKind::Approved, &["model_failure"]),
    ] {
        let good = LastGood { output: fields(output), at: at(time) };
        let stale = [FeatureName::new("rate").unwrap()];
        let mut request = request(Err(Failure::Deadline), &service, &calm);
        (request.last_good, request.stale_inputs) = (Some(&good), &stale);
        let answer = answer(judge(&policy, request));
        assert_eq!(answer.fallback(), used(Reason::Deadline, kind), "{output} at {time}");
        assert_eq!(checks(&answer), violated, "{output} at {time}");
        let left = if kind == FallbackKind::LastGood { &good.output } else { policy.approved(Capability::Bandit) };
        assert_eq!(answer.output(), left);
    }
}

#[test]
fn preliminary_and_stale_answers_leave_with_a_warning() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let stale = [FeatureName::new("request_rate").unwrap()];
    let mut request = request(Ok(fields(r#"{"a":1}"#)), &service, &calm);
    (request.preliminary, request.stale_inputs) = (Some("not trained yet"), &stale);
    let answer = answer(judge(&policy, request));
    assert_eq!(
        (answer.source(), answer.verdict().level, answer.verdict().is_safe),
        (Source::Model, Level::Warning, true)
    );
    assert_eq!(checks(&answer), ["fresh", "preliminary_model"]);
    assert!(answer.verdict().violations[0].message.contains("request_rate"));
}

#[test]
fn overrides_replace_fields_and_are_judged() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let ok = |json: &str| Ok(fields(json));
    let panic = || Err(Failure::Panic);
    let cases = [
        // outcome, override, expires, source, reason, what leaves
        (ok(r#"{"a":1,"b":1}"#), r#"{"a":4}"#, 10_001, Source::Override, None, r#"{"a":4,"b":1}"#),
        (ok(r#"{"a":1,"b":1}"#), r#"{"a":4}"#, 10_000, Source::Model, None, r#"{"a":1,"b":1}"#),
        (ok(r#"{"a":99}"#), r#"{"a":4}"#, 10_001, Source::Override, None, r#"{"a":4}"#),
        (ok(r#"{"a":1}"#), r#"{"a":99}"#, 10_001, Source::Fallback, Some(Reason::Unsafe), r#"{"a":1,"b":2}"#),
        (ok(r#"{"a":1}"#), r#"{"a":"x"}"#, 10_001, Source::Fallback, Some(Reason::Unsafe), r#"{"a":1,"b":2}"#),
        (panic(), r#"{"a":4}"#, 10_001, Source::Override, Some(Reason::Panic), r#"{"a":4,"b":2}"#),
        (panic(), r#"{"a":99}"#, 10_001, Source::Fallback, Some(Reason::Panic), r#"{"a":1,"b":2}"#),
        // The model's own field is rejected: the human's field is kept, over the fallback.
        (ok(r#"{"a":1,"b":99}"#), r#"{"a":4}"#, 10_001, Source::Override, Some(Reason::Unsafe), r#"{"a":4,"b":2}"#),
    ];
    for (outcome, given, expires, source, reason, left) in cases {
        let overrides = [Override {
            id: "o1".to_owned(),
            model: Capability::Bandit,
            service: None,
            output: fields(given),
            reason: "test".to_owned(),
            by: "me".to_owned(),
            created_at: at(0),
            expires_at: at(expires),
        }];
        let overrides: ActiveOverrides = overrides.into_iter().collect();
        let name = format!("{outcome:?} {given} {expires}");
        let mut request = request(outcome, &service, &calm);
        request.overrides = overrides.as_slice();
        let answer = answer(judge(&policy, request));
        assert_eq!((answer.source(), answer.fallback().map(|one| one.reason)), (source, reason), "{name}");
        assert_eq!(answer.output(), &fields(left), "{name}");
    }
}

#[test]
fn a_rejected_override_of_a_failed_model_is_unsafe_and_says_both() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let given = Override {
        id: "o1".to_owned(),
        model: Capability::Bandit,
        service: Some(service.clone()),
        output: fields(r#"{"a":99}"#),
        reason: "test".to_owned(),
        by: "me".to_owned(),
        created_at: at(0),
        expires_at: at(20_000),
    };
    let mut request = request(Err(Failure::Deadline), &service, &calm);
    request.overrides = std::slice::from_ref(&given);
    let answer = answer(judge(&policy, request));
    assert_eq!(checks(&answer), ["model_failure", "a_safe", "a_usual"]);
    assert_eq!((answer.verdict().level, answer.verdict().is_safe), (Level::Unsafe, false));
}

fn brake_on(scope: &str, behaviour: Behaviour) -> EmergencyEntry {
    let (reason, by) = ("flash crash".to_owned(), "ops".to_owned());
    EmergencyEntry { scope: scope.parse().unwrap(), active: true, behaviour, reason, by, since: at(1) }
}

#[test]
fn the_brake_beats_everything_before_and_after_judging() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let judged = judge(&policy, request(Ok(fields(r#"{"a":6}"#)), &service, &calm));
    let state: EmergencyState = [brake_on("model:bandit", Behaviour::Fallback)].into_iter().collect();
    let direct = judge(&policy, request(Ok(fields(r#"{"a":6}"#)), &service, &state));
    let late = enforce_emergency(&policy, &state, Capability::Bandit, &service, None, judged.clone());
    for (release, violated) in [(direct, &["emergency_mode"][..]), (late, &["emergency_mode", "a_usual"])] {
        let again = enforce_emergency(&policy, &state, Capability::Bandit, &service, None, release.clone());
        assert_eq!(again, release, "a second look changes nothing");
        let answer = answer(release);
        assert_eq!(answer.fallback(), used(Reason::Emergency, FallbackKind::Approved));
        assert_eq!((answer.verdict().level, answer.verdict().is_safe), (Level::Critical, false));
        assert_eq!(answer.output(), policy.approved(Capability::Bandit));
        assert_eq!(checks(&answer), violated);
    }
    let other = enforce_emergency(&policy, &state, Capability::TailSlo, &service, None, judged.clone());
    assert_eq!(other, judged, "another model is not covered");

    let block: EmergencyState =
        [brake_on("global", Behaviour::Fallback), brake_on("service:default", Behaviour::Block)].into_iter().collect();
    let scope: Scope = "service:default".parse().unwrap();
    let blocked = Release::Blocked { scope, reason: "flash crash".to_owned(), since: at(1) };
    assert_eq!(judge(&policy, request(Err(Failure::Panic), &service, &block)), blocked);
    assert_eq!(enforce_emergency(&policy, &block, Capability::Bandit, &service, None, judged), blocked);
    assert_eq!(enforce_emergency(&policy, &calm, Capability::Bandit, &service, None, blocked.clone()), blocked);
}

#[test]
fn the_approved_output_takes_the_requests_particulars_unless_they_violate_a_check() {
    let (policy, service, calm) = (policy(), ServiceId::default(), EmergencyState::new());
    let approved = policy.approved(Capability::Bandit);
    let brake: EmergencyState = [brake_on("global", Behaviour::Fallback)].into_iter().collect();
    for (particulars, taken) in [(r#"{"arm":"mine"}"#, true), (r#"{"a":99}"#, false)] {
        let particulars = fields(particulars);
        let mut expected = approved.clone();
        if taken {
            expected.merge(&particulars);
        }
        for state in [&calm, &brake] {
            let request = Request { particulars: Some(&particulars), ..request(Err(Failure::Panic), &service, state) };
            assert_eq!(answer(judge(&policy, request)).output(), &expected);
        }
        let judged = judge(&policy, request(Ok(fields(r#"{"a":6}"#)), &service, &calm));
        let late = enforce_emergency(&policy, &brake, Capability::Bandit, &service, Some(&particulars), judged);
        assert_eq!(answer(late).output(), &expected);
    }
}
