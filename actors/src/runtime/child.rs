//! A supervised child: how it is built, where it lives, how its end is noticed.
use super::handle::Handle;
use super::heartbeat::{Beat, Heartbeat};
use super::status::{ActorName, ActorState, StatusBoard, StatusCell};
use super::thread_slot::{ThreadSlot, responds};
use actix::dev::ToEnvelope;
use actix::{Actor, AsyncContext, Context, Handler};
use actix_rt::ArbiterHandle;
use bellwether_domain::supervision::{Exit, RestartPolicy};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Why a factory gave no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// How and why an incarnation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// What is known of it.
    pub message: String,
}

/// Lets an actor say why it is about to stop.
#[derive(Debug, Clone, Default)]
pub struct Departure(Arc<Mutex<Option<Ended>>>);

impl Departure {
    /// The reason of the coming end; the actor stops its context next.
    pub fn because(&self, exit: Exit, message: impl Into<String>) {
        if let Ok(mut reason) = self.0.lock() {
            reason.get_or_insert(Ended { exit, message: message.into() });
        }
    }

    fn take(&self) -> Ended {
        let reason = self.0.lock().ok().and_then(|mut reason| reason.take());
        reason.unwrap_or_else(|| Ended { exit: Exit::Stopped, message: "stopped".to_owned() })
    }
}

/// What a factory is told.
#[derive(Debug, Clone)]
pub struct Birth {
    /// Number of the incarnation; grows over the whole process.
    pub generation: u64,
    /// For an actor that ends itself.
    pub departure: Departure,
}

/// Where a child lives.
#[derive(Debug, Clone)]
pub enum Placement {
    /// On its supervisor's own thread.
    Here,
    /// On a thread that is replaced when it hangs.
    Thread(Arc<ThreadSlot>),
    /// On an HTTP worker, which cannot be replaced.
    Worker(ArbiterHandle),
}

/// A running incarnation; dropping `retire` ends it.
#[derive(Debug)]
pub struct Incarnation {
    pub(super) generation: u64,
    pub(super) retire: oneshot::Sender<()>,
    pub(super) ended: Option<oneshot::Receiver<Ended>>,
    pub(super) thread_generation: Option<u64>,
}

/// Why a child missed its heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnosis {
    /// Only the actor takes no messages.
    ActorStuck,
    /// Its thread takes no work.
    ThreadStuck,
    /// Its thread hung and was replaced already.
    ThreadReplaced,
}

/// What became of a thread that hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It was abandoned now; so many are.
    Now { leaked: usize },
    /// It had been abandoned already.
    Before,
    /// It is nobody's to replace.
    Impossible,
}

/// A child as its supervisor sees it.
pub trait Child: Send + Sync + sealed::Runs {
    /// The child's name.
    fn name(&self) -> &ActorName;
    /// When it is started again.
    fn restart(&self) -> RestartPolicy;
}

/// Builds an actor; runs on the actor's own thread.
type Factory<A> = dyn Fn(&Birth) -> Result<A, StartError> + Send + Sync;

pub(super) mod sealed {
    use super::{Arc, Diagnosis, Duration, Heartbeat, Incarnation, LocalBoxFuture, Replaced, StatusCell};

    /// What the runtime does with a child; nobody else can.
    #[allow(missing_docs, reason = "not reachable from outside the runtime")]
    pub trait Runs {
        fn cell(&self) -> &Arc<StatusCell>;
        fn heartbeat(&self) -> Heartbeat;
        fn start(&self, generation: u64) -> Incarnation;
        fn beats(&self, timeout: Duration) -> LocalBoxFuture<'static, bool>;
        fn diagnose(&self, thread_generation: Option<u64>, timeout: Duration) -> LocalBoxFuture<'static, Diagnosis>;
        fn replace_thread(&self, thread_generation: Option<u64>) -> Replaced;
    }
}

/// The specification of a child of type `A`.
pub struct ChildSpec<A: Actor> {
    name: ActorName,
    restart: RestartPolicy,
    placement: Placement,
    heartbeat: Heartbeat,
    handle: Handle<A>,
    cell: Arc<StatusCell>,
    factory: Arc<Factory<A>>,
}

impl<A: Actor> std::fmt::Debug for ChildSpec<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChildSpec")
            .field("name", &self.name)
            .field("placement", &self.placement)
            .finish_non_exhaustive()
    }
}

impl<A> ChildSpec<A>
where
    A: Actor<Context = Context<A>> + Handler<Beat>,
    A::Context: ToEnvelope<A, Beat>,
{
    /// A permanent child; it appears on the board at once.
    ///
    /// `handle` is how others call it; `factory` builds it, at first and again after each failure, on its own thread.
    pub fn new(
        board: &StatusBoard,
        handle: &Handle<A>,
        replica: Option<usize>,
        placement: Placement,
        heartbeat: Heartbeat,
        factory: impl Fn(&Birth) -> Result<A, StartError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let name = Arc::clone(handle.actor());
        let watched = handle.clone();
        let cell = StatusCell::new(Arc::clone(&name), replica, move || watched.queued());
        board.add(&cell);
        Arc::new(Self {
            name,
            restart: RestartPolicy::Permanent,
            placement,
            heartbeat,
            handle: handle.clone(),
            cell,
            factory: Arc::new(factory),
        })
    }
}

