//! The owner's side of a learner's log: claims it, replays what came after the last snapshot, and appends by group
//! commit: while one batch is being flushed the next one gathers.
//!
//! A learner changes only by entries that are durable, in the log's order. That makes its state a function of the log:
//! whoever replays it arrives at the same state, bit for bit. When it is unknown whether a batch became durable (the
//! store died, say), the owner claims the log anew and reads on from where it stands.
use crate::runtime::{Handle, Snapshot, Unavailable};
use crate::store::{ClaimLog, Commit, ReadLog, StateStoreActor, WriteError};
use actix::fut::{LocalBoxActorFuture, ready};
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use bellwether_domain::ports::{
    Append, Appended, Claimed, Epoch, Learner, LearnerChange, LearnerSnapshot, LearnerWrite, LearnerWritten, Logged,
    LoggedEntry, SnapshotPart, StoreError, Write, Written,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Entries replayed at a stretch, before heartbeats get their turn.
const STRETCH: usize = 2_000;
/// Longest wait for a flush; whoever asked has given up long before.
const FLUSHED_WITHIN: Duration = Duration::from_secs(10);
/// Pause between two attempts at the log.
const PATIENCE: Duration = Duration::from_millis(50);
/// Entries that call for a snapshot before its time, so that a replay stays short.
const SNAPSHOT_AFTER: u64 = 20_000;

/// Whether a learner has caught up with its log, or cannot and says so; readiness waits for it.
pub type CaughtUp = Snapshot<bool>;

/// Why an entry is not in the log; sending it again is safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it could not be made durable: {0}")]
pub struct NotKept(pub String);

/// Reads the parts of a snapshot.
pub(crate) type ReadsParts<R> = Box<dyn FnOnce(Vec<SnapshotPart>) -> R + Send>;

/// A learner that changes only by what its log holds.
pub(crate) trait Learns: Actor<Context = Context<Self>> {
    /// Which log is its.
    const LEARNER: Learner;
    /// What is answered once an entry is durable.
    type Receipt: 'static;
    /// The parts of a snapshot, read.
    type Restored: Send + 'static;

    fn journal(&mut self) -> &mut Journal<Self::Receipt>;
    /// How the parts of a snapshot are read: on another thread, where it may take its time.
    fn reads_parts(&self) -> ReadsParts<Self::Restored>;
    /// Forgets everything and takes a snapshot over; if a part cannot be read, it knows nothing and says why.
    fn restore(&mut self, restored: Self::Restored) -> Result<(), String>;
    /// An entry that was durable before.
    fn replay(&mut self, entry: LoggedEntry);
    /// Entries that have just become durable, or were found not to count, in order.
    fn settle(&mut self, entries: Vec<Settled<Self::Receipt>>);
    /// Entries that did not become durable, or perhaps did.
    fn refuse(&mut self, receipts: Vec<Self::Receipt>, why: &NotKept);
    /// It has caught up: everything published shows it.
    fn caught_up(&mut self, ctx: &mut Self::Context);
    /// The parts that changed since they were last asked for.
    fn changed_parts(&mut self) -> Vec<SnapshotPart>;
    /// These parts were not kept: they count as changed.
    fn parts_not_kept(&mut self, parts: Vec<SnapshotPart>);
}

/// An entry and what became of it.
#[derive(Debug)]
pub(crate) struct Settled<R> {
    pub(crate) entry: Append,
    pub(crate) outcome: Appended,
    pub(crate) receipt: R,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Catches up; `position` says from where.
    CatchingUp,
    /// Appends.
    Ready(Epoch),
}

/// The owner's side of the log.
#[derive(Debug)]
pub(crate) struct Journal<R> {
    store: Handle<StateStoreActor>,
    phase: Phase,
    /// Of the last entry that the state holds; `None` before the first snapshot was taken over.
    position: Option<u64>,
    snapshot_position: u64,
    gathering: Vec<(Append, R)>,
    is_flushing: bool,
    is_scheduled: bool,
    is_snapshotting: bool,
    has_caught_up: watch::Sender<bool>,
    published: CaughtUp,
    /// Why the last attempt at the log failed.
    failure: Option<NotKept>,
}

impl<R> Journal<R> {
    pub(crate) fn new(store: Handle<StateStoreActor>, published: CaughtUp) -> Self {
        Self {
            store,
            phase: Phase::CatchingUp,
            position: None,
            snapshot_position: 0,
            gathering: Vec::new(),
            is_flushing: false,
            is_scheduled: false,
            is_snapshotting: false,
            has_caught_up: watch::Sender::new(false),
            published,
            failure: None,
        }
    }

    /// Position in the log of the last entry that the state holds; `None` before it began.
    pub(crate) const fn position(&self) -> Option<u64> {
        self.position
    }

    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready(_))
    }

    /// Why the log cannot be written now, if it was tried; a learner that has only just begun has no failure.
    pub(crate) const fn failure(&self) -> Option<&NotKept> {
        match self.phase {
            Phase::Ready(_) => None,
            Phase::CatchingUp => self.failure.as_ref(),
        }
    }
}

