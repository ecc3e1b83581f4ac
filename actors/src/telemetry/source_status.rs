//! What `/health` and the metrics say of every source: written by its actor, read by anybody without a lock.
use bellwether_domain::supervision::BreakerState;
use bellwether_domain::types::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// The place of one source on the board.
#[derive(Debug)]
pub struct SourceCell {
    name: &'static str,
    breaker: AtomicU8,
    last_seen_ns: AtomicI64,
    samples: metrics::Counter,
    breaker_gauge: metrics::Gauge,
}

/// One source as `/health` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceView {
    /// Its name.
    pub name: &'static str,
    /// Its breaker's state.
    pub breaker: BreakerState,
    /// When it last brought something.
    pub last_seen: Option<Timestamp>,
}

/// All sources of the process.
#[derive(Debug, Clone, Default)]
pub struct SourceBoard(Vec<Arc<SourceCell>>);

const NEVER: i64 = i64::MIN;

impl SourceCell {
    /// The source's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// `count` observations arrived at `at`.
    pub fn seen(&self, count: usize, at: Timestamp) {
        self.samples.increment(count as u64);
        self.last_seen_ns.store(at.nanoseconds(), Ordering::Relaxed);
    }

    /// The breaker's state now.
    pub fn breaker(&self, state: BreakerState) {
        let code = match state {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        };
        self.breaker.store(code, Ordering::Relaxed);
        self.breaker_gauge.set(state.gauge());
    }
}

impl SourceBoard {
    /// Adds a source; its metrics exist from now on.
    pub fn add(&mut self, name: &'static str) -> Arc<SourceCell> {
        let cell = Arc::new(SourceCell {
            name,
            breaker: AtomicU8::new(0),
            last_seen_ns: AtomicI64::new(NEVER),
            samples: metrics::counter!("telemetry_samples_total", "source" => name),
            breaker_gauge: metrics::gauge!("telemetry_source_breaker_state", "source" => name),
        });
        cell.samples.increment(0);
        cell.breaker_gauge.set(0.0);
        self.0.push(Arc::clone(&cell));
        cell
    }

    /// Every source.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceView> {
        let view = |cell: &Arc<SourceCell>| SourceView {
            name: cell.name,
            breaker: match cell.breaker.load(Ordering::Relaxed) {
                0 => BreakerState::Closed,
                1 => BreakerState::HalfOpen,
                _ => BreakerState::Open,
            },
            last_seen: Some(cell.last_seen_ns.load(Ordering::Relaxed))
                .filter(|at| *at != NEVER)
                .map(Timestamp::from_nanoseconds),
        };
        self.0.iter().map(view).collect()
    }
}
