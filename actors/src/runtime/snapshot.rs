//! A value that one owner replaces and everybody reads without a lock.
use arc_swap::ArcSwap;
use std::sync::Arc;

/// An immutable value behind a pointer that its owner swaps; clones share the pointer.
#[derive(Debug)]
pub struct Snapshot<T>(Arc<ArcSwap<T>>);

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Snapshot<T> {
    /// The first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    /// The value now; a few nanoseconds.
    #[must_use]
    pub fn load(&self) -> arc_swap::Guard<Arc<T>> {
        self.0.load()
    }

    /// The value now, to keep.
    #[must_use]
    pub fn load_full(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Replaces the value; only its owner does.
    pub fn publish(&self, value: Arc<T>) {
        self.0.store(value);
    }
}