/// Claims the log and catches up with it; tries again until it succeeds.
pub(crate) fn begin<A: Learns>(actor: &mut A, ctx: &mut Context<A>) {
    let is_first = actor.journal().position.is_none();
    let reads_parts = is_first.then(|| actor.reads_parts());
    let journal = actor.journal();
    journal.phase = Phase::CatchingUp;
    journal.has_caught_up.send_replace(false);
    let store = journal.store.clone();
    let claim = async move {
        let deadline = Instant::now() + FLUSHED_WITHIN;
        let claimed = store.ask_persistently(deadline, |slot| ClaimLog { slot, learner: A::LEARNER }).await;
        let Claimed { epoch, snapshot } = claimed.map_err(WriteError::from)?.map_err(WriteError::from)?;
        let restored = match reads_parts {
            Some(reads_parts) => Some((snapshot.position, read(reads_parts, snapshot.parts).await?)),
            None => None,
        };
        Ok((epoch, restored))
    };
    ctx.spawn(claim.into_actor(actor).map(|claimed: Result<_, WriteError>, this, ctx| match claimed {
        Ok((epoch, restored)) => {
            if let Some((position, restored)) = restored {
                restore(this, position, restored);
            }
            read_on(this, ctx, epoch);
        }
        Err(error) => try_again(this, ctx, &error),
    }));
}

/// Reads parts where nobody's heartbeat waits for it.
async fn read<R: Send + 'static>(reads_parts: ReadsParts<R>, parts: Vec<SnapshotPart>) -> Result<R, WriteError> {
    let failed = |why: String| StoreError::Failed { place: "the snapshot".to_owned(), why };
    tokio::task::spawn_blocking(move || reads_parts(parts))
        .await
        .map_err(|error| WriteError::Store(failed(error.to_string())))
}

/// Begins with the snapshot, or with nothing and the whole log if it cannot be read.
fn restore<A: Learns>(actor: &mut A, position: u64, restored: A::Restored) {
    let position = match actor.restore(restored) {
        Ok(()) => position,
        Err(why) => {
            tracing::error!(
                learner = A::LEARNER.as_str(),
                why,
                "the snapshot cannot be read: the whole log is replayed"
            );
            0
        }
    };
    let journal = actor.journal();
    (journal.position, journal.snapshot_position) = (Some(position), position);
}

fn try_again<A: Learns>(actor: &mut A, ctx: &mut Context<A>, error: &WriteError) {
    let journal = actor.journal();
    if journal.failure.is_none() {
        tracing::warn!(learner = A::LEARNER.as_str(), failure = %error, "a learner cannot reach its log and tries on");
    }
    journal.failure = Some(NotKept(error.to_string()));
    journal.published.publish(Arc::new(true)); // the process must not wait for a disk: every answer says what is wrong
    ctx.run_later(PATIENCE, begin);
}

