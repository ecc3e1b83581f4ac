//! The logs of the learners, on each store; and that the stores cannot be told apart.
use super::support::{at, decision, event, stream_value};
use bellwether_adapters::in_memory::InMemoryStore;
use bellwether_adapters::sqlite::SqliteStore;
use bellwether_domain::experiments::{DecisionId, RewardRange};
use bellwether_domain::ports::{
    Append, Appended, Claimed, Epoch, Learner, LearnerChange, LearnerSnapshot, LearnerWrite, LearnerWritten, Logged,
    LoggedEntry, SnapshotPart, StateStore, Write, Written,
};
use proptest::prelude::*;

fn on_each(check: impl Fn(&mut dyn StateStore)) {
    check(&mut InMemoryStore::new());
    let directory = tempfile::tempdir().unwrap();
    check(&mut SqliteStore::open(directory.path().join("x.db")).unwrap());
}

fn append(learner: Learner, epoch: Epoch, entries: Vec<Append>) -> Write {
    Write::Learner(LearnerWrite { learner, epoch, change: LearnerChange::Append(entries) })
}

fn snapshot(learner: Learner, epoch: Epoch, position: u64, parts: &[(&str, Option<&[u8]>)]) -> Write {
    let part = |(name, state): &(&str, Option<&[u8]>)| SnapshotPart {
        name: (*name).to_owned(),
        state: state.map(<[u8]>::to_vec),
    };
    let parts = parts.iter().map(part).collect();
    Write::Learner(LearnerWrite {
        learner,
        epoch,
        change: LearnerChange::Snapshot(LearnerSnapshot { position, parts }),
    })
}

fn reward(id: u8, value: f64, made_at: i64) -> Append {
    Append::Reward { decision: DecisionId::from_bytes([id; 16]), value, at: at(made_at) }
}

