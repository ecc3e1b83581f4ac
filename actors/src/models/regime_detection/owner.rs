//! Regime detection: the only owner of every stream.
//!
//! Owns      streams with their detectors, and the log of appended values
//! Takes     [`AppendValues`], answered when the values are on disk and published; [`Observe`]; [`SaveStreams`]
//! Queue     1,024 messages; the next caller gets the fallback, the next observations are dropped and counted
//! Restarts  from what it published, or from the last snapshot and the log behind it: appended values are then what they
//!           were, bit for bit; pushed observations it missed come from the store
use super::backlog::Backlog;
use super::changed::StreamKey;
use super::reader::RegimeReader;
use super::report::report_stream;
use super::stream::Stream;
use super::streams::{self, Streams};
use crate::learning::{self, CaughtUp, Journal, Learns, NotKept, Ownership, ReadsParts, Settled};
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Slot, StartError, now};
use crate::store::{CatchUp, StateStoreActor};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture, WrapFuture};
use bellwether_domain::experiments::StreamValue;
use bellwether_domain::features::OLDEST;
use bellwether_domain::ports::{Append, Learner, LoggedEntry, SnapshotPart};
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{FeatureName, Fields, Observation, ServiceId, Timestamp};
use bellwether_models::anomaly::bocpd::{Detector, Options};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Most streams; beyond it the one that took no value in for longest makes room.
pub const MOST_STREAMS: usize = 20_000;
/// Values that may be on their way to the disk; the next caller gets the fallback. All of them are taken in at a stretch.
const MOST_ON_THEIR_WAY: usize = 20_000;
/// Observations taken in at a stretch, before requests get their turn: a few milliseconds.
const STRETCH: usize = 256;
/// Observations that a start catches up with at most; the newest count.
const CATCH_UP: usize = 50_000;
/// Attempts at catching up, and the pause between two; then live observations are worth more than missed ones.
const ATTEMPTS: u32 = 20;
const PATIENCE: Duration = Duration::from_millis(500);
/// How often snapshots are taken when there is little to do.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(5);

/// Appends values to a stream; answered with what is then said of it.
#[derive(Debug, Message)]
#[rtype(result = "Result<Fields, Failure>")]
pub struct AppendValues {
    /// Place in the queue.
    pub slot: Slot,
    /// Whose stream.
    pub service: ServiceId,
    /// Of which quantity.
    pub quantity: FeatureName,
    /// The values, oldest first; finite, at least one.
    pub values: Vec<f64>,
    /// When they were appended.
    pub at: Timestamp,
}

/// Takes observations in; nobody waits for it.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Observe {
    /// Place in the queue.
    pub slot: Slot,
    /// In the order in which they came; one that is not later than the one before it in its stream is passed over.
    pub observations: Vec<Observation>,
}

/// Keeps a snapshot of what changed; answered when it is on disk, or not possible.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SaveStreams {
    /// Place in the queue.
    pub slot: Slot,
}

/// What the owner needs.
#[derive(Debug, Clone)]
pub struct RegimeDetectionOptions {
    /// Where the log is, and what was pushed before.
    pub store: Handle<StateStoreActor>,
    /// Where streams are published.
    pub reader: RegimeReader,
    /// Whether it has caught up.
    pub caught_up: CaughtUp,
    /// Most streams; [`MOST_STREAMS`].
    pub most_streams: usize,
    /// For injected faults; they strike requests, not telemetry.
    pub faults: FaultPoint,
}

/// Who waits for an entry of the log; nobody but for the last value of a request.
type Receipt = Option<oneshot::Sender<Result<Fields, NotKept>>>;

/// The actor.
#[derive(Debug)]
pub struct RegimeDetectionActor {
    options: RegimeDetectionOptions,
    ownership: Ownership,
    journal: Journal<Receipt>,
    streams: Streams,
    backlog: Backlog,
    is_scheduled: bool,
    /// Values on their way to the disk.
    on_their_way: usize,
    /// The snapshot taken now is the last one.
    is_ending: bool,
}

crate::answers_heartbeat!(RegimeDetectionActor);

