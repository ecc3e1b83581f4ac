//! Supervisor: starts its children in order, restarts them by the rules, finds those that hang, gives up in good order.
//!
//! Owns      the incarnations of its children
//! Takes     [`Beat`]; the ends of its children reach it as futures, not as messages
//! Restarts  with all its children started anew
use super::child::{
    Birth, Child, ChildSpec, Departure, Diagnosis, Ended, Incarnation, Placement, Replaced, StartError,
};
use super::faults::{FaultKind, FaultPlan, FaultPoint, Injected};
use super::handle::Handle;
use super::heartbeat::Heartbeat;
use super::status::{ActorName, ActorState, StatusBoard};
use super::thread_slot::Fatal;
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use bellwether_domain::supervision::{Backoff, ChildRule, Decision, Exit, RestartIntensity, Strategy, SupervisorRules};
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often a supervisor looks for a fault meant for itself.
const FAULT_CHECK: Duration = Duration::from_millis(50);
/// Beats that a stuck HTTP worker may miss before the process must be restarted.
const WORKER_PATIENCE: u32 = 10;
/// Cause and message of an actor whose thread another one blocked.
const SIBLING_HUNG: (&str, &str) = ("sibling", "another actor hung on the same thread");
/// Incarnations are numbered across the process, so that an older one never outranks a newer one, whoever started it.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// What all supervisors share.
#[derive(Debug, Clone)]
pub struct SupervisionOptions {
    /// Restarts that are still normal.
    pub intensity: RestartIntensity,
    /// Waits between restarts in a row.
    pub backoff: Backoff,
    /// Within which a hang is found.
    pub heartbeat: Duration,
    /// Abandoned threads beyond which the process exits.
    pub max_leaked_threads: usize,
    /// For what supervision cannot heal.
    pub fatal: Fatal,
    /// For faults injected into supervisors.
    pub faults: FaultPlan,
    /// Where states are shown.
    pub board: StatusBoard,
}

/// A supervisor's name, strategy and children.
#[derive(Clone)]
pub struct SupervisorSpec {
    /// Its name.
    pub name: ActorName,
    /// Whom a child's failure concerns.
    pub strategy: Strategy,
    /// In start order.
    pub children: Vec<Arc<dyn Child>>,
    /// What all supervisors share.
    pub options: SupervisionOptions,
}

impl std::fmt::Debug for SupervisorSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let children: Vec<&str> = self.children.iter().map(|child| &**child.name()).collect();
        f.debug_struct("SupervisorSpec").field("name", &self.name).field("children", &children).finish_non_exhaustive()
    }
}

impl SupervisorSpec {
    /// The supervisor as a child of another, on that one's thread.
    #[must_use]
    pub fn into_child(self) -> Arc<dyn Child> {
        let handle = Handle::new(Arc::clone(&self.name), 1);
        let (board, heartbeat) = (self.options.board.clone(), Heartbeat::within(self.options.heartbeat));
        let faults = self.options.faults.point(&self.name, &[FaultKind::Panic, FaultKind::Hang]);
        let spec = Arc::new(self);
        ChildSpec::new(&board, &handle, None, Placement::Here, heartbeat, move |birth| {
            Ok::<_, StartError>(Supervisor::new(Arc::clone(&spec), birth, Some(faults.clone())))
        })
    }
}

/// Starts the root supervisor on the current thread; the receiver tells its end, which must be the process's.
#[must_use]
pub fn run_root(spec: SupervisorSpec) -> RunningRoot {
    let handle = Handle::new(Arc::clone(&spec.name), 1);
    let heartbeat = Heartbeat::within(spec.options.heartbeat);
    let board = spec.options.board.clone();
    let spec = Arc::new(spec);
    let root = ChildSpec::new(&board, &handle, None, Placement::Here, heartbeat, move |birth| {
        Ok::<_, StartError>(Supervisor::new(Arc::clone(&spec), birth, None))
    });
    let mut incarnation = super::child::sealed::Runs::start(&*root, 0);
    let ended = incarnation.ended.take();
    RunningRoot { _retire: incarnation.retire, ended }
}

/// The running root supervisor; dropping it stops the whole tree.
#[derive(Debug)]
pub struct RunningRoot {
    _retire: oneshot::Sender<()>,
    ended: Option<oneshot::Receiver<Ended>>,
}

