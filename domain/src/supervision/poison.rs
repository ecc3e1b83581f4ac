//! Poison messages: the same message that kills its handler twice is not handled a third time.
use std::collections::VecDeque;
use std::time::Duration;

/// Remembers which messages killed, the latest `capacity` of them, each for `forget_after`.
#[derive(Debug, Clone)]
pub struct PoisonLedger {
    capacity: usize,
    forget_after: Duration,
    kills: VecDeque<(u64, u32, Duration)>,
}

/// Deaths after which a message is poison.
const KILLS: u32 = 2;

impl PoisonLedger {
    /// An empty ledger.
    #[must_use]
    pub const fn new(capacity: usize, forget_after: Duration) -> Self {
        Self { capacity, forget_after, kills: VecDeque::new() }
    }

    /// Records that handling message `id` killed its actor at `now`; true when the message is poison from now on.
    pub fn killed(&mut self, id: u64, now: Duration) -> bool {
        self.kills.retain(|(_, _, at)| now.saturating_sub(*at) < self.forget_after);
        if let Some((_, count, at)) = self.kills.iter_mut().find(|(known, ..)| *known == id) {
            *count += 1;
            *at = now;
            return *count >= KILLS;
        }
        if self.kills.len() == self.capacity {
            self.kills.pop_front();
        }
        self.kills.push_back((id, 1, now));
        false
    }

    /// Whether message `id` must be dropped unhandled at `now`.
    #[must_use]
    pub fn is_poison(&self, id: u64, now: Duration) -> bool {
        self.kills
            .iter()
            .any(|(known, count, at)| *known == id && *count >= KILLS && now.saturating_sub(*at) < self.forget_after)
    }

    /// Whether nothing is remembered: the usual case, answered without a search.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kills.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_poison_after_its_second_kill_until_it_is_forgotten() {
        let mut ledger = PoisonLedger::new(2, Duration::from_secs(60));
        let at = Duration::from_secs;
        assert!(!ledger.killed(7, at(0)));
        assert!(!ledger.is_poison(7, at(0)));
        assert!(ledger.killed(7, at(1)));
        assert!(ledger.is_poison(7, at(2)) && !ledger.is_poison(8, at(2)));
        assert!(!ledger.is_poison(7, at(61)));
        assert!(!ledger.killed(7, at(62)), "forgotten, so it counts from the start");
    }
}
