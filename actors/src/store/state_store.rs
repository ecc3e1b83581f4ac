//! Store actor: the only writer of the durable store.
//!
//! Owns      the open store (blocking, on a thread of its own)
//! Takes     [`Commit`], answered when it is on disk; [`ReadObservations`], [`CatchUp`], [`LoadState`]; of learners
//!           [`ClaimLog`], [`ReadLog`]
//! Queue     1,024 messages; what waits together is flushed together (group commit)
//! Restarts  by opening the store again; nothing acknowledged is lost, nothing else was promised
use crate::runtime::{Birth, FaultPoint, Injected, Slot, Snapshot, StartError, now};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use bellwether_domain::ports::{
    Claimed, Learner, Logged, ObservationPage, ObservationQuery, StateStore, StoreError, StoredState, Write, Written,
};
use bellwether_domain::types::{Observation, Timestamp};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Makes a change durable.
#[derive(Debug, Message)]
#[rtype(result = "Result<Written, StoreError>")]
pub struct Commit {
    /// Place in the queue.
    pub slot: Slot,
    /// The change.
    pub write: Write,
}

/// Reads a page of observations.
#[derive(Debug, Message)]
#[rtype(result = "Result<ObservationPage, StoreError>")]
pub struct ReadObservations {
    /// Place in the queue.
    pub slot: Slot,
    /// Which.
    pub query: ObservationQuery,
}

/// Reads what a feature store missed.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Observation>, StoreError>")]
pub struct CatchUp {
    /// Place in the queue.
    pub slot: Slot,
    /// Event time from which on.
    pub since: Timestamp,
    /// At most so many, the newest.
    pub limit: usize,
}

/// Reads everything that must survive a restart.
#[derive(Debug, Message)]
#[rtype(result = "Result<StoredState, StoreError>")]
pub struct LoadState {
    /// Place in the queue.
    pub slot: Slot,
}

/// Makes the sender the only writer of a learner's log.
#[derive(Debug, Message)]
#[rtype(result = "Result<Claimed, StoreError>")]
pub struct ClaimLog {
    /// Place in the queue.
    pub slot: Slot,
    /// Whose log.
    pub learner: Learner,
}

/// Reads a page of a learner's log.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Logged>, StoreError>")]
pub struct ReadLog {
    /// Place in the queue.
    pub slot: Slot,
    /// Whose log.
    pub learner: Learner,
    /// Behind this position.
    pub after: u64,
    /// At most so many entries.
    pub limit: usize,
}

/// What `/health` says of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreView {
    /// `sqlite` or another kind.
    pub kind: &'static str,
    /// Whether the last write succeeded (true before the first).
    pub writable: bool,
    /// The last failure.
    pub last_error: Option<String>,
    /// When a write last succeeded.
    pub last_commit: Option<Timestamp>,
}

impl StoreView {
    /// Of a store that was just opened.
    #[must_use]
    pub const fn opened(kind: &'static str) -> Self {
        Self { kind, writable: true, last_error: None, last_commit: None }
    }
}

/// Opens the store; called at each start of the actor.
pub type OpenStore = dyn Fn() -> Result<Box<dyn StateStore>, StoreError> + Send + Sync;

type Waiting = (Write, oneshot::Sender<Result<Written, StoreError>>);

/// The actor.
pub struct StateStoreActor {
    store: Box<dyn StateStore>,
    waiting: Vec<Waiting>,
    view: Snapshot<StoreView>,
    faults: FaultPoint,
}

impl std::fmt::Debug for StateStoreActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateStoreActor").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

crate::answers_heartbeat!(StateStoreActor);

impl StateStoreActor {
    /// A factory for the supervisor.
    pub fn factory(
        open: Arc<OpenStore>,
        view: Snapshot<StoreView>,
        faults: FaultPoint,
    ) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let store = open().map_err(|error| StartError(error.to_string()))?;
            Ok(Self { store, waiting: Vec::new(), view: view.clone(), faults: faults.clone() })
        }
    }

    /// Commits whatever waits in one transaction and answers each.
    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (writes, answers): (Vec<Write>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().unzip();
        match self.store.commit(&writes) {
            Ok(outcomes) => {
                self.note(None);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                tracing::error!(failure = %error, writes = writes.len(), "the store refused to write");
                self.note(Some(error.to_string()));
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn note(&self, failure: Option<String>) {
        let before = self.view.load_full();
        let view = match failure {
            None => StoreView { writable: true, last_error: None, last_commit: Some(now()), ..*before },
            Some(failure) => StoreView { writable: false, last_error: Some(failure), ..StoreView::clone(&before) },
        };
        self.view.publish(Arc::new(view));
    }

    /// An injected fault; `Err` when the message at hand fails by it.
    fn struck(&self) -> Result<(), StoreError> {
        match self.faults.strike_thread() {
            Injected::Hang(_) | Injected::Error => {
                Err(StoreError::Failed { place: "the store".to_owned(), why: "an injected fault".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

impl Actor for StateStoreActor {
    type Context = Context<Self>;
}

impl Handler<Commit> for StateStoreActor {
    type Result = ResponseFuture<Result<Written, StoreError>>;

    fn handle(&mut self, Commit { slot, write }: Commit, ctx: &mut Self::Context) -> Self::Result {
        drop(slot);
        if let Err(error) = self.struck() {
            return Box::pin(async { Err(error) });
        }
        let (answer, committed) = oneshot::channel();
        self.waiting.push((write, answer));
        if self.waiting.len() == 1 {
            // Runs after the mailbox is drained, so that everything that waits shares one flush.
            ctx.spawn(async {}.into_actor(self).map(|(), this, _| this.flush()));
        }
        Box::pin(async move {
            let lost =
                || StoreError::Failed { place: "the store".to_owned(), why: "its actor was restarted".to_owned() };
            committed.await.unwrap_or_else(|_| Err(lost()))
        })
    }
}

impl Handler<ReadObservations> for StateStoreActor {
    type Result = Result<ObservationPage, StoreError>;

    fn handle(&mut self, ReadObservations { slot, query }: ReadObservations, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        self.flush(); // what was acknowledged before is read
        self.store.observations(&query)
    }
}

impl Handler<CatchUp> for StateStoreActor {
    type Result = Result<Vec<Observation>, StoreError>;

    fn handle(&mut self, CatchUp { slot, since, limit }: CatchUp, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        self.store.observations_since(since, limit)
    }
}

impl Handler<LoadState> for StateStoreActor {
    type Result = Result<StoredState, StoreError>;

    fn handle(&mut self, LoadState { slot }: LoadState, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        self.flush();
        self.store.load()
    }
}

impl Handler<ClaimLog> for StateStoreActor {
    type Result = Result<Claimed, StoreError>;

    fn handle(&mut self, ClaimLog { slot, learner }: ClaimLog, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        self.flush(); // what the former owner sent before is in the log, what it sends from now on is refused
        self.store.claim(learner)
    }
}

impl Handler<ReadLog> for StateStoreActor {
    type Result = Result<Vec<Logged>, StoreError>;

    fn handle(&mut self, ReadLog { slot, learner, after, limit }: ReadLog, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        self.store.log_after(learner, after, limit)
    }
}
