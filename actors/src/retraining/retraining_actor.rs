//! Retraining actor: starts fits when they are due, one at a time, and hands what they give to the registry.
//!
//! Owns      the schedule and the run under way, which works on a thread of low priority of its own
//! Takes     [`StartRetraining`], [`CancelRetraining`], answered at once
//! Queue     16; the next caller is asked to come back
//! Restarts  with the schedule; the run under way is cancelled and comes again when it is due
use super::fit::{FitError, Fitted, fit};
use super::{LastRun, Outcome, PromotionPolicy, RetrainingPlan, RetrainingView, Stage, Standing};
use crate::registry::{ModelRegistryActor, PromoteModel, RegisterModel, RegistryView};
use crate::runtime::{Birth, ComputePool, FaultPoint, Handle, Injected, Slot, Snapshot, StartError, now};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use bellwether_domain::ports::{Promotion, RegistryError, Signed};
use bellwether_domain::registry::{PromotionRefused, VersionNumber};
use bellwether_domain::types::Timestamp;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How often the schedule is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Pause between two looks at whether the registry was read, at the start.
const PATIENCE: Duration = Duration::from_millis(2);
/// Longest run.
const ENDED_WITHIN: Duration = Duration::from_secs(24 * 3_600);
/// Longest wait for the registry.
const KEPT_WITHIN: Duration = Duration::from_secs(60);
/// Who registers what the schedule starts.
const BY_ITSELF: &str = "retraining";

/// Starts a retraining now.
#[derive(Debug, Message)]
#[rtype(result = "Result<Started, NoSuchPlan>")]
pub struct StartRetraining {
    /// Place in the queue.
    pub slot: Slot,
    /// Of which model.
    pub model: String,
    /// Who wants it.
    pub by: String,
}

/// Cancels the retraining that runs or waits; whether there was one.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, NoSuchPlan>")]
pub struct CancelRetraining {
    /// Place in the queue.
    pub slot: Slot,
    /// Of which model.
    pub model: String,
}

/// What a wish to start came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It runs, or will when the run under way has ended.
    Now,
    /// It was running or waiting already.
    Already,
}

/// The settings name no retraining of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchPlan;

/// What the actor needs.
#[derive(Debug, Clone)]
pub struct RetrainingOptions {
    /// What is retrained; each model once.
    pub plans: Vec<RetrainingPlan>,
    /// Where versions go.
    pub registry: Handle<ModelRegistryActor>,
    /// Champions to compare with.
    pub registered: Snapshot<RegistryView>,
    /// What it publishes.
    pub view: Snapshot<RetrainingView>,
    /// Where fits run: one thread, of low priority.
    pub background: ComputePool,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// A run under way; dropping it cancels it.
#[derive(Debug)]
struct Run {
    plan: usize,
    cancelled: Arc<AtomicBool>,
    started: Instant,
    started_at: Timestamp,
}

impl Drop for Run {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// The actor.
#[derive(Debug)]
pub struct RetrainingActor {
    options: RetrainingOptions,
    running: Option<Run>,
    /// Plans that wait, and who wants them.
    queued: VecDeque<(usize, String)>,
}

crate::answers_heartbeat!(RetrainingActor);

impl RetrainingActor {
    /// A factory for the supervisor.
    pub fn factory(options: RetrainingOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| Ok(Self { options: options.clone(), running: None, queued: VecDeque::new() })
    }

    fn plan_of(&self, model: &str) -> Result<usize, NoSuchPlan> {
        self.options.plans.iter().position(|plan| plan.model.as_str() == model).ok_or(NoSuchPlan)
    }

    fn is_busy_with(&self, plan: usize) -> bool {
        let is_running = self.running.as_ref().is_some_and(|run| run.plan == plan);
        is_running || self.queued.iter().any(|(queued, _)| *queued == plan)
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        if let Injected::Hang(_) = self.options.faults.strike_thread() {
            tracing::debug!("an injected hang is over");
        }
        let (view, now) = (self.options.view.load_full(), now());
        for (index, plan) in self.options.plans.iter().enumerate() {
            let is_due = view.get(plan.model.as_str()).is_some_and(|standing| standing.next_at <= now);
            if is_due && !self.is_busy_with(index) {
                self.queued.push_back((index, BY_ITSELF.to_owned()));
            }
        }
        self.start_next(ctx);
    }

