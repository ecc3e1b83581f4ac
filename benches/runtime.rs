//! What the runtime costs: a hop to an actor beside bare actix in the same run, a snapshot, a fault point, a judgement.
//! CPU time of all threads involved.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "support/cpu_time.rs"]
mod cpu_time;

use actix::{Actor, Addr, Context, Handler, Message};
use actix_rt::{Arbiter, System};
use bellwether_actors::models::{ExtremesQuestion, Series, ThresholdChoice, report};
use bellwether_actors::runtime::{
    ChildSpec, Fatal, FaultKind, FaultPlan, Handle, Heartbeat, LeakedThreads, Placement, RunningRoot, Slot, Snapshot,
    StatusBoard, SupervisionOptions, SupervisorSpec, ThreadSlot, run_root,
};
use bellwether_domain::safety::{EmergencyState, Request, SafetyPolicy, judge};
use bellwether_domain::supervision::{Backoff, RestartIntensity, Strategy};
use bellwether_domain::types::{Capability, Fields, ServiceId, Timestamp};
use bellwether_models::tail::peaks_over_threshold::{Level, Threshold};
use cpu_time::CpuTime;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng};
use std::hint::black_box;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc; // the program's own

#[derive(Debug, Message)]
#[rtype(result = "u64")]
struct Increment {
    slot: Slot,
    value: u64,
}

#[derive(Debug, Message)]
#[rtype(result = "u64")]
struct BareIncrement(u64);

struct Incrementer;

bellwether_actors::answers_heartbeat!(Incrementer);

impl Actor for Incrementer {
    type Context = Context<Self>;
}

impl Handler<Increment> for Incrementer {
    type Result = u64;
    fn handle(&mut self, Increment { slot, value }: Increment, _: &mut Self::Context) -> u64 {
        drop(slot);
        value + 1
    }
}

impl Handler<BareIncrement> for Incrementer {
    type Result = u64;
    fn handle(&mut self, BareIncrement(value): BareIncrement, _: &mut Self::Context) -> u64 {
        value + 1
    }
}

/// Two actors of the same kind, one supervised and one bare, on this thread or each on one of its own.
struct Pair {
    handle: Handle<Incrementer>,
    bare: Addr<Incrementer>,
    _root: RunningRoot,
}

async fn pair(own_thread: bool) -> Pair {
    let (fatal, _) = Fatal::channel();
    let rare = Duration::from_secs(24 * 3_600); // no heartbeat while the clock runs
    let options = SupervisionOptions {
        intensity: RestartIntensity { max_restarts: 1, within: Duration::from_secs(10) },
        backoff: Backoff::new(Duration::from_millis(1), Duration::from_millis(1), 2.0, 0.0).unwrap(),
        heartbeat: rare,
        max_leaked_threads: 1,
        fatal,
        faults: FaultPlan::default(),
        board: StatusBoard::default(),
    };
    let (placement, bare) = if own_thread {
        let bare = Incrementer::start_in_arbiter(&Arbiter::new().handle(), |_| Incrementer);
        (Placement::Thread(ThreadSlot::start("supervised", LeakedThreads::default())), bare)
    } else {
        (Placement::Here, Incrementer.start())
    };
    let handle = Handle::new("incrementer".into(), 1024);
    let spec = ChildSpec::new(&options.board, &handle, None, placement, Heartbeat::within(rare), |_| Ok(Incrementer));
    let (name, strategy) = ("root".into(), Strategy::OneForOne);
    let root = run_root(SupervisorSpec { name, strategy, children: vec![spec], options: options.clone() });
    while !options.board.all_running() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Pair { handle, bare, _root: root }
}

/// CPU time of `count` calls, of which `callers` are in flight at a time.
async fn calls<F: Future>(count: u64, callers: u64, call: impl Fn(u64) -> F) -> Duration {
    let each = count.div_ceil(callers);
    let begin = cpu_time::spent();
    join_all((0..callers).map(|_| async {
        for value in 0..each {
            black_box(call(value).await);
        }
    }))
    .await;
    let spent = cpu_time::spent() - begin;
    spent.mul_f64(count as f64 / (each * callers) as f64)
}