#[track_caller]
fn outcomes(store: &mut dyn StateStore, epoch: Epoch, entries: Vec<Append>) -> Vec<Appended> {
    match store.commit(&[append(Learner::Bandit, epoch, entries)]).unwrap().pop() {
        Some(Written::Learner(LearnerWritten::Appended { outcomes, .. })) => outcomes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reward_counts_once_and_each_other_one_is_told_why_it_does_not() {
    on_each(|store| {
        let epoch = store.claim(Learner::Bandit).unwrap().epoch;
        let made = decision(1, "e", 100);
        let entries = vec![
            Append::Decision(made.clone()),
            reward(1, 0.5, 105),
            reward(1, 0.5, 500), // the same again, however late
            reward(1, 0.25, 105),
            reward(9, 0.5, 105),
            Append::Decision(decision(2, "e", 100)),
            reward(2, 2.0, 105),
            reward(2, 1.0, 111),
            reward(2, 1.0, 110),
        ];
        let expected = vec![
            Appended::Kept,
            Appended::Rewarded(Box::new(made)),
            Appended::Repeated,
            Appended::Conflict { known: 0.5 },
            Appended::Unknown,
            Appended::Kept,
            Appended::OutOfRange(RewardRange { lower: 0.0, upper: 1.0 }),
            Appended::Late { until: at(110) },
            Appended::Rewarded(Box::new(decision(2, "e", 100))),
        ];
        assert_eq!(outcomes(store, epoch, entries), expected);
    });
}

#[test]
fn the_log_reads_back_in_order_bit_for_bit_and_page_by_page() {
    on_each(|store| {
        let epoch = store.claim(Learner::Bandit).unwrap().epoch;
        let entries = vec![
            Append::Event(event("e", 1)),
            Append::Decision(decision(1, "e", 2)),
            Append::Decision(decision(2, "f", 3)),
            reward(1, 0.5, 4),
            reward(1, 0.5, 4),
            Append::Event(event("f", 5)),
        ];
        outcomes(store, epoch, entries);
        let rewarded = LoggedEntry::Reward { decision: decision(1, "e", 2), value: 0.5 };
        let expected = [
            LoggedEntry::Event(event("e", 1)),
            LoggedEntry::Decision(decision(1, "e", 2)),
            LoggedEntry::Decision(decision(2, "f", 3)),
            rewarded,
            LoggedEntry::Event(event("f", 5)),
        ];
        for limit in 1..7 {
            let (mut seen, mut after) = (Vec::new(), 0);
            loop {
                let page = store.log_after(Learner::Bandit, after, limit).unwrap();
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                after = last.position;
                seen.extend(page);
            }
            let positions: Vec<u64> = seen.iter().map(|one| one.position).collect();
            assert_eq!(positions, [1, 2, 3, 4, 5], "limit {limit}");
            let Some(LoggedEntry::Decision(first)) = seen.get(1).map(|one| &one.entry) else { panic!("{seen:?}") };
            assert_eq!(first.context[1].to_bits(), (-0.0_f64).to_bits());
            assert_eq!(seen.into_iter().map(|one| one.entry).collect::<Vec<_>>(), expected, "limit {limit}");
        }
    });
}

#[test]
fn a_former_owner_is_refused_and_the_next_one_finds_snapshot_and_log() {
    on_each(|store| {
        let first = store.claim(Learner::Bandit).unwrap();
        assert_eq!(first, Claimed { epoch: Epoch(1), snapshot: LearnerSnapshot::default() });
        outcomes(
            store,
            first.epoch,
            vec![Append::Decision(decision(1, "e", 2)), Append::Decision(decision(2, "e", 3))],
        );
        store
            .commit(&[snapshot(Learner::Bandit, first.epoch, 1, &[("e", Some(b"one")), ("f", Some(b"two"))])])
            .unwrap();
        store.commit(&[snapshot(Learner::Bandit, first.epoch, 1, &[("f", None)])]).unwrap();
        let second = store.claim(Learner::Bandit).unwrap();
        let part = SnapshotPart { name: "e".to_owned(), state: Some(b"one".to_vec()) };
        assert_eq!(second, Claimed { epoch: Epoch(2), snapshot: LearnerSnapshot { position: 1, parts: vec![part] } });
        for write in [
            append(Learner::Bandit, first.epoch, vec![Append::Decision(decision(3, "e", 4))]),
            snapshot(Learner::Bandit, first.epoch, 9, &[("e", None)]),
            append(Learner::Regime, first.epoch, vec![Append::Value(stream_value("s", 1.0))]), // never claimed
        ] {
            assert_eq!(store.commit(&[write]), Ok(vec![Written::Learner(LearnerWritten::Superseded)]));
        }
        let missed = store.log_after(Learner::Bandit, second.snapshot.position, 10).unwrap();
        assert_eq!(missed, [Logged { position: 2, entry: LoggedEntry::Decision(decision(2, "e", 3)) }]);
    });
}

#[test]
fn values_of_streams_are_dropped_once_a_snapshot_holds_them_and_positions_go_on() {
    on_each(|store| {
        let epoch = store.claim(Learner::Regime).unwrap().epoch;
        let values = |values: &[f64]| values.iter().map(|value| Append::Value(stream_value("s", *value))).collect();
        store.commit(&[append(Learner::Regime, epoch, values(&[1.0, 2.0, 3.0]))]).unwrap();
        store.commit(&[snapshot(Learner::Regime, epoch, 3, &[("s", Some(b"state"))])]).unwrap();
        assert_eq!(store.log_after(Learner::Regime, 0, 10).unwrap(), []);
        store.commit(&[append(Learner::Regime, epoch, values(&[4.0]))]).unwrap();
        let expected = [Logged { position: 4, entry: LoggedEntry::Value(stream_value("s", 4.0)) }];
        assert_eq!(store.log_after(Learner::Regime, 3, 10).unwrap(), expected);
    });
}

#[test]
fn decisions_are_forgotten_by_age_but_never_before_a_snapshot_holds_them() {
    on_each(|store| {
        let epoch = store.claim(Learner::Bandit).unwrap().epoch;
        let mut entries: Vec<Append> = (1..=4).map(|id| Append::Decision(decision(id, "e", i64::from(id)))).collect();
        entries.push(reward(1, 0.5, 5));
        outcomes(store, epoch, entries);
        let left = |store: &mut dyn StateStore| -> Vec<u64> {
            store.log_after(Learner::Bandit, 0, 10).unwrap().iter().map(|one| one.position).collect()
        };
        store.commit(&[Write::ForgetDecisionsBefore(at(4))]).unwrap();
        assert_eq!(left(store), [1, 2, 3, 4, 5]);
        store.commit(&[snapshot(Learner::Bandit, epoch, 2, &[]), Write::ForgetDecisionsBefore(at(4))]).unwrap();
        assert_eq!(left(store), [3, 4]);
        assert_eq!(outcomes(store, epoch, vec![reward(2, 0.5, 5)]), [Appended::Unknown]);
        store.commit(&[snapshot(Learner::Bandit, epoch, 5, &[]), Write::ForgetDecisionsBefore(at(99))]).unwrap();
        assert_eq!(left(store), Vec::<u64>::new());
        outcomes(store, epoch, vec![Append::Decision(decision(9, "e", 100))]);
        assert_eq!(left(store), [6]);
    });
}

fn any_append() -> impl Strategy<Value = Append> {
    let id = || 1_u8..6;
    prop_oneof![
        3 => (id(), 0_i64..9).prop_map(|(id, made_at)| Append::Event(event(["e", "f"][usize::from(id % 2)], made_at))),
        5 => (id(), prop::sample::select(&[0.0, 0.5, 1.0, 7.0][..]), 0_i64..30).prop_map(|(id, value, at)| reward(id, value, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_reopened_and_memory_keep_the_same_log(
        batches in prop::collection::vec(prop::collection::vec(any_append(), 0..6), 0..6),
        limit in 1_usize..9,
        after in 0_u64..12,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        let (mut memory, mut sqlite) = (InMemoryStore::new(), SqliteStore::open(&path).unwrap());
        let epoch = memory.claim(Learner::Bandit).unwrap().epoch;
        prop_assert_eq!(sqlite.claim(Learner::Bandit).unwrap().epoch, epoch);
        for (number, batch) in (1_u8..).zip(&batches) {
            let mut entries = batch.clone();
            entries.push(Append::Decision(decision(number, "e", i64::from(number))));
            let write = [append(Learner::Bandit, epoch, entries)];
            prop_assert_eq!(memory.commit(&write), sqlite.commit(&write));
        }
        drop(sqlite);
        let mut sqlite = SqliteStore::open(&path).unwrap();
        prop_assert_eq!(memory.log_after(Learner::Bandit, after, limit), sqlite.log_after(Learner::Bandit, after, limit));
        prop_assert_eq!(memory.claim(Learner::Bandit), sqlite.claim(Learner::Bandit));
    }
}