impl<A> Child for ChildSpec<A>
where
    A: Actor<Context = Context<A>> + Handler<Beat>,
    A::Context: ToEnvelope<A, Beat>,
{
    fn name(&self) -> &ActorName {
        &self.name
    }
    fn restart(&self) -> RestartPolicy {
        self.restart
    }
}

impl<A> sealed::Runs for ChildSpec<A>
where
    A: Actor<Context = Context<A>> + Handler<Beat>,
    A::Context: ToEnvelope<A, Beat>,
{
    fn cell(&self) -> &Arc<StatusCell> {
        &self.cell
    }

    fn heartbeat(&self) -> Heartbeat {
        self.heartbeat
    }

    fn start(&self, generation: u64) -> Incarnation {
        let (retire, retired) = oneshot::channel();
        let (report, ended) = oneshot::channel();
        let birth = Birth { generation, departure: Departure::default() };
        let (factory, handle, cell) = (Arc::clone(&self.factory), self.handle.clone(), Arc::clone(&self.cell));
        let life = move || live(&*factory, birth, handle, cell, retired, report);
        let thread_generation = match &self.placement {
            Placement::Here => {
                life();
                None
            }
            Placement::Worker(worker) => {
                worker.spawn_fn(life);
                None
            }
            Placement::Thread(slot) => {
                let (arbiter, thread_generation) = slot.arbiter();
                arbiter.spawn_fn(life);
                Some(thread_generation)
            }
        };
        Incarnation { generation, retire, ended: Some(ended), thread_generation }
    }

    fn beats(&self, timeout: Duration) -> LocalBoxFuture<'static, bool> {
        let handle = self.handle.clone();
        async move { handle.beats(timeout).await }.boxed_local()
    }

    fn diagnose(&self, thread_generation: Option<u64>, timeout: Duration) -> LocalBoxFuture<'static, Diagnosis> {
        let arbiter = match &self.placement {
            Placement::Here => return async { Diagnosis::ActorStuck }.boxed_local(),
            Placement::Worker(worker) => worker.clone(),
            Placement::Thread(slot) => {
                let (arbiter, now) = slot.arbiter();
                if Some(now) != thread_generation {
                    return async { Diagnosis::ThreadReplaced }.boxed_local();
                }
                arbiter
            }
        };
        let ping = async move {
            if responds(&arbiter, timeout).await { Diagnosis::ActorStuck } else { Diagnosis::ThreadStuck }
        };
        ping.boxed_local()
    }

    fn replace_thread(&self, thread_generation: Option<u64>) -> Replaced {
        match (&self.placement, thread_generation) {
            (Placement::Thread(slot), Some(generation)) if slot.replace(generation) => {
                Replaced::Now { leaked: slot.leaked() }
            }
            (Placement::Thread(_), _) => Replaced::Before,
            _ => Replaced::Impossible,
        }
    }
}

/// Builds one incarnation on the current thread and reports its end, whatever it is.
fn live<A>(
    factory: &Factory<A>,
    birth: Birth,
    handle: Handle<A>,
    cell: Arc<StatusCell>,
    mut retired: oneshot::Receiver<()>,
    report: oneshot::Sender<Ended>,
) where
    A: Actor<Context = Context<A>>,
{
    if !matches!(retired.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
        return; // the supervisor gave up on this start while the thread hung
    }
    let actor = match catch_unwind(AssertUnwindSafe(|| factory(&birth))) {
        Ok(Ok(actor)) => actor,
        Ok(Err(error)) => return end(&cell, report, Exit::Failed, error.to_string()),
        Err(panic) => return end(&cell, report, Exit::Panicked, describe(&*panic)),
    };
    let context = Context::<A>::new();
    let address = context.address();
    let running = AssertUnwindSafe(context.into_future(actor)).catch_unwind();
    handle.publish(birth.generation, address);
    cell.enter(ActorState::Running);
    actix_rt::spawn(async move {
        let outcome = tokio::select! {
            biased;
            _ = &mut retired => None,
            outcome = running => Some(outcome),
        };
        handle.withdraw(birth.generation);
        match outcome {
            None => {}
            // Retired while its thread hung: it was counted then, and another one runs.
            Some(Ok(_)) if !matches!(retired.try_recv(), Err(oneshot::error::TryRecvError::Empty)) => {}
            Some(Ok(_)) => {
                let Ended { exit, message } = birth.departure.take();
                end(&cell, report, exit, message);
            }
            Some(Err(panic)) => end(&cell, report, Exit::Panicked, describe(&*panic)),
        }
    });
}

fn end(cell: &StatusCell, report: oneshot::Sender<Ended>, exit: Exit, message: String) {
    // Counted where it happened, so that no end is lost when the supervisor ends in the same moment.
    cell.failed(exit.as_str(), &message);
    let _ = report.send(Ended { exit, message });
}

fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
