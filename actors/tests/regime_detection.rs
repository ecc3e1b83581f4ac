//! The owner of the watched streams, killed and brought back: what it knew it knows again.
#![expect(clippy::unwrap_used, reason = "a test may")]
use bellwether_actors::learning::CaughtUp;
use bellwether_actors::models::regime_detection::*;
use bellwether_actors::runtime::*;
use bellwether_actors::store::{Commit, StateStoreActor, StoreView};
use bellwether_adapters::sqlite::SqliteStore;
use bellwether_domain::ports::{StateStore, StoreError, Write};
use bellwether_domain::safety::Failure;
use bellwether_domain::supervision::{Backoff, RestartIntensity, Strategy};
use bellwether_domain::types::{FeatureName, Fields, Observation, ServiceId, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

const FAULTS: &[FaultKind] = &[FaultKind::Panic, FaultKind::Hang, FaultKind::Error, FaultKind::Nan];

/// A store and the owner of streams, each on a thread of its own.
struct Process {
    _root: RunningRoot,
    store: Handle<StateStoreActor>,
    owner: Handle<RegimeDetectionActor>,
    reader: RegimeReader,
    faults: FaultPlan,
    board: StatusBoard,
}

impl Process {
    async fn start(file: &Path) -> Self {
        let (fatal, _) = Fatal::channel();
        let options = SupervisionOptions {
            intensity: RestartIntensity { max_restarts: 20, within: Duration::from_secs(10) },
            backoff: Backoff::new(Duration::from_millis(2), Duration::from_millis(20), 2.0, 0.0).unwrap(),
            heartbeat: Duration::from_secs(5),
            max_leaked_threads: 4,
            fatal,
            faults: FaultPlan::default(),
            board: StatusBoard::default(),
        };
        let (faults, board, leaked) = (options.faults.clone(), options.board.clone(), LeakedThreads::default());
        let beat = Heartbeat::within(options.heartbeat);
        let thread = |name| Placement::Thread(ThreadSlot::start(name, leaked.clone()));
        let store = Handle::new("store".into(), 1024);
        let path: PathBuf = file.to_owned();
        let open =
            Arc::new(move || -> Result<Box<dyn StateStore>, StoreError> { Ok(Box::new(SqliteStore::open(&path)?)) });
        let view = Snapshot::new(StoreView::opened("sqlite"));
        let factory = StateStoreActor::factory(open, view, faults.point(&"store".into(), FAULTS));
        let store_child = ChildSpec::new(&board, &store, None, thread("store"), beat, factory);
        let (owner, reader) = (Handle::new("regime_detection".into(), 1024), RegimeReader::default());
        let caught_up = CaughtUp::new(false);
        let factory = RegimeDetectionActor::factory(RegimeDetectionOptions {
            store: store.clone(),
            reader: reader.clone(),
            caught_up: caught_up.clone(),
            most_streams: 100,
            faults: faults.point(&"regime_detection".into(), FAULTS),
        });
        let owner_child = ChildSpec::new(&board, &owner, None, thread("regime"), beat, factory);
        let (children, strategy) = (vec![store_child as Arc<dyn Child>, owner_child], Strategy::OneForOne);
        let root = run_root(SupervisorSpec { name: "root".into(), strategy, children, options });
        until("it has caught up", || (**caught_up.load()).then_some(())).await;
        Self { _root: root, store, owner, reader, faults, board }
    }

    async fn append(&self, quantity: &FeatureName, values: &[f64], at: Timestamp) -> Result<Fields, Failure> {
        let values = values.to_vec();
        let append = |slot| AppendValues { slot, service: checkout(), quantity: quantity.clone(), values, at };
        let deadline = Instant::now() + Duration::from_secs(10);
        self.owner
            .ask(deadline, append)
            .await
            .unwrap_or_else(|unavailable| Err(Failure::Error(unavailable.to_string())))
    }

    /// Kills the owner and waits until its successor answers.
    async fn kill_owner(&self) {
        let restarts = self.restarts();
        self.faults.inject("regime_detection", FaultKind::Panic, Duration::ZERO, 1).unwrap();
        assert!(self.append(&name("killer"), &[0.0], at(0)).await.is_err());
        until("it is restarted", || (self.restarts() > restarts).then_some(())).await;
        let deadline = || Instant::now() + Duration::from_secs(1);
        while self.owner.ask(deadline(), |slot| Observe { slot, observations: Vec::new() }).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn restarts(&self) -> u64 {
        self.board.actors().iter().find(|actor| &*actor.name == "regime_detection").unwrap().restarts
    }

    async fn save(&self) {
        self.owner.ask(Instant::now() + Duration::from_secs(10), |slot| SaveStreams { slot }).await.unwrap();
    }

    /// All there is to a stream, serialised.
    fn state(&self, quantity: &FeatureName) -> Option<Vec<u8>> {
        Some(postcard::to_stdvec(&*self.reader.stream(&checkout(), quantity)?).unwrap())
    }

    /// All that is said of a stream.
    fn report(&self, quantity: &FeatureName) -> Option<Fields> {
        Some(report_stream(quantity, &*self.reader.stream(&checkout(), quantity)?))
    }

    fn values(&self, quantity: &FeatureName) -> u64 {
        self.reader.stream(&checkout(), quantity).map_or(0, |stream| stream.values())
    }
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    (folder, file)
}

fn checkout() -> ServiceId {
    ServiceId::new("checkout").unwrap()
}

fn name(text: &str) -> FeatureName {
    FeatureName::new(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_000 * second)
}

/// Noise about 0, then about 8.
fn value(row: i64) -> f64 {
    (row * 7919 % 101) as f64 / 101.0 + if row < 60 { 0.0 } else { 8.0 }
}

fn observation(quantity: &FeatureName, ago: i64, value: f64) -> Observation {
    let at = Timestamp::from_nanoseconds(now().nanoseconds() - ago * 1_000_000_000);
    Observation { service: checkout(), name: quantity.clone(), at, value }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Death {
    None,
    OfTheOwner,
    OfTheProcess,
}

/// Appends a hundred values in batches of five to two streams, with deaths and snapshots between them.
async fn lived_through(deaths: &[(i64, Death)], snapshots: &[i64]) -> [Vec<u8>; 2] {
    let (_folder, file) = folder();
    let (latency, errors) = (name("latency"), name("errors"));
    let mut process = Process::start(&file).await;
    for batch in 0..20 {
        for (quantity, factor) in [(&latency, 1.0), (&errors, -2.0)] {
            let values: Vec<f64> = (5 * batch..5 * batch + 5).map(|row| factor * value(row)).collect();
            process.append(quantity, &values, at(batch)).await.unwrap();
        }
        if snapshots.contains(&batch) {
            process.save().await;
        }
        match deaths.iter().find(|(when, _)| *when == batch).map_or(Death::None, |(_, death)| *death) {
            Death::None => {}
            Death::OfTheOwner => process.kill_owner().await,
            Death::OfTheProcess => {
                drop(process);
                process = Process::start(&file).await;
            }
        }
    }
    assert_eq!((process.values(&latency), process.values(&errors)), (100, 100), "each value counts once");
    [&latency, &errors].map(|quantity| process.state(quantity).unwrap())
}

#[actix_rt::test]
async fn an_owner_that_was_killed_equals_the_one_that_never_died() {
    let never_died = lived_through(&[], &[]).await;
    for (deaths, snapshots) in [
        (&[(7, Death::OfTheOwner)][..], &[][..]),
        (&[(7, Death::OfTheOwner), (8, Death::OfTheOwner), (15, Death::OfTheOwner)], &[3, 8]),
        (&[(7, Death::OfTheProcess)], &[]),
        (&[(7, Death::OfTheProcess), (15, Death::OfTheProcess)], &[3, 9, 15]),
        (&[(5, Death::OfTheOwner), (9, Death::OfTheProcess), (14, Death::OfTheOwner)], &[4, 12]),
        (&[(5, Death::OfTheOwner), (6, Death::OfTheProcess)], &[2, 5]),
    ] {
        let state = lived_through(deaths, snapshots).await;
        assert!(state == never_died, "{deaths:?} with snapshots after {snapshots:?}");
    }
}

#[actix_rt::test]
async fn telemetry_that_was_published_outlives_the_owner() {
    let (_folder, file) = folder();
    let process = Process::start(&file).await;
    let load = name("load");
    let observations: Vec<_> = (0..200).map(|row| observation(&load, 200 - row, value(row))).collect();
    process.owner.tell(|slot| Observe { slot, observations: observations.clone() }).unwrap();
    until("all are taken in", || (process.values(&load) == 200).then_some(())).await;
    let before = process.state(&load);
    let changes = process.reader.stream(&checkout(), &load).unwrap().changes().clone();
    assert!(!changes.is_empty(), "there is something to lose");
    process.kill_owner().await;
    assert_eq!(process.state(&load), before);
    // What comes again is passed over, what comes anew is not.
    let again = [observations, vec![observation(&load, 0, 9.0)]].concat();
    process.owner.tell(|slot| Observe { slot, observations: again }).unwrap();
    until("the new one is taken in", || (process.values(&load) == 201).then_some(())).await;
    assert_eq!(process.reader.stream(&checkout(), &load).unwrap().changes(), &changes);
}

#[actix_rt::test]
async fn pushed_observations_that_nobody_took_in_come_from_the_store_and_in_order() {
    let (_folder, file) = folder();
    let (load, other) = (name("load"), name("other"));
    let observations: Vec<_> = (0..100).map(|row| observation(&load, 200 - row, value(row))).collect();
    let report = {
        let process = Process::start(&file).await;
        process.append(&other, &[1.0], at(1)).await.unwrap();
        process.owner.tell(|slot| Observe { slot, observations: observations.clone() }).unwrap();
        until("all are taken in", || (process.values(&load) == 100).then_some(())).await;
        process.report(&load)
    };
    {
        let process = Process::start(&file).await;
        assert_eq!((process.values(&load), process.values(&other)), (0, 1), "nobody pushed them");
        let write = Write::Observations(observations.clone());
        let deadline = Instant::now() + Duration::from_secs(10);
        process.store.ask(deadline, |slot| Commit { slot, write }).await.unwrap().unwrap();
    }
    let process = Process::start(&file).await;
    // Live ones do not overtake those of the store.
    process.owner.tell(|slot| Observe { slot, observations: vec![observation(&load, 0, 1.0)] }).unwrap();
    until("all are taken in", || (process.values(&load) == 101).then_some(())).await;
    drop(process);
    let process = Process::start(&file).await;
    until("all are taken in", || (process.values(&load) == 100).then_some(())).await;
    assert_eq!(process.report(&load), report, "it is as if they had been taken in at once");
}

#[actix_rt::test]
async fn a_write_that_fails_is_told_and_counts_never_or_once() {
    let (_folder, file) = folder();
    let process = Process::start(&file).await;
    let quantity = name("latency");
    process.append(&quantity, &[1.0, 2.0], at(1)).await.unwrap();
    process.faults.inject("store", FaultKind::Error, Duration::ZERO, 1).unwrap();
    let failed = process.append(&quantity, &[3.0], at(2)).await;
    assert!(matches!(failed, Err(Failure::Error(_))), "{failed:?}");
    until("it writes again", || (process.faults.list().iter().all(|fault| fault.left == 0)).then_some(())).await;
    let report = loop {
        if let Ok(report) = process.append(&quantity, &[4.0], at(3)).await {
            break report;
        }
    };
    assert_eq!(report.at("values").and_then(|values| values.as_number()), Some(3.0), "the refused one never came");
    assert_eq!(process.values(&quantity), 3);
}

#[actix_rt::test]
async fn injected_faults_spoil_one_answer_and_telemetry_is_spared() {
    let (_folder, file) = folder();
    let process = Process::start(&file).await;
    let (quantity, load) = (name("latency"), name("load"));
    for (kind, values_after) in [(FaultKind::Error, 0), (FaultKind::Nan, 1)] {
        process.faults.inject("regime_detection", kind, Duration::ZERO, 1).unwrap();
        process.owner.tell(|slot| Observe { slot, observations: vec![observation(&load, 1, 1.0)] }).unwrap();
        match process.append(&quantity, &[1.0], at(1)).await {
            Ok(report) => {
                assert_eq!(kind, FaultKind::Nan);
                assert!(report.at("change_probability").and_then(|value| value.as_number()).unwrap().is_nan());
            }
            Err(failure) => assert_eq!((kind, failure), (FaultKind::Error, Failure::Error("an injected fault".into()))),
        }
        assert_eq!(process.values(&quantity), values_after, "after {kind:?}");
    }
    assert_eq!(process.restarts(), 0);
}
