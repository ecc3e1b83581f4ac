//! What `/health` and the metrics say of every actor: written by the runtime, read by anybody without a lock.
use arc_swap::ArcSwap;
use bellwether_domain::types::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// An actor's name: the label `actor` of the metrics.
pub type ActorName = Arc<str>;

/// Where an actor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActorState {
    /// Ended, and meant to be.
    Stopped,
    /// Its factory runs, or it waits for its back-off.
    Restarting,
    /// It does not answer heartbeats and cannot be replaced.
    Hung,
    /// It answers.
    Running,
}

impl ActorState {
    /// The word in `/health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Restarting => "restarting",
            Self::Hung => "hung",
            Self::Running => "running",
        }
    }

    /// The number of the gauge `actor_state`: 1 running, 0 starting or restarting, -1 stopped, -2 hung.
    #[must_use]
    pub const fn gauge(self) -> f64 {
        match self {
            Self::Stopped => -1.0,
            Self::Restarting => 0.0,
            Self::Hung => -2.0,
            Self::Running => 1.0,
        }
    }
}

/// The last failure of an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// `panic`, `hang`, `error`, `gave_up`, `sibling` or `supervisor`.
    pub cause: &'static str,
    /// What is known of it.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
struct Status {
    state: ActorState,
    since: Timestamp,
    last_failure: Option<LastFailure>,
}

/// The place of one actor (or one replica) on the board.
pub struct StatusCell {
    name: ActorName,
    replica: Option<usize>,
    status: ArcSwap<Status>,
    restarts: AtomicU64,
    ever_started: AtomicBool,
    queued: Box<dyn Fn() -> usize + Send + Sync>,
}

impl std::fmt::Debug for StatusCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatusCell").field("name", &self.name).field("status", &self.status.load()).finish()
    }
}

impl StatusCell {
    pub(super) fn new(
        name: ActorName,
        replica: Option<usize>,
        queued: impl Fn() -> usize + Send + Sync + 'static,
    ) -> Arc<Self> {
        let status = Status { state: ActorState::Restarting, since: super::now(), last_failure: None };
        Arc::new(Self {
            name,
            replica,
            status: ArcSwap::from_pointee(status),
            restarts: AtomicU64::new(0),
            ever_started: AtomicBool::new(false),
            queued: Box::new(queued),
        })
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> ActorState {
        self.status.load().state
    }

    pub(super) fn enter(&self, state: ActorState) {
        if state == ActorState::Running {
            self.ever_started.store(true, Ordering::Relaxed);
        }
        self.status.rcu(|now| {
            let since = if now.state == state { now.since } else { super::now() };
            Status { state, since, last_failure: now.last_failure.clone() }
        });
    }

    /// Counts a restart that is not the actor's first start.
    pub(super) fn failed(&self, cause: &'static str, message: &str) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("actor_restarts_total", "actor" => self.name.to_string(), "cause" => cause).increment(1);
        let at = super::now();
        self.status.rcu(|now| Status {
            state: ActorState::Restarting,
            since: if now.state == ActorState::Restarting { now.since } else { at },
            last_failure: Some(LastFailure { cause, message: message.to_owned(), at }),
        });
        tracing::warn!(actor = %self.name, cause, failure = message, "an actor is restarted");
    }

    pub(super) fn ever_started(&self) -> bool {
        self.ever_started.load(Ordering::Relaxed)
    }
}

/// One actor as `/health` shows it; replicas are merged under their stem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorView {
    /// The name.
    pub name: ActorName,
    /// The worst state of its replicas.
    pub state: ActorState,
    /// Restarts since the process started, all replicas together.
    pub restarts: u64,
    /// The latest failure.
    pub last_failure: Option<LastFailure>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Messages waiting.
    pub queued: usize,
    /// Number of replicas; 1 for an actor that is alone.
    pub replicas: usize,
}

/// All actors of the process.
#[derive(Debug, Clone, Default)]
pub struct StatusBoard(Arc<ArcSwap<Vec<Arc<StatusCell>>>>);

impl StatusBoard {
    pub(super) fn add(&self, cell: &Arc<StatusCell>) {
        self.0.rcu(|cells| {
            let mut cells = Vec::clone(cells);
            cells.retain(|known| (&known.name, known.replica) != (&cell.name, cell.replica));
            cells.push(Arc::clone(cell));
            cells
        });
    }

    /// Every actor, in the order in which the tree was built; replicas merged.
    #[must_use]
    pub fn actors(&self) -> Vec<ActorView> {
        let mut views: Vec<ActorView> = Vec::new();
        for cell in self.0.load().iter() {
            let status = cell.status.load();
            let one = ActorView {
                name: Arc::clone(&cell.name),
                state: status.state,
                restarts: cell.restarts.load(Ordering::Relaxed),
                last_failure: status.last_failure.clone(),
                since: status.since,
                queued: (cell.queued)(),
                replicas: 1,
            };
            match views.iter_mut().find(|view| view.name == one.name) {
                Some(view) => merge(view, one),
                None => views.push(one),
            }
        }
        views
    }

    /// Whether every actor runs.
    #[must_use]
    pub fn all_running(&self) -> bool {
        self.0.load().iter().all(|cell| cell.state() == ActorState::Running)
    }

    /// Whether some actor hangs beyond repair.
    #[must_use]
    pub fn any_hung(&self) -> bool {
        self.0.load().iter().any(|cell| cell.state() == ActorState::Hung)
    }
}

fn merge(view: &mut ActorView, replica: ActorView) {
    if replica.state < view.state {
        view.state = replica.state;
        view.since = replica.since;
    }
    view.restarts += replica.restarts;
    view.queued += replica.queued;
    view.replicas += 1;
    let later = replica.last_failure.as_ref().map(|failure| failure.at) > view.last_failure.as_ref().map(|f| f.at);
    if later {
        view.last_failure = replica.last_failure;
    }
}
