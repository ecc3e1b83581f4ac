//! How much the edge takes on: requests in flight beyond a limit are refused at once, before their body is read.
//!
//! The limit is a bound on memory and waiting, not a rate: a request that costs `c` seconds waits at most
//! `limit * c / workers`. 64 a worker keeps a queue of 1 ms requests below a tenth of a second, and is far
//! more than a healthy worker holds (at 50,000 requests/s of 100 us: 5). What must always get through (the brake,
//! rewards, health, metrics) does not count and is not refused. Model queues have their own, tighter bounds inside,
//! which answer with the fallback; this one is the last line before memory grows.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Requests in flight per worker, unless settings say otherwise.
pub const DEFAULT_IN_FLIGHT_PER_WORKER: usize = 64;
/// What a refused caller is told to wait, in seconds: the shortest that HTTP can say.
pub const RETRY_AFTER_S: u32 = 1;

/// How long the answer to a refused caller is held back. Callers that repeat at once would otherwise be refused at the
/// full speed of the workers and leave nothing of them for those who were let in.
pub const HELD_BACK: Duration = Duration::from_millis(50);
/// Answers held back at most; beyond it they leave at once, so that memory stays bounded.
const MOST_HELD_BACK: usize = 8_192;

/// Whether a route counts against the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Counts, and is refused with 429 when the process is full.
    Limited,
    /// Never refused: the brake, rewards, health, metrics.
    Always,
}

/// An answer that is held back; counted until it leaves or its caller goes away.
struct Held<'a>(&'a AtomicUsize, usize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Count of requests in flight, shared by all workers.
#[derive(Debug)]
pub struct InFlight {
    now: AtomicUsize,
    held_back: AtomicUsize,
    limit: usize,
}

impl InFlight {
    /// Nothing in flight; at least one request is let in.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { now: AtomicUsize::new(0), held_back: AtomicUsize::new(0), limit: limit.max(1) })
    }

    /// Takes a place, or `None` if all are taken. The place is given back when the guard is dropped, whether the
    /// request was answered, panicked, or its client went away.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        // Counting first and looking afterwards is one operation; a refused request is counted for some nanoseconds.
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        (before < self.limit).then_some(place)
    }

    /// Waits with the answer to a refused caller.
    pub async fn hold_back(&self) {
        let held = Held(&self.held_back, self.held_back.fetch_add(1, Ordering::Relaxed));
        if held.1 < MOST_HELD_BACK {
            tokio::time::sleep(HELD_BACK).await;
        }
    }

    /// How many there are now.
    #[must_use]
    pub fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// How many there may be.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// A place in flight; given back on drop.
#[derive(Debug)]
pub struct Place(Arc<InFlight>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let in_flight = InFlight::new(2);
        let first = in_flight.enter().unwrap();
        let second = in_flight.enter().unwrap();
        assert!(in_flight.enter().is_none());
        assert_eq!(in_flight.now(), 2);
        drop(first);
        let third = in_flight.enter();
        assert!(third.is_some() && in_flight.enter().is_none());
        drop((second, third));
        assert_eq!(in_flight.now(), 0);
    }

    #[test]
    fn places_are_exact_under_contention() {
        let in_flight = InFlight::new(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        drop(in_flight.enter());
                    }
                });
            }
        });
        assert_eq!(in_flight.now(), 0);
    }
}
