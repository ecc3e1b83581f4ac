//! Fault injection: makes chosen actors misbehave, to show that nobody notices. Off unless the settings enable it.
use super::ActorName;
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How an actor misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Its handler panics.
    Panic,
    /// It stops taking messages; an actor with a thread of its own blocks the thread.
    Hang,
    /// It reports an error.
    Error,
    /// Its output holds NaN.
    Nan,
    /// It answers late.
    Slow,
}

/// What is left of a fault for the actor to act out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// Nothing: go on.
    Nothing,
    /// Take no message for so long.
    Hang(Duration),
    /// Report an error.
    Error,
    /// Answer NaN.
    Nan,
    /// Answer so much later.
    Slow(Duration),
}

struct Fault {
    kind: FaultKind,
    duration: Duration,
    left: AtomicI64,
    fired: AtomicU64,
}

struct Target {
    kinds: &'static [FaultKind],
    faults: ArcSwap<Vec<Arc<Fault>>>,
}

/// One fault as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultView {
    /// Whose.
    pub actor: ActorName,
    /// Which.
    pub kind: FaultKind,
    /// How often it struck.
    pub fired: u64,
    /// How often it will still strike.
    pub left: u64,
}

/// Why a fault was not injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum InjectionRefused {
    #[error("no actor is called \"{0}\": use a name that /health lists")]
    UnknownActor(String),
    #[error("{actor} takes no {kind:?} fault: use one of {kinds:?}")]
    NoMeaning { actor: String, kind: FaultKind, kinds: &'static [FaultKind] },
    #[error("root takes no faults: its end is the process's end")]
    Root,
}

/// All faults of the process; clones share it.
#[derive(Clone, Default)]
pub struct FaultPlan {
    targets: Arc<ArcSwap<BTreeMap<ActorName, Arc<Target>>>>,
}

impl std::fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

impl FaultPlan {
    /// The place at which `actor` lets itself be struck; replicas of one name share it.
    #[must_use]
    pub fn point(&self, actor: &ActorName, kinds: &'static [FaultKind]) -> FaultPoint {
        let fresh = Arc::new(Target { kinds, faults: ArcSwap::default() });
        self.targets.rcu(|targets| {
            let mut targets = BTreeMap::clone(targets);
            targets.entry(Arc::clone(actor)).or_insert_with(|| Arc::clone(&fresh));
            targets
        });
        let target = self.targets.load().get(actor).map_or(fresh, Arc::clone);
        FaultPoint { actor: Arc::clone(actor), target }
    }

    /// Lets `actor` misbehave at its next `count` messages.
    ///
    /// # Errors
    /// [`InjectionRefused`] if there is no such actor or the kind has no meaning for it.
    pub fn inject(&self, actor: &str, kind: FaultKind, duration: Duration, count: u32) -> Result<(), InjectionRefused> {
        if actor == "root" {
            return Err(InjectionRefused::Root);
        }
        let targets = self.targets.load();
        let target =
            targets.get(actor).ok_or_else(|| InjectionRefused::UnknownActor(actor.chars().take(64).collect()))?;
        if !target.kinds.contains(&kind) {
            return Err(InjectionRefused::NoMeaning { actor: actor.to_owned(), kind, kinds: target.kinds });
        }
        let fault =
            Arc::new(Fault { kind, duration, left: AtomicI64::new(i64::from(count)), fired: AtomicU64::new(0) });
        target.faults.rcu(|faults| {
            let mut faults = Vec::clone(faults);
            faults.push(Arc::clone(&fault));
            faults
        });
        Ok(())
    }

    /// Every fault ever injected and not cleared, spent ones too.
    #[must_use]
    pub fn list(&self) -> Vec<FaultView> {
        let mut views = Vec::new();
        for (actor, target) in self.targets.load().iter() {
            for fault in target.faults.load().iter() {
                views.push(FaultView {
                    actor: Arc::clone(actor),
                    kind: fault.kind,
                    fired: fault.fired.load(Ordering::Relaxed),
                    left: u64::try_from(fault.left.load(Ordering::Relaxed)).unwrap_or(0),
                });
            }
        }
        views
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        for target in self.targets.load().values() {
            target.faults.store(Arc::default());
        }
    }
}

/// Where an actor lets itself be struck.
#[derive(Clone)]
pub struct FaultPoint {
    actor: ActorName,
    target: Arc<Target>,
}

impl std::fmt::Debug for FaultPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultPoint").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl FaultPoint {
    /// The next fault, if there is one; a few nanoseconds when there is none.
    ///
    /// # Panics
    /// When the fault is a panic: that is its purpose.
    #[must_use]
    pub fn strike(&self) -> Injected {
        let faults = self.target.faults.load();
        for fault in faults.iter() {
            if fault.left.load(Ordering::Relaxed) > 0 && fault.left.fetch_sub(1, Ordering::Relaxed) > 0 {
                fault.fired.fetch_add(1, Ordering::Relaxed);
                return match fault.kind {
                    FaultKind::Panic => panic!("injected panic of {}", self.actor),
                    FaultKind::Hang => Injected::Hang(fault.duration),
                    FaultKind::Error => Injected::Error,
                    FaultKind::Nan => Injected::Nan,
                    FaultKind::Slow => Injected::Slow(fault.duration),
                };
            }
        }
        Injected::Nothing
    }

    /// As [`FaultPoint::strike`], for an actor with a thread of its own: a hang blocks that thread, slowness delays it.
    /// True when the message at hand must be dropped.
    ///
    /// # Panics
    /// When the fault is a panic: that is its purpose.
    #[must_use]
    pub fn strike_thread(&self) -> Injected {
        match self.strike() {
            Injected::Hang(duration) => {
                std::thread::sleep(duration);
                Injected::Hang(duration)
            }
            Injected::Slow(duration) => {
                std::thread::sleep(duration);
                Injected::Slow(duration)
            }
            other => other,
        }
    }
}