    /// Starts what waits first, if nothing runs.
    fn start_next(&mut self, ctx: &mut Context<Self>) {
        if self.running.is_some() {
            return;
        }
        let Some((index, by)) = self.queued.pop_front() else { return };
        let Some(plan) = self.options.plans.get(index).cloned() else { return };
        let (cancelled, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (started, started_at) = (Instant::now(), now());
        self.running = Some(Run { plan: index, cancelled: Arc::clone(&cancelled), started, started_at });
        self.change(index, |standing| {
            standing.stage = Stage::Running { rounds: Arc::clone(&rounds) };
            standing.next_at = started_at.plus(plan.every);
        });
        self.publish_queued();
        metrics::gauge!("retraining_running").set(1.0);
        tracing::info!(model = plan.model.as_str(), by, "a retraining starts");
        let job = {
            let (plan, cancelled) = (plan.clone(), Arc::clone(&cancelled));
            let champion = self.options.registered.load().champion(plan.model.as_str());
            move || {
                fit(&plan, champion.as_deref(), &mut |round| {
                    rounds.store(round, Ordering::Relaxed);
                    if cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })
            }
        };
        let (background, registry) = (self.options.background.clone(), self.options.registry.clone());
        let work = async move {
            let fitted = background.run(Instant::now() + ENDED_WITHIN, job).await;
            let fitted = fitted.map_err(|error| Ended::failed(error.to_string()))?.map_err(Ended::of_fit)?;
            // From here on it takes a moment: too late to cancel.
            if cancelled.load(Ordering::Relaxed) {
                Err(Ended::cancelled())
            } else {
                keep(&registry, &plan, by, fitted).await
            }
        };
        ctx.spawn(work.into_actor(self).map(|ended: Result<Ended, Ended>, this, ctx| {
            let ended = match ended {
                Ok(ended) | Err(ended) => ended,
            };
            this.note(ended);
            this.start_next(ctx);
        }));
    }

    fn note(&mut self, ended: Ended) {
        let Some(run) = self.running.take() else { return };
        let took = run.started.elapsed();
        let Ended { outcome, version, failure } = ended;
        metrics::gauge!("retraining_running").set(0.0);
        metrics::gauge!("retraining_last_duration_seconds").set(took.as_secs_f64());
        metrics::counter!("retraining_runs_total", "outcome" => outcome.as_str()).increment(1);
        let model = self.options.plans.get(run.plan).map_or("", |plan| plan.model.as_str());
        match &failure {
            Some(failure) => tracing::error!(model, failure, "a retraining failed: what is in force stays"),
            None => tracing::info!(model, outcome = outcome.as_str(), version, "a retraining ended"),
        }
        let last = LastRun { outcome, version, failure, started_at: run.started_at, took };
        self.change(run.plan, |standing| {
            standing.stage = Stage::Waiting;
            standing.last = Some(last);
        });
    }

    /// Changes how one retraining stands, and publishes it.
    fn change(&self, plan: usize, change: impl FnOnce(&mut Standing)) {
        let Some(plan) = self.options.plans.get(plan) else { return };
        let mut view = RetrainingView::clone(&self.options.view.load());
        view.entry(plan.model.as_str().to_owned()).and_modify(change);
        self.options.view.publish(Arc::new(view));
    }

    fn publish_queued(&self) {
        for (plan, _) in &self.queued {
            self.change(*plan, |standing| standing.stage = Stage::Queued);
        }
    }

    /// When each starts: `every` after its newest version was registered; at once if there is none, but not if the
    /// registry cannot be read, which would take no version either.
    fn schedule(&self) {
        let registered = self.options.registered.load();
        let before = self.options.view.load_full();
        let standing = |plan: &RetrainingPlan| {
            let name = plan.model.as_str();
            let newest = registered.model(name).and_then(|view| view.model.versions.last());
            let since_newest = newest.map(|version| version.registered_at.plus(plan.every));
            let otherwise = || if registered.fault().is_some() { now().plus(plan.every) } else { now() };
            let next_at = since_newest.unwrap_or_else(otherwise);
            let rounds = plan.options.parameters().rounds;
            match before.get(name) {
                Some(known) => Standing { stage: Stage::Waiting, ..known.clone() },
                None => Standing { stage: Stage::Waiting, rounds, next_at, last: None },
            }
        };
        let plans = self.options.plans.iter().map(|plan| (plan.model.as_str().to_owned(), standing(plan)));
        self.options.view.publish(Arc::new(plans.collect()));
    }
}

/// How a run ended.
#[derive(Debug)]
struct Ended {
    outcome: Outcome,
    version: Option<u32>,
    failure: Option<String>,
}

impl Ended {
    const fn with(outcome: Outcome, version: VersionNumber) -> Self {
        Self { outcome, version: Some(version.0), failure: None }
    }

