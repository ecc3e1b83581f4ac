//! Threads that actors live on, replaceable when one hangs.
use actix_rt::{Arbiter, ArbiterHandle};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Tells the process's owner that it must drain and exit: what supervision cannot heal.
#[derive(Debug, Clone)]
pub struct Fatal(watch::Sender<Option<String>>);

impl Fatal {
    /// The signal and its receiver.
    #[must_use]
    pub fn channel() -> (Self, watch::Receiver<Option<String>>) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), receiver)
    }

    /// Raises the signal; the first reason stands.
    pub fn raise(&self, why: String) {
        tracing::error!(why, "the process must be restarted");
        self.0.send_if_modified(|reason| {
            let first = reason.is_none();
            if first {
                *reason = Some(why);
            }
            first
        });
    }
}

/// Threads that were abandoned while they hung and have not come back.
#[derive(Debug, Clone, Default)]
pub struct LeakedThreads(Arc<AtomicUsize>);

impl LeakedThreads {
    /// How many there are now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Incarnation {
    generation: u64,
    arbiter: ArbiterHandle,
}

/// A named thread with an event loop. When it hangs it is abandoned (a thread cannot be killed) and a new one takes over.
pub struct ThreadSlot {
    name: &'static str,
    leaked: LeakedThreads,
    current: ArcSwap<Incarnation>,
}

impl std::fmt::Debug for ThreadSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThreadSlot").field("name", &self.name).field("generation", &self.generation()).finish()
    }
}

impl ThreadSlot {
    /// Starts the thread; needs a running actix system.
    #[must_use]
    pub fn start(name: &'static str, leaked: LeakedThreads) -> Arc<Self> {
        let first = Incarnation { generation: 0, arbiter: Arbiter::new().handle() };
        Arc::new(Self { name, leaked, current: ArcSwap::from_pointee(first) })
    }

    /// The thread's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How often the thread has been replaced.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// The event loop now, with its generation.
    #[must_use]
    pub fn arbiter(&self) -> (ArbiterHandle, u64) {
        let now = self.current.load();
        (now.arbiter.clone(), now.generation)
    }

    /// Abandons the thread of generation `hung`; false if somebody did already.
    pub fn replace(&self, hung: u64) -> bool {
        let old = self.current.load_full();
        let ours = old.generation == hung;
        if ours {
            self.current.store(Arc::new(Incarnation { generation: hung + 1, arbiter: Arbiter::new().handle() }));
            self.leaked.0.fetch_add(1, Ordering::Relaxed);
            let leaked = self.leaked.clone();
            // Runs if the thread ever comes back; then it ends in good order.
            let itself = old.arbiter.clone();
            old.arbiter.spawn_fn(move || {
                leaked.0.fetch_sub(1, Ordering::Relaxed);
                itself.stop();
            });
            tracing::warn!(thread = self.name, leaked = self.leaked.count(), "a hung thread was abandoned");
        }
        ours
    }

    /// Threads of the whole process that hang, abandoned.
    #[must_use]
    pub fn leaked(&self) -> usize {
        self.leaked.count()
    }
}

/// Whether an event loop takes work within `timeout`.
pub(super) async fn responds(arbiter: &ArbiterHandle, timeout: Duration) -> bool {
    let (sender, receiver) = oneshot::channel();
    let accepted = arbiter.spawn_fn(move || {
        let _ = sender.send(());
    });
    accepted && matches!(tokio::time::timeout(timeout, receiver).await, Ok(Ok(())))
}
