//! What every [`StateStore`] does, checked on each of them; and that they cannot be told apart.
use super::support::{an_override, at, config, emergency, key, observation, query};
use bellwether_adapters::in_memory::InMemoryStore;
use bellwether_adapters::sqlite::SqliteStore;
use bellwether_domain::ports::{ObservationPage, StateStore, StoreError, StoredState, Write, Written};
use bellwether_domain::safety::Scope;
use bellwether_domain::types::{Capability, Observation, ServiceId};
use proptest::prelude::*;

/// Runs `check` on a fresh store of each kind.
fn on_each(check: impl Fn(&mut dyn StateStore)) {
    check(&mut InMemoryStore::new());
    let directory = tempfile::tempdir().unwrap();
    check(&mut SqliteStore::open(directory.path().join("x.db")).unwrap());
}

#[test]
fn an_empty_store_has_nothing_and_takes_nothing() {
    on_each(|store| {
        assert_eq!(store.load(), Ok(StoredState::default()));
        assert_eq!(store.observations(&query("a", None, 10, None)), Ok(ObservationPage::default()));
        assert_eq!(store.observations_since(at(i64::MIN), 10), Ok(vec![]));
        assert_eq!(store.commit(&[]), Ok(vec![]));
    });
}

#[test]
fn the_same_key_again_is_a_duplicate_within_a_batch_and_across_batches() {
    on_each(|store| {
        let one = observation("a", "load", 5, 1.0);
        let again = Observation { value: 9.0, ..one.clone() };
        let writes = [
            Write::Observations(vec![one.clone(), again.clone(), observation("b", "load", 5, 2.0)]),
            Write::Observations(vec![again]),
        ];
        let expected = vec![Written::Observations(vec![true, false, true]), Written::Observations(vec![false])];
        assert_eq!(store.commit(&writes), Ok(expected));
        assert_eq!(store.observations(&query("a", None, 10, None)).unwrap().observations, [one]);
    });
}

#[test]
fn a_value_that_is_not_finite_is_not_kept_and_spoils_nothing_else() {
    on_each(|store| {
        let batch = [f64::NAN, f64::INFINITY, 1.0].map(|value| observation("a", "load", 5, value));
        let written = store.commit(&[Write::Observations(batch.to_vec())]);
        assert_eq!(written, Ok(vec![Written::Observations(vec![false, false, true])]));
    });
}