fn read_on<A: Learns>(actor: &mut A, ctx: &mut Context<A>, epoch: Epoch) {
    let journal = actor.journal();
    let (store, after) = (journal.store.clone(), journal.position.unwrap_or(0));
    let read = async move {
        let deadline = Instant::now() + FLUSHED_WITHIN;
        let page = |slot| ReadLog { slot, learner: A::LEARNER, after, limit: STRETCH };
        let page = store.ask_persistently(deadline, page).await;
        page.map_err(WriteError::from)?.map_err(WriteError::from)
    };
    ctx.spawn(read.into_actor(actor).map(move |page: Result<Vec<Logged>, WriteError>, this, ctx| match page {
        Ok(page) => {
            let is_last = page.len() < STRETCH;
            for Logged { position, entry } in page {
                this.replay(entry);
                this.journal().position = Some(position);
            }
            if is_last {
                become_ready(this, ctx, epoch);
            } else {
                read_on(this, ctx, epoch);
            }
        }
        Err(error) => try_again(this, ctx, &error),
    }));
}

fn become_ready<A: Learns>(actor: &mut A, ctx: &mut Context<A>, epoch: Epoch) {
    let journal = actor.journal();
    journal.phase = Phase::Ready(epoch);
    journal.failure = None;
    actor.caught_up(ctx);
    let journal = actor.journal();
    journal.has_caught_up.send_replace(true);
    journal.published.publish(Arc::new(true));
    flush(actor, ctx);
}

/// Adds an entry to the batch that gathers. It is flushed at the end of this turn, or when the flush under way is done.
pub(crate) fn append<A: Learns>(actor: &mut A, ctx: &mut Context<A>, entry: Append, receipt: A::Receipt) {
    let journal = actor.journal();
    journal.gathering.push((entry, receipt));
    if !journal.is_flushing && !journal.is_scheduled {
        journal.is_scheduled = true;
        // Runs after the mailbox is drained, so that everything that waits shares one flush.
        ctx.spawn(async {}.into_actor(actor).map(|(), this, ctx| flush(this, ctx)));
    }
}

fn flush<A: Learns>(actor: &mut A, ctx: &mut Context<A>) {
    let journal = actor.journal();
    journal.is_scheduled = false;
    let Phase::Ready(epoch) = journal.phase else { return };
    if journal.is_flushing || journal.gathering.is_empty() {
        return;
    }
    journal.is_flushing = true;
    let (entries, receipts): (Vec<Append>, Vec<A::Receipt>) =
        std::mem::take(&mut journal.gathering).into_iter().unzip();
    let committed = commit(journal.store.clone(), epoch, A::LEARNER, LearnerChange::Append(entries.clone()));
    ctx.spawn(committed.into_actor(actor).map(move |written, this, ctx| {
        this.journal().is_flushing = false;
        match written {
            Ok(LearnerWritten::Appended { position, outcomes }) => {
                this.journal().position = Some(position);
                let parts = entries.into_iter().zip(outcomes).zip(receipts);
                let settled = parts.map(|((entry, outcome), receipt)| Settled { entry, outcome, receipt });
                this.settle(settled.collect());
                flush(this, ctx);
                snapshot_when_due(this, ctx);
            }
            Ok(_) => {
                // A successor owns the log: whoever is in force is not this incarnation.
                this.refuse(receipts, &NotKept("another owner writes the log".to_owned()));
                ctx.stop();
            }
            Err(error) => lost(this, ctx, receipts, &error.to_string()),
        }
    }));
}

/// A batch may or may not be durable: nobody is told that it is, and the log is read again.
fn lost<A: Learns>(actor: &mut A, ctx: &mut Context<A>, mut receipts: Vec<A::Receipt>, why: &str) {
    tracing::warn!(learner = A::LEARNER.as_str(), why, entries = receipts.len(), "a batch was not acknowledged");
    let why = NotKept(why.to_owned());
    let journal = actor.journal();
    // What gathers may rest on what was lost, as a decision rests on its experiment.
    receipts.extend(journal.gathering.drain(..).map(|(_, receipt)| receipt));
    journal.failure = Some(why.clone());
    actor.refuse(receipts, &why);
    begin(actor, ctx);
}