impl RunningRoot {
    /// Waits until the root has given up, panicked or stopped.
    pub async fn ended(&mut self) -> Ended {
        let unknown = Ended { exit: Exit::Stopped, message: "the root supervisor is gone".to_owned() };
        match self.ended.take() {
            Some(ended) => ended.await.unwrap_or(unknown),
            None => unknown,
        }
    }
}

/// The supervising actor.
pub struct Supervisor {
    spec: Arc<SupervisorSpec>,
    departure: Departure,
    faults: Option<FaultPoint>,
    rules: SupervisorRules,
    running: Vec<Option<Incarnation>>,
    missed_by_worker: u32,
    born: Instant,
    random: rand::rngs::StdRng,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("spec", &self.spec).finish_non_exhaustive()
    }
}

crate::answers_heartbeat!(Supervisor);

impl Supervisor {
    fn new(spec: Arc<SupervisorSpec>, birth: &Birth, faults: Option<FaultPoint>) -> Self {
        let rule = |child: &Arc<dyn Child>| ChildRule { restart: child.restart() };
        let children: Vec<ChildRule> = spec.children.iter().map(rule).collect();
        Self {
            rules: SupervisorRules::new(spec.strategy, spec.options.intensity, spec.options.backoff, &children),
            running: children.iter().map(|_| None).collect(),
            missed_by_worker: 0,
            born: Instant::now(),
            random: rand::rngs::StdRng::seed_from_u64(birth.generation),
            departure: birth.departure.clone(),
            faults,
            spec,
        }
    }

    fn start(&mut self, index: usize, ctx: &mut Context<Self>) {
        let child = Arc::clone(&self.spec.children[index]);
        let generation = NEXT_GENERATION.fetch_add(1, Ordering::Relaxed);
        let mut incarnation = child.start(generation);
        if let Some(ended) = incarnation.ended.take() {
            let end = ended.into_actor(self).map(move |ended, this, ctx| {
                if let Ok(Ended { exit, message }) = ended {
                    this.ended(index, generation, exit, &message, ctx);
                }
            });
            ctx.spawn(end);
        }
        self.running[index] = Some(incarnation);
        self.rules.started(index, self.born.elapsed());
        self.schedule_beat(index, generation, child.heartbeat(), ctx);
    }

    fn schedule_beat(&self, index: usize, generation: u64, heartbeat: Heartbeat, ctx: &mut Context<Self>) {
        ctx.run_later(heartbeat.every, move |this, ctx| this.beat(index, generation, heartbeat, ctx));
    }

    fn is_current(&self, index: usize, generation: u64) -> bool {
        self.running[index].as_ref().is_some_and(|incarnation| incarnation.generation == generation)
    }

    fn beat(&mut self, index: usize, generation: u64, heartbeat: Heartbeat, ctx: &mut Context<Self>) {
        if !self.is_current(index, generation) {
            return;
        }
        let asked = Instant::now();
        let answer = self.spec.children[index].beats(heartbeat.timeout).into_actor(self);
        let judged = answer.map(move |alive, this, ctx| {
            // A wait much longer than asked for means that this thread or the whole process stood still: ask again.
            let stood_still = asked.elapsed() > heartbeat.timeout + heartbeat.timeout / 2;
            if alive {
                this.alive(index);
            }
            if alive || stood_still {
                this.schedule_beat(index, generation, heartbeat, ctx);
            } else if this.is_current(index, generation) {
                this.diagnose(index, generation, heartbeat, ctx);
            }
        });
        ctx.spawn(judged);
    }

    fn alive(&mut self, index: usize) {
        let cell = self.spec.children[index].cell();
        if cell.state() == ActorState::Hung {
            self.missed_by_worker = 0;
            cell.enter(ActorState::Running);
        }
    }

    fn diagnose(&mut self, index: usize, generation: u64, heartbeat: Heartbeat, ctx: &mut Context<Self>) {
        let thread = self.running[index].as_ref().and_then(|incarnation| incarnation.thread_generation);
        let ping = heartbeat.timeout.min(Duration::from_millis(100));
        let diagnosis = self.spec.children[index].diagnose(thread, ping).into_actor(self);
        ctx.spawn(diagnosis.map(move |diagnosis, this, ctx| {
            if this.is_current(index, generation) {
                this.hung(index, generation, diagnosis, heartbeat, ctx);
            }
        }));
    }