#[expect(clippy::disallowed_methods, reason = "the bare way is what ours is compared with")]
fn hop(criterion: &mut Criterion<CpuTime>) {
    let system = System::new();
    let mut group = criterion.benchmark_group("hop");
    for (place, own_thread) in [("same_thread", false), ("other_thread", true)] {
        let Pair { handle, bare, _root } = system.block_on(pair(own_thread));
        for callers in [1, 64] {
            let id = |what: &str| BenchmarkId::new(format!("{place}/{what}"), callers);
            group.bench_function(id("bare_send"), |bencher| {
                let send = |value| bare.send(BareIncrement(value));
                bencher.iter_custom(|count| system.block_on(calls(count, callers, send)));
            });
            group.bench_function(id("bare_send_with_deadline"), |bencher| {
                let send = |value| {
                    let deadline = Instant::now() + Duration::from_secs(1);
                    timeout_at(deadline, bare.send(BareIncrement(value)))
                };
                bencher.iter_custom(|count| system.block_on(calls(count, callers, send)));
            });
            group.bench_function(id("handle_ask"), |bencher| {
                let ask = |value| {
                    let deadline = Instant::now() + Duration::from_secs(1);
                    handle.ask(deadline, move |slot| Increment { slot, value })
                };
                bencher.iter_custom(|count| system.block_on(calls(count, callers, ask)));
            });
        }
    }
    group.finish();
}

fn reads(criterion: &mut Criterion<CpuTime>) {
    let snapshot = Snapshot::new(7_u64);
    criterion.bench_function("snapshot_load", |bencher| bencher.iter(|| **black_box(&snapshot).load()));
    let point = FaultPlan::default().point(&"somebody".into(), &[FaultKind::Panic]);
    criterion.bench_function("fault_point_without_fault", |bencher| bencher.iter(|| black_box(&point).strike()));
}

/// Values with a heavy tail, the same at every run.
fn values(count: usize) -> Vec<f64> {
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    (0..count).map(|_| 20.0 * (-0.2 * (1.0 - random.random::<f64>()).ln()).exp()).collect()
}

fn judgement(criterion: &mut Criterion<CpuTime>) {
    let threshold = Threshold::Quantile(Level::new(0.9).unwrap());
    let question = ExtremesQuestion {
        threshold: ThresholdChoice::Given(threshold),
        judge_newest: true,
        ..ExtremesQuestion::default()
    };
    for count in [500, 5_000] {
        let values = values(count);
        criterion.bench_function(&format!("extreme_events/report_of_{count}_values"), |bencher| {
            bencher.iter(|| report(Series::complete(black_box(&values)), &question).unwrap());
        });
    }

    let policy: toml::Value = toml::from_str(include_str!("../config/baseline/safety.toml")).unwrap();
    let policy = SafetyPolicy::from_document(&policy.try_into().unwrap()).unwrap();
    let (output, service, emergency) =
        (report(Series::complete(&values(500)), &question).unwrap(), ServiceId::default(), EmergencyState::new());
    criterion.bench_function("extreme_events/judge", |bencher| {
        let judged = |output: Fields| {
            let request = Request {
                model: Capability::ExtremeEvents,
                service: &service,
                outcome: Ok(output),
                preliminary: None,
                stale_inputs: &[],
                last_answer: None,
                last_good: None,
                overrides: &[],
                particulars: None,
                emergency: &emergency,
                now: Timestamp::from_milliseconds(0),
            };
            judge(&policy, request)
        };
        bencher.iter_batched(|| output.clone(), judged, BatchSize::SmallInput);
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime).sample_size(30).measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500)).without_plots();
    targets = hop, reads, judgement
}
criterion_main!(benches);
