//! The right to publish: one that hung and wakes up must not put its old state in force over its successor's.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Knows the latest owner; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owners(Arc<AtomicU64>);

/// Which owner somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ownership(u64);

impl Owners {
    /// Makes the caller the latest.
    pub(crate) fn begin(&self) -> Ownership {
        Ownership(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Whether there is no later one.
    pub(crate) fn is_latest(&self, ownership: Ownership) -> bool {
        self.0.load(Ordering::SeqCst) == ownership.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_owner_may_publish() {
        let owners = Owners::default();
        let first = owners.begin();
        assert!(owners.is_latest(first));
        let second = owners.clone().begin();
        assert!(!owners.is_latest(first) && owners.is_latest(second));
    }
}
