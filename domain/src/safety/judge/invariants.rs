//! What holds whatever comes: any output, failure, override, brake, in any combination.
use super::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

const POLICY: &str = "
checks = [
    { name = 'a_safe', model = 'bandit', field = 'a', min = 0, max = 10 },
    { name = 'a_usual', model = '*', field = 'a', max = 5, level = 'WARNING' },
    { name = 'a_below_b', model = 'bandit', kind = 'relation', left = 'a', operator = '<=', right = 'b' },
    { name = 'q_ordered', model = 'bandit', kind = 'monotone', field = 'q', level = 'CRITICAL' },
    { name = 'a_steady', model = 'bandit', kind = 'jump', field = 'a', max_difference = 4 },
    { name = 'fresh', model = '*', kind = 'stale_inputs', level = 'UNSAFE' },
]
[fallbacks]
capacity_planning = { last_good_max_age_ms = 0, approved = { z = 1 } }
tail_slo = { last_good_max_age_ms = 5, approved = { a = 2 } }
extreme_events = { last_good_max_age_ms = 0, approved = { z = 1 } }
regime_detection = { last_good_max_age_ms = 0, approved = { z = 1 } }
bandit = { last_good_max_age_ms = 5, approved = { a = 1, b = 2, q = { p95 = 1, p99 = 2 } } }
bayes_opt = { last_good_max_age_ms = 0, approved = { z = 1 } }
";

const NUMBERS: [f64; 11] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1.0, 2.0, 4.0, 9.0, 10.5, 1e308];

fn number() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        // Mostly plain ones, or hardly any output would pass.
        6 => select(&NUMBERS[4..9]).prop_map(FieldValue::Number),
        2 => select(&NUMBERS[..]).prop_map(FieldValue::Number),
        1 => (-2_i64..12).prop_map(FieldValue::Integer),
    ]
}

/// Boxed, as are the fields: by value the nested strategies are too large for a test's stack.
fn value() -> BoxedStrategy<FieldValue> {
    prop_oneof![
        8 => number(),
        1 => Just(FieldValue::Null),
        1 => Just(FieldValue::Flag(true)),
        1 => Just("text".into()),
        1 => vec(number(), 0..4).prop_map(FieldValue::List),
        3 => (number(), number()).prop_map(|(p95, p99)| Fields::new().with("p99", p99).with("p95", p95).into()),
    ]
    .boxed()
}

fn fields() -> BoxedStrategy<Fields> {
    [of(value()), of(value()), of(value()), of(value())]
        .prop_map(|values| {
            let given = ["a", "b", "q", "z"].into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)));
            given.fold(Fields::new(), |fields, (name, value)| fields.with(name, value))
        })
        .boxed()
}

fn failure() -> impl Strategy<Value = Failure> {
    use Failure::{Deadline, Error, NotANumber, Overloaded, Panic, Restarting};
    select(vec![Deadline, Overloaded, Restarting, Panic, Error("x".to_owned()), NotANumber])
}

fn model() -> impl Strategy<Value = Capability> {
    prop_oneof![3 => Just(Capability::Bandit), 1 => Just(Capability::TailSlo)]
}

fn service() -> impl Strategy<Value = ServiceId> {
    select(vec!["default", "orders"]).prop_map(|name| ServiceId::new(name).unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..20).prop_map(Timestamp::from_milliseconds)
}

fn given() -> BoxedStrategy<Override> {
    (model(), of(service()), fields(), time(), time())
        .prop_map(|(model, service, output, created_at, expires_at)| {
            let (id, reason, by) = (String::new(), String::new(), String::new());
            Override { id, model, service, output, reason, by, created_at, expires_at }
        })
        .boxed()
}

fn emergency() -> impl Strategy<Value = EmergencyState> {
    let scopes = select(vec!["global", "model:bandit", "model:tail_slo", "service:orders"]);
    let entry = (scopes, prop::bool::weighted(0.3), any::<bool>()).prop_map(|(scope, active, block)| EmergencyEntry {
        scope: scope.parse().unwrap(),
        active,
        behaviour: if block { Behaviour::Block } else { Behaviour::Fallback },
        reason: scope.to_owned(),
        by: String::new(),
        since: Timestamp::from_milliseconds(0),
    });
    vec(entry, 0..3).prop_map(EmergencyState::from_iter)
}

/// All that a request borrows.
#[derive(Debug, Clone)]
struct Case {
    model: Capability,
    service: ServiceId,
    outcome: Result<Fields, Failure>,
    stale: Vec<FeatureName>,
    last_answer: Option<Fields>,
    last_good: Option<LastGood>,
    overrides: Vec<Override>,
    emergency: EmergencyState,
    now: Timestamp,
}

impl Case {
    fn request(&self) -> Request<'_> {
        Request {
            model: self.model,
            service: &self.service,
            outcome: self.outcome.clone(),
            preliminary: None,
            stale_inputs: &self.stale,
            last_answer: self.last_answer.as_ref(),
            last_good: self.last_good.as_ref(),
            overrides: &self.overrides,
            particulars: None,
            emergency: &self.emergency,
            now: self.now,
        }
    }
}

prop_compose! {
    fn case()(
        model in model(),
        service in service(),
        outcome in prop_oneof![3 => fields().prop_map(Ok), 1 => failure().prop_map(Err)],
        stale in prop::bool::weighted(0.1),
        last_answer in of(fields()),
        last_good in of((fields(), time()).prop_map(|(output, at)| LastGood { output, at })),
        overrides in vec(given(), 0..3),
        emergency in emergency(),
        now in time(),
    ) -> Case {
        let stale = if stale { vec![FeatureName::new("rate").unwrap()] } else { Vec::new() };
        Case { model, service, outcome, stale, last_answer, last_good, overrides, emergency, now }
    }
}

