//! Whoever was killed and comes back equals the one that never died, bit for bit.
use super::super::changed::MOST_OBSERVED;
use super::*;
use bellwether_models::anomaly::bocpd::Options;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Serialised, by the name of its part.
type States = BTreeMap<String, Vec<u8>>;

fn streams(most: usize) -> Streams {
    Streams::new(Detector::new(Options::default()).unwrap(), most)
}

fn service(number: u8) -> ServiceId {
    ServiceId::new(&format!("service-{number}")).unwrap()
}

fn quantity(number: u8) -> FeatureName {
    FeatureName::new(&format!("quantity-{number}")).unwrap()
}

fn appended(position: u64, (which, value): (u8, f64)) -> StreamValue {
    let at = Timestamp::from_milliseconds(1_000 * position.cast_signed());
    StreamValue { service: service(which / 2), quantity: quantity(which % 2), at, value }
}

fn observed(at: i64, (which, value): (u8, f64)) -> Observation {
    let at = Timestamp::from_milliseconds(at);
    Observation { service: service(which / 2), name: quantity(which % 2), at, value }
}

fn states(streams: &Streams) -> States {
    let of_service = |(service, all): (&ServiceId, &Arc<ServiceStreams>)| -> Vec<(String, Vec<u8>)> {
        let state = |(quantity, stream): (&FeatureName, &Arc<Stream>)| {
            (StreamKey::new(service, quantity).part(), postcard::to_stdvec(&**stream).unwrap())
        };
        all.iter().map(state).collect()
    };
    streams.services.iter().flat_map(of_service).collect()
}

/// What a disk holds: the parts of the last snapshot, and its position.
#[derive(Debug, Clone, Default)]
struct Disk {
    parts: States,
    position: u64,
}

impl Disk {
    fn keep(&mut self, position: u64, parts: Vec<SnapshotPart>) {
        self.position = position;
        for SnapshotPart { name, state } in parts {
            match state {
                Some(state) => self.parts.insert(name, state),
                None => self.parts.remove(&name),
            };
        }
    }

    fn parts(&self) -> Vec<SnapshotPart> {
        let part = |(name, state): (&String, &Vec<u8>)| SnapshotPart { name: name.clone(), state: Some(state.clone()) };
        self.parts.iter().map(part).collect()
    }
}

/// Values of two levels, so that there are changes, with huge ones among them.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![20 => -1.0..1.0, 20 => 99.0..101.0, 1 => Just(1e300), 1 => Just(-1e300), 1 => Just(0.0)]
}

/// Rarely the streams 2 to 7, so that these are few and streams 0 and 1 are long.
fn which() -> impl Strategy<Value = u8> {
    prop_oneof![12 => 0_u8..2, 1 => 2_u8..8]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A snapshot and the log behind it make the state, evictions included.
    #[test]
    fn killed_at_any_point_it_is_what_it_was(
        entries in vec((which(), value()), 1..160),
        snapshots in vec(0_u64..160, 0..4),
        killed in 0_u64..160,
    ) {
        let (mut alive, mut killed_one, mut disk) = (streams(4), streams(4), Disk::default());
        for (position, entry) in (1..).zip(&entries) {
            let entry = appended(position, *entry);
            alive.append(position, &entry);
            killed_one.append(position, &entry);
            if snapshots.contains(&position) {
                disk.keep(position, killed_one.changed_parts(false));
            }
            if killed == position {
                killed_one = streams(4);
                killed_one.restore(read(disk.parts()));
                let log = (1..).zip(&entries).filter(|(at, _)| (disk.position + 1..=position).contains(at));
                log.for_each(|(at, entry)| killed_one.append(at, &appended(at, *entry)));
            }
            prop_assert_eq!(states(&alive), states(&killed_one), "after entry {}", position);
        }
        prop_assert!(alive.len() <= 4);
    }

    /// A successor in the same process takes over what was published; what it keeps makes the state again.
    #[test]
    fn taken_over_it_is_what_it_was_and_so_is_what_it_keeps(
        steps in vec((any::<bool>(), which(), value()), 1..160),
        snapshot in 0_usize..160,
        died in 0_usize..160,
    ) {
        let (mut alive, mut heir, mut disk, mut log) = (streams(4), streams(4), Disk::default(), Vec::new());
        for (step, (is_observed, which, value)) in steps.into_iter().enumerate() {
            if is_observed {
                let observation = observed(500 * step as i64, (which, value));
                let now = Timestamp::from_milliseconds(700 * step as i64);
                alive.observe(&observation, now);
                heir.observe(&observation, now);
            } else {
                let position = log.len() as u64 + 1;
                log.push(appended(position, (which, value)));
                alive.append(position, &log[log.len() - 1]);
                heir.append(position, &log[log.len() - 1]);
            }
            if step == snapshot {
                disk.keep(log.len() as u64, heir.changed_parts(false));
            }
            if step == died {
                let published = heir.services.clone();
                heir = streams(4);
                heir.take_over(log.len() as u64, published, names(&disk.parts()));
                for (position, entry) in (1..).zip(&log).filter(|(position, _)| *position > disk.position) {
                    heir.append(position, entry);
                }
            }
            prop_assert_eq!(states(&alive), states(&heir), "after step {}", step);
        }
        disk.keep(log.len() as u64, heir.changed_parts(true));
        prop_assert_eq!(disk.parts, states(&alive), "a snapshot then holds everything and nothing else");
    }
}