impl RegimeDetectionActor {
    /// A factory for the supervisor.
    pub fn factory(options: RegimeDetectionOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let fresh = Detector::new(Options::default()).map_err(|error| StartError(error.to_string()))?;
            Ok(Self {
                ownership: options.reader.own(),
                journal: Journal::new(options.store.clone(), options.caught_up.clone()),
                streams: Streams::new(fresh, options.most_streams),
                backlog: Backlog::held_back(),
                is_scheduled: false,
                on_their_way: 0,
                is_ending: false,
                options: options.clone(),
            })
        }
    }

    fn append(&mut self, ctx: &mut Context<Self>, asked: AppendValues) -> Result<Waiting, Failure> {
        let AppendValues { slot, service, quantity, values, at } = asked;
        if let Some(failure) = self.journal.failure() {
            return Err(Failure::Error(failure.to_string()));
        }
        if self.on_their_way + values.len() > MOST_ON_THEIR_WAY {
            return Err(Failure::Overloaded);
        }
        self.on_their_way += values.len();
        let (answer, kept) = oneshot::channel();
        let (mut answer, last) = (Some(answer), values.len().saturating_sub(1));
        for (index, value) in values.into_iter().enumerate() {
            let (service, quantity) = (service.clone(), quantity.clone());
            let entry = Append::Value(StreamValue { service, quantity, at, value });
            learning::append(self, ctx, entry, answer.take_if(|_| index == last));
        }
        Ok(Waiting { slot, kept })
    }

    /// Takes some of the observations that wait in, and comes back for the rest.
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.is_scheduled || !self.backlog.is_waiting() {
            return;
        }
        self.is_scheduled = true;
        // Requests and heartbeats get their turn before each stretch.
        ctx.spawn(tokio::task::yield_now().into_actor(self).map(|(), this, ctx| {
            this.is_scheduled = false;
            let now = now();
            for observation in this.backlog.take(STRETCH) {
                this.streams.observe(&observation, now);
            }
            this.publish();
            this.work(ctx);
        }));
    }

    fn publish(&mut self) {
        let position = self.journal.position().unwrap_or(0);
        self.options.reader.publish(self.ownership, position, self.streams.unpublished());
        let counts = self.streams.counts();
        metrics::counter!("regime_streams_evicted_total").increment(counts.evicted);
        metrics::counter!("regime_changes_total").increment(counts.changes);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 streams")]
        metrics::gauge!("regime_streams").set(self.streams.len() as f64);
    }

    /// Reads what was pushed while nobody took it in; live observations wait for it.
    fn catch_up(&self, ctx: &mut Context<Self>, attempts: u32) {
        let (store, since) = (self.options.store.clone(), now().minus(OLDEST));
        let missed = async move {
            let deadline = Instant::now() + Duration::from_secs(10);
            store.ask(deadline, |slot| CatchUp { slot, since, limit: CATCH_UP }).await
        };
        ctx.spawn(missed.into_actor(self).map(move |missed, this, ctx| {
            match missed {
                Ok(Ok(observations)) => this.backlog.begin_with(observations),
                Err(_) if attempts > 1 => {
                    ctx.run_later(PATIENCE, move |this, ctx| this.catch_up(ctx, attempts - 1));
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!("pushed observations could not be read back: streams go on with new ones");
                    this.backlog.begin_with(Vec::new());
                }
            }
            this.work(ctx);
        }));
    }
}

/// What a snapshot holds.
pub(crate) enum Kept {
    /// The streams.
    Streams(Vec<(StreamKey, Arc<Stream>)>),
    /// Which ones: they are taken over from elsewhere.
    Names(Vec<StreamKey>),
}

/// A request whose values are on their way to the disk.
struct Waiting {
    slot: Slot,
    kept: oneshot::Receiver<Result<Fields, NotKept>>,
}

impl Learns for RegimeDetectionActor {
    const LEARNER: Learner = Learner::Regime;
    type Receipt = Receipt;
    type Restored = Kept;

    fn journal(&mut self) -> &mut Journal<Receipt> {
        &mut self.journal
    }

    fn reads_parts(&self) -> ReadsParts<Kept> {
        // Whoever owned the streams before in this process published all of them, telemetry too: none has to be read.
        let is_heir = self.options.reader.published().is_some();
        Box::new(
            move |parts| {
                if is_heir { Kept::Names(streams::names(&parts)) } else { Kept::Streams(streams::read(parts)) }
            },
        )
    }

    fn restore(&mut self, kept: Kept) -> Result<(), String> {
        match (self.options.reader.published(), kept) {
            (_, Kept::Streams(streams)) => self.streams.restore(streams),
            (Some((position, services)), Kept::Names(names)) => self.streams.take_over(position, services, names),
            (None, Kept::Names(_)) => return Err("what was published is gone".to_owned()),
        }
        Ok(())
    }