/// The JSON of a finite output holds no null where the output holds a number; here: looked at value by value.
fn all_finite(fields: &Fields) -> bool {
    fn finite(value: &FieldValue) -> bool {
        match value {
            FieldValue::Number(number) => number.is_finite(),
            FieldValue::List(items) => items.iter().all(finite),
            FieldValue::Record(fields) => all_finite(fields),
            _ => true,
        }
    }
    fields.iter().all(|(_, value)| finite(value))
}

/// The UNSAFE and CRITICAL checks of `bandit` above, said once more and in other words.
fn passes(output: &Fields, last_answer: Option<&Fields>) -> bool {
    let field = |name| output.field(name).filter(|value| **value != FieldValue::Null);
    let numbers = |value: &FieldValue| -> Option<Vec<f64>> {
        match value {
            FieldValue::List(items) => {
                items.iter().filter(|item| **item != FieldValue::Null).map(FieldValue::as_number).collect()
            }
            FieldValue::Record(_) => ["p95", "p99"].iter().map(|name| value.at(name)?.as_number()).collect(),
            value => Some(vec![value.as_number()?]),
        }
    };
    let a_is_fine = field("a").is_none_or(|a| {
        let inside = numbers(a).is_some_and(|all| all.iter().all(|one| (0.0..=10.0).contains(one)));
        let before = last_answer.and_then(|last| last.at("a")?.as_number().filter(|one| one.is_finite()));
        // The jump is defined for single numbers.
        inside
            && a.as_number().is_some_and(|number| before.is_none_or(|before| (number - before).abs() <= 4.0))
            && match (a.as_number(), field("b")) {
                (Some(a), Some(b)) => numbers(b).is_some_and(|all| all.iter().all(|b| a <= *b)),
                _ => true,
            }
    });
    a_is_fine && field("q").is_none_or(|q| numbers(q).is_some_and(|all| all.is_sorted()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// The brake always wins: before judging, and when it comes on after judging.
    #[test]
    fn the_brake_always_wins(case in case(), later in emergency()) {
        let policy = SafetyPolicy::from_document(&toml::from_str(POLICY).unwrap()).unwrap();
        let judged = judge(&policy, case.request());
        let looked = enforce_emergency(&policy, &later, case.model, &case.service, None, judged.clone());
        let covering = |state: &EmergencyState| -> Vec<Behaviour> {
            let active = state.entries().filter(|one| one.active && one.scope.covers(case.model, &case.service));
            active.map(|one| one.behaviour).collect()
        };
        let (first, second) = (covering(&case.emergency), covering(&later));
        for (release, on) in [(&judged, first.clone()), (&looked, [first, second].concat())] {
            match release {
                Release::Blocked { .. } => prop_assert!(on.contains(&Behaviour::Block)),
                Release::Answer(answer) => {
                    prop_assert!(!on.contains(&Behaviour::Block));
                    let reason = answer.fallback().map(|used| used.reason);
                    prop_assert_eq!(reason == Some(Reason::Emergency), !on.is_empty());
                    if !on.is_empty() {
                        prop_assert_eq!(answer.source(), Source::Fallback);
                        prop_assert_eq!(answer.output(), policy.approved(case.model));
                        prop_assert_eq!(answer.verdict().level, Level::Critical);
                    }
                }
            }
        }
    }

    /// Whatever leaves is finite and passes every check of level UNSAFE or CRITICAL, or is the approved output; the
    /// verdict, the source and the fallback agree with each other and with what came in.
    #[test]
    fn nothing_leaves_unjudged(case in case()) {
        let policy = SafetyPolicy::from_document(&toml::from_str(POLICY).unwrap()).unwrap();
        let Release::Answer(answer) = judge(&policy, case.request()) else { return Ok(()) };
        let approved = answer.output() == policy.approved(case.model);
        let kind = answer.fallback().map(|used| used.kind);

        prop_assert!(all_finite(answer.output()));
        if case.model == Capability::Bandit {
            prop_assert!(approved || passes(answer.output(), case.last_answer.as_ref()));
        }

        let verdict = answer.verdict();
        let worst = verdict.violations.iter().map(|one| one.level).max().unwrap_or(Level::Safe);
        prop_assert_eq!(verdict.level, worst);
        prop_assert_eq!(verdict.is_safe, worst < Level::Unsafe);
        let mut names: Vec<&str> = verdict.violations.iter().map(|one| one.check.as_str()).collect();
        names.sort_unstable();
        prop_assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a check is listed once: {:?}", names);

        let live = |one: &&Override| one.applies(case.model, &case.service, case.now);
        match answer.source() {
            Source::Model => {
                prop_assert_eq!(answer.fallback(), None);
                prop_assert_eq!(Ok(answer.output()), case.outcome.as_ref());
                prop_assert!(verdict.is_safe);
                prop_assert_eq!(case.overrides.iter().find(live), None);
            }
            Source::Override => {
                let used = case.overrides.iter().filter(live).any(|one| {
                    one.expires_at > case.now
                        && one.output.iter().all(|(name, value)| answer.output().field(name) == Some(value))
                });
                prop_assert!(used);
            }
            Source::Fallback => {
                prop_assert!(answer.fallback().is_some());
                prop_assert!(approved || kind == Some(FallbackKind::LastGood));
                // Without a failure it took a rejection or the brake.
                prop_assert!(case.outcome.is_err() || !verdict.is_safe);
            }
        }
        if kind == Some(FallbackKind::LastGood) {
            let age = case.now.since(case.last_good.as_ref().unwrap().at);
            prop_assert!(age < policy.last_good_max_age(case.model));
        }
        let accepted = answer.source() == Source::Model;
        prop_assert_eq!(answer.is_last_good_candidate(), accepted);
    }
}