async fn commit(
    store: Handle<StateStoreActor>,
    epoch: Epoch,
    learner: Learner,
    change: LearnerChange,
) -> Result<LearnerWritten, WriteError> {
    let write = Write::Learner(LearnerWrite { learner, epoch, change });
    let deadline = Instant::now() + FLUSHED_WITHIN;
    match store.ask(deadline, |slot| Commit { slot, write }).await?? {
        Written::Learner(written) => Ok(written),
        _ => Err(WriteError::Store(StoreError::Failed {
            place: "the store".to_owned(),
            why: "it misunderstood".to_owned(),
        })),
    }
}

/// Runs `work` now, or once the learner has caught up for the first time; a learner that cannot reach its log says so.
pub(crate) fn when_caught_up<A: Learns, R: 'static>(
    actor: &mut A,
    ctx: &mut Context<A>,
    work: impl FnOnce(&mut A, &mut Context<A>) -> R + 'static,
) -> LocalBoxActorFuture<A, R> {
    let journal = actor.journal();
    if journal.is_ready() || journal.failure().is_some() {
        let result = work(actor, ctx);
        return Box::pin(ready(result));
    }
    let mut watch = journal.has_caught_up.subscribe();
    let caught_up = async move {
        let _ = watch.wait_for(|caught_up| *caught_up).await;
    };
    Box::pin(caught_up.into_actor(actor).map(|(), this, ctx| work(this, ctx)))
}

/// Takes a snapshot at intervals.
pub(crate) fn snapshot_every<A: Learns>(_: &mut A, ctx: &mut Context<A>, interval: Duration) {
    ctx.run_interval(interval, |this, ctx| {
        ctx.spawn(take_snapshot(this).into_actor(this).map(keep_in_mind));
    });
}

fn snapshot_when_due<A: Learns>(actor: &mut A, ctx: &mut Context<A>) {
    let journal = actor.journal();
    let behind = journal.position.unwrap_or(0).saturating_sub(journal.snapshot_position);
    if behind >= SNAPSHOT_AFTER {
        ctx.spawn(take_snapshot(actor).into_actor(actor).map(keep_in_mind));
    }
}

/// Keeps what changed since the last snapshot; the future ends when it is durable, or was not needed.
pub(crate) fn take_snapshot<A: Learns>(actor: &mut A) -> impl Future<Output = SnapshotTaken> + use<A> {
    let journal = actor.journal();
    let ready = match journal.phase {
        Phase::Ready(epoch) if !journal.is_snapshotting => Some((epoch, journal.position.unwrap_or(0))),
        _ => None,
    };
    let (store, prepared) = (journal.store.clone(), ready.map(|ready| (ready, actor.changed_parts())));
    actor.journal().is_snapshotting |= prepared.is_some();
    async move {
        let Some(((epoch, position), parts)) = prepared else { return SnapshotTaken::NotNow };
        if parts.is_empty() {
            return SnapshotTaken::Kept(position);
        }
        let snapshot = LearnerSnapshot { position, parts: parts.clone() };
        match commit(store, epoch, A::LEARNER, LearnerChange::Snapshot(snapshot)).await {
            Ok(LearnerWritten::Snapshot) => SnapshotTaken::Kept(position),
            _ => SnapshotTaken::Lost(parts),
        }
    }
}

/// What became of a snapshot.
#[derive(Debug)]
pub(crate) enum SnapshotTaken {
    /// Another one is under way, or the learner has not caught up.
    NotNow,
    /// As of this position.
    Kept(u64),
    /// The parts that were to be kept.
    Lost(Vec<SnapshotPart>),
}

/// Notes what became of a snapshot.
pub(crate) fn keep_in_mind<A: Learns>(taken: SnapshotTaken, actor: &mut A, _: &mut Context<A>) {
    match taken {
        SnapshotTaken::NotNow => return,
        SnapshotTaken::Kept(position) => actor.journal().snapshot_position = position,
        SnapshotTaken::Lost(parts) => actor.parts_not_kept(parts),
    }
    actor.journal().is_snapshotting = false;
}

impl From<Unavailable> for NotKept {
    fn from(unavailable: Unavailable) -> Self {
        Self(unavailable.to_string())
    }
}
