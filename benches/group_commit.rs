//! What group commit makes of a slow disk: decisions per second and their latency against the time of one flush.
//!
//! The bandit on a store whose flush takes a stated time, asked by some callers at a time. With a flush for each decision the
//! rate could never exceed 1 / flush; here everything that waits shares one. `-- --quick` (or `--test`) takes a moment.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

use actix_rt::System;
use bellwether_actors::learning::CaughtUp;
use bellwether_actors::models::bandit::{BanditActor, BanditOptions, BanditReader, Decide, Terms};
use bellwether_actors::runtime::{
    Child, ChildSpec, Fatal, FaultPlan, Handle, Heartbeat, LeakedThreads, Placement, RunningRoot, Snapshot,
    StatusBoard, SupervisionOptions, SupervisorSpec, ThreadSlot, run_root,
};
use bellwether_actors::store::{StateStoreActor, StoreView};
use bellwether_adapters::in_memory::InMemoryStore;
use bellwether_domain::ports::{
    Claimed, Learner, Logged, ObservationPage, ObservationQuery, StateStore, StoreError, StoredState, Write, Written,
};
use bellwether_domain::supervision::{Backoff, RestartIntensity, Strategy};
use bellwether_domain::types::{ArmName, ExperimentName, FeatureName, Observation, Timestamp};
use bellwether_models::optimize::bandit::CanaryPercent;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc; // the program's own

/// A store in memory whose commit takes as long as a disk's flush.
struct SlowStore {
    inner: InMemoryStore,
    flush: Duration,
    flushes: Arc<AtomicU64>,
}

impl StateStore for SlowStore {
    fn load(&mut self) -> Result<StoredState, StoreError> {
        self.inner.load()
    }
    fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        std::thread::sleep(self.flush);
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.inner.commit(writes)
    }
    fn observations(&mut self, query: &ObservationQuery) -> Result<ObservationPage, StoreError> {
        self.inner.observations(query)
    }
    fn observations_since(&mut self, since: Timestamp, limit: usize) -> Result<Vec<Observation>, StoreError> {
        self.inner.observations_since(since, limit)
    }
    fn claim(&mut self, learner: Learner) -> Result<Claimed, StoreError> {
        self.inner.claim(learner)
    }
    fn log_after(&mut self, learner: Learner, after: u64, limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.inner.log_after(learner, after, limit)
    }
}

struct Running {
    bandit: Handle<BanditActor>,
    flushes: Arc<AtomicU64>,
    _root: RunningRoot,
}

async fn bandit(flush: Duration) -> Running {
    let (fatal, _) = Fatal::channel();
    let rare = Duration::from_secs(24 * 3_600); // no heartbeat while the clock runs
    let (board, faults) = (StatusBoard::default(), FaultPlan::default());
    let options = SupervisionOptions {
        intensity: RestartIntensity { max_restarts: 1, within: Duration::from_secs(10) },
        backoff: Backoff::new(Duration::from_millis(1), Duration::from_millis(1), 2.0, 0.0).unwrap(),
        heartbeat: rare,
        max_leaked_threads: 1,
        fatal,
        faults: faults.clone(),
        board: board.clone(),
    };
    let flushes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&flushes);
    let open = Arc::new(move || {
        let store = SlowStore { inner: InMemoryStore::new(), flush, flushes: Arc::clone(&counted) };
        Ok(Box::new(store) as Box<dyn StateStore>)
    });
    let thread = |name| Placement::Thread(ThreadSlot::start(name, LeakedThreads::default()));
    let store: Handle<StateStoreActor> = Handle::new("store".into(), 1024);
    let view = Snapshot::new(StoreView::opened("slow"));
    let factory = StateStoreActor::factory(open, view, faults.point(&"store".into(), &[]));
    let store_child = ChildSpec::new(&board, &store, None, thread("store"), Heartbeat::within(rare), factory);
    let (bandit, caught_up) = (Handle::new("bandit".into(), 1024), CaughtUp::new(false));
    let parts = BanditOptions {
        store,
        reader: BanditReader::default(),
        caught_up: caught_up.clone(),
        faults: faults.point(&"bandit".into(), &[]),
    };
    let factory = BanditActor::factory(parts);
    let bandit_child = ChildSpec::new(&board, &bandit, None, thread("bandit"), Heartbeat::within(rare), factory);
    let children: Vec<Arc<dyn Child>> = vec![store_child, bandit_child];
    let root = run_root(SupervisorSpec { name: "root".into(), strategy: Strategy::OneForOne, children, options });
    while !**caught_up.load() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Running { bandit, flushes, _root: root }
}

/// Asks `callers` at a time for `length`; the latencies of all answers.
async fn ask(bandit: &Handle<BanditActor>, callers: usize, length: Duration) -> Vec<Duration> {
    let arms = ["a", "b", "c", "d"].map(|arm| ArmName::new(arm).unwrap()).to_vec();
    let context = ["depth", "hour", "load", "spread"].map(|name| (FeatureName::new(name).unwrap(), 0.5));
    let terms = Arc::new(Terms { arms, context: context.into_iter().collect(), ..Terms::default() });
    let experiment = ExperimentName::new("bench").unwrap();
    let end = Instant::now() + length;
    let caller = || async {
        let mut latencies = Vec::new();
        while Instant::now() < end {
            let begin = Instant::now();
            let decide = |slot| Decide {
                slot,
                experiment: experiment.clone(),
                terms: Arc::clone(&terms),
                canary: CanaryPercent::default(),
                shadow: false,
                bucket_key: None,
                by: String::new(),
            };
            let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
            bandit.ask(deadline, decide).await.unwrap().unwrap();
            latencies.push(begin.elapsed());
        }
        latencies
    };
    join_all((0..callers).map(|_| caller())).await.concat()
}

fn main() {
    let quick = !std::env::args().any(|argument| argument == "--bench")
        || std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let length = Duration::from_millis(if quick { 50 } else { 2_000 });
    println!("| flush | callers | decisions/s | decisions a flush | p50 | p99 | one flush each would allow |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for flush_us in [100, 1_000, 5_000, 20_000] {
        for callers in [1, 64, 512] {
            let flush = Duration::from_micros(flush_us);
            let system = System::new();
            let (mut latencies, flushes) = system.block_on(async {
                let running = bandit(flush).await;
                let before = running.flushes.load(Ordering::Relaxed);
                let latencies = ask(&running.bandit, callers, length).await;
                (latencies, running.flushes.load(Ordering::Relaxed) - before)
            });
            latencies.sort_unstable();
            let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
            println!(
                "| {:.1} ms | {callers} | {:.0} | {:.1} | {:.2} ms | {:.2} ms | {:.0}/s |",
                flush.as_secs_f64() * 1e3,
                latencies.len() as f64 / length.as_secs_f64(),
                latencies.len() as f64 / flushes.max(1) as f64,
                at(0.5),
                at(0.99),
                1.0 / flush.as_secs_f64(),
            );
        }
    }
}