    fn replay(&mut self, entry: LoggedEntry) {
        // This log has no gaps: the entry is the one behind the last.
        let position = self.journal.position().map_or(1, |last| last + 1);
        if let LoggedEntry::Value(value) = entry {
            self.streams.append(position, &value);
        }
    }

    fn settle(&mut self, entries: Vec<Settled<Receipt>>) {
        self.on_their_way = self.on_their_way.saturating_sub(entries.len());
        let last = self.journal.position().unwrap_or(0);
        let first = (last + 1).saturating_sub(entries.len() as u64);
        let mut answers = Vec::new();
        for (position, Settled { entry, receipt, .. }) in (first..).zip(entries) {
            let Append::Value(value) = entry else { continue };
            self.streams.append(position, &value);
            let StreamValue { service, quantity, .. } = value;
            if let (Some(answer), Some(stream)) = (receipt, self.streams.get(&service, &quantity)) {
                answers.push((answer, report_stream(&quantity, stream)));
            }
        }
        // Whoever is told that values are durable finds them when reading.
        self.publish();
        for (answer, report) in answers {
            let _ = answer.send(Ok(report)); // whoever gave up waiting is not told
        }
    }

    fn refuse(&mut self, receipts: Vec<Receipt>, why: &NotKept) {
        self.on_their_way = self.on_their_way.saturating_sub(receipts.len());
        for answer in receipts.into_iter().flatten() {
            let _ = answer.send(Err(why.clone()));
        }
    }

    fn caught_up(&mut self, ctx: &mut Context<Self>) {
        self.publish();
        if self.backlog.is_held_back() {
            self.catch_up(ctx, ATTEMPTS);
        }
    }

    fn changed_parts(&mut self) -> Vec<SnapshotPart> {
        self.streams.changed_parts(self.is_ending)
    }

    fn parts_not_kept(&mut self, parts: Vec<SnapshotPart>) {
        self.streams.parts_not_kept(&parts);
    }
}

impl Actor for RegimeDetectionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        learning::begin(self, ctx);
        learning::snapshot_every(self, ctx, SNAPSHOT_EVERY);
    }
}

impl Handler<AppendValues> for RegimeDetectionActor {
    type Result = ResponseActFuture<Self, Result<Fields, Failure>>;

    fn handle(&mut self, asked: AppendValues, ctx: &mut Self::Context) -> Self::Result {
        let spoil = match self.options.faults.strike_thread() {
            Injected::Nan => true,
            Injected::Nothing | Injected::Slow(_) => false,
            Injected::Hang(_) | Injected::Error => {
                return Box::pin(async { Err(Failure::Error("an injected fault".to_owned())) }.into_actor(self));
            }
        };
        let begun = learning::when_caught_up(self, ctx, move |this, ctx| this.append(ctx, asked));
        Box::pin(begun.then(move |begun, this, _| {
            let answered = async move {
                let Waiting { slot, kept } = begun?;
                let kept = kept.await.unwrap_or_else(|_| Err(NotKept("its owner died".to_owned())));
                drop(slot); // values count as queued until they are durable
                let report = kept.map_err(|why| Failure::Error(why.to_string()))?;
                Ok(if spoil { report.with("change_probability", f64::NAN) } else { report })
            };
            answered.into_actor(this)
        }))
    }
}

impl Handler<Observe> for RegimeDetectionActor {
    type Result = ();

    fn handle(&mut self, Observe { slot, observations }: Observe, ctx: &mut Self::Context) {
        drop(slot);
        let dropped = self.backlog.add(observations);
        if dropped > 0 {
            metrics::counter!("telemetry_samples_dropped_total").increment(dropped as u64);
        }
        self.work(ctx);
    }
}

impl Handler<SaveStreams> for RegimeDetectionActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, SaveStreams { slot }: SaveStreams, _: &mut Self::Context) -> Self::Result {
        self.is_ending = true;
        let taken = learning::take_snapshot(self).into_actor(self).map(learning::keep_in_mind);
        self.is_ending = false;
        Box::pin(taken.map(move |(), _, _| drop(slot)))
    }
}

/// Hands observations on without waiting; a full queue drops and counts them.
pub(crate) fn tell_of(streams: &Handle<RegimeDetectionActor>, observations: Vec<Observation>) {
    let count = observations.len();
    if let Err(unavailable) = streams.tell(|slot| Observe { slot, observations }) {
        metrics::counter!("telemetry_samples_dropped_total").increment(count as u64);
        tracing::debug!(count, reason = %unavailable, "observations did not reach their streams");
    }
}
