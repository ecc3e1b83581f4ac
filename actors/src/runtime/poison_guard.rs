//! Keeps a message that kills its handler from killing every incarnation.
use super::ActorName;
use arc_swap::ArcSwapOption;
use bellwether_domain::supervision::PoisonLedger;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Messages remembered, and for how long.
const CAPACITY: usize = 256;
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Shared by all incarnations of one replica: the message in work, and those that killed.
#[derive(Debug)]
pub struct PoisonGuard {
    actor: ActorName,
    born: Instant,
    in_work: AtomicU64,
    ledger: ArcSwapOption<PoisonLedger>,
}

impl PoisonGuard {
    /// Nothing remembered.
    #[must_use]
    pub fn new(actor: ActorName) -> Arc<Self> {
        Arc::new(Self { actor, born: Instant::now(), in_work: AtomicU64::new(0), ledger: ArcSwapOption::empty() })
    }

    /// Runs `work` on message `id` (not 0; a hash of its content), or refuses: `None` when the message has killed twice.
    pub fn run<R>(&self, id: u64, work: impl FnOnce() -> R) -> Option<R> {
        if self.is_poison(id) {
            return None;
        }
        self.in_work.store(id, Ordering::Relaxed);
        let result = work(); // a panic leaves `in_work` set, for `died` to find
        self.in_work.store(0, Ordering::Relaxed);
        Some(result)
    }

    /// Whether message `id` has killed twice.
    #[must_use]
    pub fn is_poison(&self, id: u64) -> bool {
        self.ledger.load().as_ref().is_some_and(|ledger| ledger.is_poison(id, self.born.elapsed()))
    }

    /// Message `id` killed its handler, wherever that ran.
    pub fn killed(&self, id: u64) {
        let mut ledger = self
            .ledger
            .load()
            .as_ref()
            .map_or_else(|| PoisonLedger::new(CAPACITY, FORGET_AFTER), |ledger| PoisonLedger::clone(ledger));
        let poison = ledger.killed(id, self.born.elapsed());
        self.ledger.store(Some(Arc::new(ledger)));
        if poison {
            tracing::error!(actor = %self.actor, message_id = id, "a message killed its handler twice and is dropped from now on");
        }
    }

    /// Called by the next incarnation: blames the message that was in work when the last one died.
    pub fn blame_the_dead(&self) {
        let id = self.in_work.swap(0, Ordering::Relaxed);
        if id != 0 {
            self.killed(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_message_that_kills_twice_is_refused_and_others_go_on() {
        let guard = PoisonGuard::new("actor".into());
        for _ in 0..2 {
            assert!(catch_unwind(AssertUnwindSafe(|| guard.run(7, || panic!("killed")))).is_err());
            guard.blame_the_dead();
        }
        assert_eq!((guard.run(7, || 1), guard.run(8, || 2)), (None, Some(2)));
    }
}