    const fn cancelled() -> Self {
        Self { outcome: Outcome::Cancelled, version: None, failure: None }
    }

    const fn failed(why: String) -> Self {
        Self { outcome: Outcome::Failed, version: None, failure: Some(why) }
    }

    fn of_fit(error: FitError) -> Self {
        if error == FitError::Cancelled { Self::cancelled() } else { Self::failed(error.to_string()) }
    }
}

/// Registers what was fitted, and promotes it if the plan and the promotion's rule let it.
async fn keep(
    registry: &Handle<ModelRegistryActor>,
    plan: &RetrainingPlan,
    by: String,
    fitted: Fitted,
) -> Result<Ended, Ended> {
    let reason = Some("retraining".to_owned()).filter(|_| by != BY_ITSELF);
    let signed = |reason| Signed { by: by.clone(), at: now(), reason };
    let deadline = Instant::now() + KEPT_WITHIN;
    let register = |slot| {
        let (name, version) = (plan.model.clone(), Box::new(fitted.version.clone()));
        RegisterModel { slot, name, version, signed: signed(reason.clone()) }
    };
    let registered = registry.ask_persistently(deadline, register).await;
    let (version, otherwise) = match registered.map_err(|error| Ended::failed(error.to_string()))? {
        Ok(version) => (version.number, Outcome::Registered),
        Err(RegistryError::AlreadyRegistered { version, .. }) => (version, Outcome::Unchanged),
        Err(error) => return Err(Ended::failed(error.to_string())),
    };
    if plan.promote == PromotionPolicy::Never {
        return Ok(Ended::with(otherwise, version));
    }
    let promote = |slot| {
        let promotion = Promotion { version, signed: signed(None), comparison: fitted.comparison.clone() };
        PromoteModel { slot, name: plan.model.clone(), promotion: Box::new(promotion) }
    };
    let promoted = registry.ask_persistently(deadline, promote).await;
    match promoted.map_err(|error| Ended::failed(error.to_string()))? {
        Ok(_) => Ok(Ended::with(Outcome::Promoted, version)),
        // Worse, equal, the champion already, or overtaken by somebody who promoted another: it stays the challenger.
        Err(
            RegistryError::Promotion(
                PromotionRefused::NotBetter { .. }
                | PromotionRefused::NoEvidence { .. }
                | PromotionRefused::IsChampion(_),
            )
            | RegistryError::ChampionChanged { .. },
        ) => Ok(Ended::with(otherwise, version)),
        Err(error) => Err(Ended { version: Some(version.0), ..Ended::failed(error.to_string()) }),
    }
}

impl Actor for RetrainingActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let registered = self.options.registered.clone();
        let known = async move {
            while !registered.load().is_known() {
                tokio::time::sleep(PATIENCE).await;
            }
        };
        ctx.spawn(known.into_actor(self).map(|(), this, ctx| {
            this.schedule();
            ctx.run_interval(LOOK, Self::look);
        }));
    }
}

impl Handler<StartRetraining> for RetrainingActor {
    type Result = Result<Started, NoSuchPlan>;

    fn handle(&mut self, message: StartRetraining, ctx: &mut Self::Context) -> Self::Result {
        let StartRetraining { slot, model, by } = message;
        drop(slot);
        let plan = self.plan_of(&model)?;
        if self.is_busy_with(plan) {
            return Ok(Started::Already);
        }
        self.queued.push_back((plan, by));
        self.publish_queued();
        self.start_next(ctx);
        Ok(Started::Now)
    }
}

impl Handler<CancelRetraining> for RetrainingActor {
    type Result = Result<bool, NoSuchPlan>;

    fn handle(&mut self, CancelRetraining { slot, model }: CancelRetraining, _: &mut Self::Context) -> Self::Result {
        drop(slot);
        let plan = self.plan_of(&model)?;
        if let Some(run) = self.running.as_ref().filter(|run| run.plan == plan) {
            run.cancelled.store(true, Ordering::Relaxed);
            return Ok(true);
        }
        let waiting = self.queued.len();
        self.queued.retain(|(queued, _)| *queued != plan);
        let was_queued = self.queued.len() < waiting;
        if was_queued {
            let every = self.options.plans.get(plan).map(|plan| plan.every).unwrap_or_default();
            self.change(plan, |standing| {
                standing.stage = Stage::Waiting;
                standing.next_at = now().plus(every);
            });
        }
        Ok(was_queued)
    }
}