#[test]
fn the_stream_that_was_not_changed_for_longest_makes_room() {
    let mut streams = streams(2);
    for (position, which) in [(1, 0), (2, 1), (3, 0), (4, 2)] {
        streams.append(position, &appended(position, (which, 1.0)));
    }
    let present = |streams: &Streams| states(streams).into_keys().collect::<Vec<_>>();
    let name = |which: u8| StreamKey::new(&service(which / 2), &quantity(which % 2)).part();
    assert_eq!(present(&streams), [name(0), name(2)]);
    assert_eq!(streams.counts(), Counts { evicted: 1, changes: 0 });
    let gone: Vec<_> = streams.changed_parts(false).into_iter().filter(|part| part.state.is_none()).collect();
    assert_eq!(gone, [SnapshotPart { name: name(1), state: None }]);
    // Telemetry counts by when it came, not by the time of its values.
    streams.observe(&observed(100, (5, 1.0)), Timestamp::from_milliseconds(5_000));
    assert_eq!(present(&streams), [name(2), name(5)]);
    streams.observe(&observed(50, (6, 1.0)), Timestamp::from_milliseconds(6_000));
    assert_eq!(present(&streams), [name(5), name(6)]);
}

#[test]
fn late_and_repeated_observations_are_passed_over() {
    let mut streams = streams(10);
    for (at, value) in [(5, 1.0), (7, 2.0), (7, 9.0), (6, 9.0), (5, 1.0), (8, 3.0)] {
        streams.observe(&observed(at, (0, value)), Timestamp::from_milliseconds(at));
    }
    let stream = streams.get(&service(0), &quantity(0)).unwrap();
    assert_eq!((stream.values(), stream.observed(), stream.value()), (3, 3, 3.0));
    assert_eq!(stream.last_at(), Timestamp::from_milliseconds(8));
    // A value that a request appended is no observation: the next one is still news.
    streams.append(1, &appended(1, (0, 4.0)));
    streams.observe(&observed(9, (0, 5.0)), Timestamp::from_milliseconds(9));
    let stream = streams.get(&service(0), &quantity(0)).unwrap();
    assert_eq!((stream.observed(), stream.appended(), stream.position(), stream.value()), (4, 1, 1, 5.0));
}

#[test]
fn a_part_that_cannot_be_read_is_left_out_and_the_others_are_not() {
    let mut first = streams(10);
    (0..3).for_each(|which| first.append(u64::from(which) + 1, &appended(1, (which, 1.0))));
    let mut parts = first.changed_parts(false);
    parts[1].state = Some(vec![0xff; 40]);
    parts.push(SnapshotPart { name: "no stream".to_owned(), state: None });
    let mut second = streams(10);
    second.restore(read(parts));
    let mut expected = states(&first);
    expected.remove(&StreamKey::new(&service(0), &quantity(1)).part());
    assert_eq!(states(&second), expected);
}

#[test]
fn telemetry_alone_never_makes_a_snapshot_large() {
    let mut streams = streams(10_000);
    let names: Vec<FeatureName> =
        (0..MOST_OBSERVED + 7).map(|number| FeatureName::new(&format!("q{number}")).unwrap()).collect();
    for name in names {
        let at = Timestamp::from_milliseconds(1);
        streams.observe(&Observation { service: service(0), name, at, value: 1.0 }, at);
    }
    assert_eq!([true, true, true].map(|is_last| streams.changed_parts(is_last).len()), [MOST_OBSERVED, 7, 0]);
}