    fn hung(
        &mut self,
        index: usize,
        generation: u64,
        diagnosis: Diagnosis,
        heartbeat: Heartbeat,
        ctx: &mut Context<Self>,
    ) {
        let child = Arc::clone(&self.spec.children[index]);
        let thread = self.running[index].as_ref().and_then(|incarnation| incarnation.thread_generation);
        let (cause, message) = match diagnosis {
            Diagnosis::ActorStuck => ("hang", "it took no messages"),
            Diagnosis::ThreadReplaced => SIBLING_HUNG,
            Diagnosis::ThreadStuck => match child.replace_thread(thread) {
                Replaced::Before => SIBLING_HUNG,
                Replaced::Now { leaked } => {
                    if leaked > self.spec.options.max_leaked_threads {
                        self.spec.options.fatal.raise(format!("{leaked} threads hang, {} lately", child.name()));
                    }
                    ("hang", "its thread was blocked")
                }
                Replaced::Impossible => {
                    self.worker_hangs(&child);
                    self.schedule_beat(index, generation, heartbeat, ctx);
                    return;
                }
            },
        };
        child.cell().failed(cause, message);
        self.retire(index);
        self.obey(index, Exit::Hung, ctx);
    }

    /// An HTTP worker cannot be replaced: readiness goes, and after some patience so does the process.
    fn worker_hangs(&mut self, child: &Arc<dyn Child>) {
        child.cell().enter(ActorState::Hung);
        self.missed_by_worker += 1;
        if self.missed_by_worker > WORKER_PATIENCE {
            self.spec.options.fatal.raise(format!("the HTTP worker of {} hangs", child.name()));
        }
    }

    fn ended(&mut self, index: usize, generation: u64, exit: Exit, message: &str, ctx: &mut Context<Self>) {
        if self.is_current(index, generation) {
            tracing::debug!(supervisor = %self.spec.name, child = %self.spec.children[index].name(), message, "a child ended");
            self.running[index] = None;
            self.obey(index, exit, ctx);
        }
    }

    fn obey(&mut self, index: usize, exit: Exit, ctx: &mut Context<Self>) {
        match self.rules.ended(index, exit, self.born.elapsed(), self.random.random()) {
            Decision::Restart { children, after } => self.restart(index, children, after, ctx),
            Decision::Forget => self.spec.children[index].cell().enter(ActorState::Stopped),
            Decision::Ignore => {}
            Decision::GiveUp => self.give_up(index, exit, ctx),
        }
    }

    fn restart(&mut self, failed: usize, children: Vec<usize>, after: Duration, ctx: &mut Context<Self>) {
        for index in children.iter().rev() {
            if *index != failed && self.running[*index].is_some() {
                self.retire(*index);
                self.spec.children[*index].cell().failed("sibling", "a sibling failed");
            }
        }
        if after.is_zero() {
            children.iter().for_each(|index| self.start(*index, ctx));
        } else {
            ctx.run_later(after, move |this, ctx| {
                for index in children {
                    if this.running[index].is_none() && !this.rules.gave_up() {
                        this.start(index, ctx);
                    }
                }
            });
        }
    }

    fn give_up(&mut self, index: usize, exit: Exit, ctx: &mut Context<Self>) {
        let why = format!("{} failed too often, lately by {}", self.spec.children[index].name(), exit.as_str());
        tracing::error!(supervisor = %self.spec.name, why, "a supervisor gives up");
        self.stop_children();
        self.departure.because(Exit::GaveUp, why);
        ctx.terminate();
    }

    fn retire(&mut self, index: usize) {
        // Dropping the sender ends the incarnation at its next poll, with whatever it has queued.
        if let Some(incarnation) = self.running[index].take() {
            drop(incarnation.retire);
        }
    }

    fn stop_children(&mut self) {
        for index in (0..self.running.len()).rev() {
            if self.running[index].is_some() {
                self.retire(index);
            }
            self.spec.children[index].cell().enter(ActorState::Stopped);
        }
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for index in 0..self.spec.children.len() {
            let cell = self.spec.children[index].cell();
            if cell.ever_started() {
                cell.failed("supervisor", "its supervisor was restarted");
            }
            self.start(index, ctx);
        }
        if let Some(faults) = self.faults.clone() {
            ctx.run_interval(FAULT_CHECK, move |this, ctx| {
                if let Injected::Hang(duration) = faults.strike() {
                    ctx.wait(tokio::time::sleep(duration).into_actor(this));
                }
            });
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop_children();
    }
}