#[test]
fn everything_that_must_survive_is_loaded_as_it_was_written() {
    on_each(|store| {
        let service = ServiceId::new("Zürich 東京").unwrap();
        let scopes = [Scope::Global, Scope::Model(Capability::Bandit), Scope::Service(service.clone())];
        let mut writes: Vec<Write> =
            scopes.iter().map(|scope| Write::Emergency(emergency(scope.clone(), true, 7))).collect();
        writes.push(Write::Emergency(emergency(Scope::Global, false, 8)));
        writes.extend(
            [("late", None, 9), ("b", Some(service), 2), ("a", None, 2)]
                .map(|(id, service, created_at)| Write::AddOverride(an_override(id, service, created_at))),
        );
        writes.extend([Write::AddKey(key("k2", 5)), Write::AddKey(key("k1", 6)), Write::SeedConfig(config("c"))]);
        assert_eq!(store.commit(&writes), Ok(vec![Written::Done; writes.len()]));
        let state = store.load().unwrap();
        assert_eq!(state.emergency[0], emergency(Scope::Global, false, 8));
        assert_eq!(state.emergency.len(), 3);
        assert_eq!(state.overrides.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a", "b", "late"]);
        assert_eq!(state.overrides[2], an_override("late", None, 9));
        assert_eq!(state.keys, [key("k2", 5), key("k1", 6)]);
        assert_eq!(state.config, Some(config("c")));
    });
}

#[test]
fn an_identity_is_added_once_and_removed_once() {
    on_each(|store| {
        let (remove_override, remove_key) =
            (Write::RemoveOverride { id: "o".to_owned() }, Write::RemoveKey { id: "k".to_owned() });
        let cases = [
            (remove_override.clone(), Written::Unchanged),
            (Write::AddOverride(an_override("o", None, 1)), Written::Done),
            (Write::AddOverride(an_override("o", None, 2)), Written::Unchanged),
            (remove_override.clone(), Written::Done),
            (remove_override, Written::Unchanged),
            (Write::AddKey(key("k", 1)), Written::Done),
            (Write::AddKey(key("k", 2)), Written::Unchanged),
            (remove_key.clone(), Written::Done),
            (remove_key, Written::Unchanged),
            (Write::SeedConfig(config("first")), Written::Done),
            (Write::SeedConfig(config("second")), Written::Unchanged),
        ];
        for (write, expected) in cases {
            assert_eq!(store.commit(std::slice::from_ref(&write)), Ok(vec![expected]), "{write:?}");
        }
        assert_eq!(store.load().unwrap().config, Some(config("first")));
    });
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat_in_order_of_time_then_name() {
    on_each(|store| {
        // "b" is known before "a", so an order by arrival would differ from the order by name.
        let names = ["b", "a", "ä", "c"];
        let all = (0..5).flat_map(|time| names.map(|name| observation("s", name, time, 0.5)));
        store.commit(&[Write::Observations(all.collect())]).unwrap();
        for limit in 1..22 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.observations(&query("s", None, limit, after)).unwrap();
                assert!(page.next.is_none() || page.observations.len() == limit, "limit {limit}");
                seen.extend(page.observations.iter().map(|one| (one.at, one.name.to_string())));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let expected: Vec<_> =
                (0..5).flat_map(|time| ["a", "b", "c", "ä"].map(|name| (at(time), name.to_owned()))).collect();
            assert_eq!(seen, expected, "limit {limit}");
        }
        let page = store.observations(&query("s", Some("c"), 2, None)).unwrap();
        assert_eq!(page.observations, [observation("s", "c", 0, 0.5), observation("s", "c", 1, 0.5)]);
        let page = store.observations(&query("s", Some("c"), 9, page.next)).unwrap();
        assert_eq!((page.observations.len(), page.next), (3, None));
    });
}

#[test]
fn a_position_that_no_page_gave_is_refused() {
    on_each(|store| {
        let answer = store.observations(&query("s", None, 1, Some("'; DROP TABLE observations".to_owned())));
        assert_eq!(answer, Err(StoreError::UnknownPosition("'; DROP TABLE observations".to_owned())));
    });
}

#[test]
fn observations_before_a_time_are_forgotten_and_may_come_again() {
    on_each(|store| {
        let batch = vec![observation("a", "x", 1, 1.0), observation("b", "x", 2, 1.0), observation("a", "x", 3, 1.0)];
        let (keep, forget) = (Write::Observations(batch), Write::ForgetObservationsBefore(at(3)));
        let written = store.commit(&[keep.clone(), forget, keep]).unwrap();
        assert_eq!(written[1..], [Written::Done, Written::Observations(vec![true, true, false])]);
    });
}

const SERVICES: [&str; 3] = ["b", "a", "c"];
const NAMES: [&str; 4] = ["z", "load", "ä", "p99"];

fn any_observation() -> impl Strategy<Value = Observation> {
    let value = prop_oneof![any::<f64>(), Just(0.0), Just(-0.0), Just(f64::NAN)];
    (prop::sample::select(&SERVICES[..]), prop::sample::select(&NAMES[..]), 0_i64..6, value)
        .prop_map(|(service, name, time, value)| observation(service, name, time, value))
}

fn any_write() -> impl Strategy<Value = Write> {
    let id = || prop::sample::select(&["1", "2", "3"][..]).prop_map(str::to_owned);
    let scope = prop_oneof![
        Just(Scope::Global),
        prop::sample::select(&Capability::ALL[..]).prop_map(Scope::Model),
        prop::sample::select(&SERVICES[..]).prop_map(|name| Scope::Service(ServiceId::new(name).unwrap())),
    ];
    prop_oneof![
        6 => prop::collection::vec(any_observation(), 0..12).prop_map(Write::Observations),
        1 => (0_i64..7).prop_map(|time| Write::ForgetObservationsBefore(at(time))),
        1 => (scope, any::<bool>(), any::<i64>()).prop_map(|(scope, on, since)| Write::Emergency(emergency(scope, on, since))),
        1 => (id(), 0_i64..3).prop_map(|(id, time)| Write::AddOverride(an_override(&id, None, time))),
        1 => id().prop_map(|id| Write::RemoveOverride { id }),
        1 => (id(), 0_i64..3).prop_map(|(id, time)| Write::AddKey(key(&id, time))),
        1 => id().prop_map(|id| Write::RemoveKey { id }),
        1 => id().prop_map(|id| Write::SeedConfig(config(&id))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_reopened_and_memory_cannot_be_told_apart(
        commits in prop::collection::vec(prop::collection::vec(any_write(), 0..5), 0..8),
        limit in 0_usize..12,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        let (mut memory, mut sqlite) = (InMemoryStore::new(), SqliteStore::open(&path).unwrap());
        for writes in &commits {
            prop_assert_eq!(memory.commit(writes), sqlite.commit(writes));
        }
        drop(sqlite);
        let mut sqlite = SqliteStore::open(&path).unwrap();
        prop_assert_eq!(memory.load(), sqlite.load());
        for since in 0..7 {
            let since = at(since);
            prop_assert_eq!(memory.observations_since(since, limit), sqlite.observations_since(since, limit));
        }
        for (service, name) in SERVICES.iter().flat_map(|service| NAMES.map(|name| (service, name))) {
            for name in [None, Some(name)] {
                let mut after = None;
                for _ in 0..30 {
                    let query = query(service, name, limit, after);
                    let page = memory.observations(&query).unwrap();
                    prop_assert_eq!(&page, &sqlite.observations(&query).unwrap());
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
    }
}
