//! What features cost, for a small fleet and for a large one: taking observations in, refreshing, serialising, reading
//! recent values. CPU time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "support/cpu_time.rs"]
mod cpu_time;

use bellwether_domain::features::{
    Calendar, CalendarDocument, FeatureEngine, FeatureRegistry, FeaturesDocument, ServiceFeatures,
};
use bellwether_domain::types::{FeatureName, Observation, ServiceId, Timestamp};
use cpu_time::CpuTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc; // the program's own

/// What a service reports once a second.
const NAMES: [&str; 9] = [
    "request_rate",
    "p99_latency",
    "cpu_usage",
    "error_rate",
    "service_time_mean",
    "service_time_scv",
    "active_workers",
    "queue_depth",
    "upstream_load",
];
/// Latencies that it reports besides.
const SAMPLES: u32 = 5;
/// Monday, 2026-03-09, 11:00 in New York.
const BEGIN: Timestamp = Timestamp::from_milliseconds(1_773_068_400_000);

/// Services that report once a second, and their engine.
struct Fleet {
    engine: FeatureEngine,
    /// One second's observations.
    observations: Vec<Observation>,
    second: u32,
    /// What a restart would begin with.
    recovery: Option<FeatureEngine>,
}

impl Fleet {
    /// A fleet with as many seconds behind it.
    fn new(services: usize, seconds: u32) -> Self {
        let features: FeaturesDocument = toml::from_str(include_str!("../config/baseline/features.toml")).unwrap();
        let calendar: CalendarDocument = toml::from_str(include_str!("../config/baseline/calendar.toml")).unwrap();
        let (registry, calendar) =
            (FeatureRegistry::from_document(&features).unwrap(), Calendar::from_document(&calendar).unwrap());
        let latencies = std::iter::repeat_n("latency_ms", SAMPLES as usize);
        let names: Vec<FeatureName> =
            NAMES.into_iter().chain(latencies).map(|name| FeatureName::new(name).unwrap()).collect();
        let services = (0..services).map(|service| ServiceId::new(&format!("service-{service}")).unwrap());
        let observations = services
            .flat_map(|service| {
                let of = move |name: &FeatureName| (service.clone(), name.clone());
                names.iter().map(of).collect::<Vec<_>>()
            })
            .map(|(service, name)| Observation { service, name, at: BEGIN, value: 0.0 })
            .collect();
        let mut fleet =
            Self { engine: FeatureEngine::new(registry, calendar), observations, second: 0, recovery: None };
        for _ in 0..seconds {
            let now = fleet.report();
            fleet.ingest(now);
            fleet.engine.refresh(now);
        }
        fleet
    }

    /// The next second's observations; its time.
    fn report(&mut self) -> Timestamp {
        self.second += 1;
        let now = BEGIN.plus(Duration::from_secs(self.second.into()));
        let per_service = NAMES.len() + SAMPLES as usize;
        for (place, observation) in self.observations.iter_mut().enumerate() {
            let sample = (place % per_service).saturating_sub(NAMES.len());
            observation.at = now.minus(Duration::from_millis(200 * sample as u64));
            observation.value = 1.0 + f64::from(self.second * 31 % 97) + (place % 13) as f64;
        }
        now
    }

    fn ingest(&mut self, now: Timestamp) {
        for observation in &self.observations {
            black_box(self.engine.ingest(observation, now));
        }
    }
}

/// CPU time of `count` rounds of `work`, each after `prepare`, which does not count.
fn timed<T>(fleet: &mut Fleet, count: u64, prepare: fn(&mut Fleet) -> T, work: impl Fn(&mut Fleet, T)) -> Duration {
    let round = |_| {
        let prepared = prepare(fleet);
        let begin = cpu_time::spent();
        work(fleet, prepared);
        cpu_time::spent().saturating_sub(begin)
    };
    (0..count).map(round).sum()
}

fn of_a_fleet(group: &mut BenchmarkGroup<'_, CpuTime>, services: usize, seconds: u32) {
    let mut fleet = Fleet::new(services, seconds);
    group.throughput(Throughput::Elements(fleet.observations.len() as u64));
    group.bench_function(BenchmarkId::new("ingest_a_second", services), |bencher| {
        bencher.iter_custom(|count| timed(&mut fleet, count, Fleet::report, Fleet::ingest));
    });
    // As in the running process: what is shared with the recovery snapshot is copied before it changes.
    group.bench_function(BenchmarkId::new("ingest_a_second_after_a_snapshot", services), |bencher| {
        let prepare = |fleet: &mut Fleet| {
            fleet.recovery = Some(fleet.engine.clone());
            fleet.report()
        };
        bencher.iter_custom(|count| timed(&mut fleet, count, prepare, Fleet::ingest));
    });
    fleet.recovery = None;
    group.throughput(Throughput::Elements(services as u64));
    group.bench_function(BenchmarkId::new("refresh_all", services), |bencher| {
        let prepare = |fleet: &mut Fleet| {
            let now = fleet.report();
            fleet.ingest(now);
            now
        };
        let refresh = |fleet: &mut Fleet, now| drop(black_box(fleet.engine.refresh(now)));
        bencher.iter_custom(|count| timed(&mut fleet, count, prepare, refresh));
    });

    let now = fleet.report();
    fleet.ingest(now);
    let features: Arc<ServiceFeatures> = fleet.engine.refresh(now).remove(0).1;
    let mut body = Vec::with_capacity(8_192);
    serde_json::to_writer(&mut body, &features.view(now)).unwrap();
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function(BenchmarkId::new("serialise_a_view", services), |bencher| {
        bencher.iter(|| {
            body.clear();
            serde_json::to_writer(&mut body, &black_box(&features).view(now)).unwrap();
        });
    });

    let (service, name) = (features.service().clone(), FeatureName::new("latency_ms").unwrap());
    let values = features.recent("latency_ms").unwrap().len();
    group.throughput(Throughput::Elements(values as u64));
    group.bench_function(BenchmarkId::new("recent_values_first_read", services), |bencher| {
        bencher.iter(|| fleet.engine.recent(black_box(&service), &name).unwrap().values());
    });
    group.bench_function(BenchmarkId::new("recent_values_next_read", services), |bencher| {
        bencher.iter(|| black_box(&features).recent("latency_ms").unwrap().values());
    });
}

fn features(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("features");
    // `cargo bench -- --test` only shows that everything runs.
    let testing = std::env::args().any(|argument| argument == "--test");
    let (seconds, large) = if testing { (20, 60) } else { (1_000, 10_000) };
    of_a_fleet(&mut group, 6, seconds); // 1,000 seconds are 5,000 latencies: as many as are kept
    of_a_fleet(&mut group, large, 10);
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime).sample_size(10).measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(300)).without_plots();
    targets = features
}
criterion_main!(benches);
