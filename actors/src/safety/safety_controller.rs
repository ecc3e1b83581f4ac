//! Safety controller: the only owner of the brake, the overrides and the history of violations.
//!
//! Owns      emergency state, overrides, collected release approvals, violation history
//! Takes     [`SetEmergency`], [`AddOverride`], [`RemoveOverride`]: answered when on disk and in force;
//!           [`RecordViolations`], which may be dropped under load
//! Queue     512 messages; a write that finds it full is safe to repeat
//! Restarts  from what it published, then from the store: nothing acknowledged is lost
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Slot, Snapshot, StartError, now};
use crate::store::{LoadState, StateStoreActor, WriteError, commit};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture, WrapFuture};
use bellwether_domain::ports::{StoredState, Write, Written};
use bellwether_domain::safety::{
    ActiveOverrides, EmergencyEntry, EmergencyState, Override, ReleaseApprovals, ReleaseDecision, SafetyPolicy, Scope,
    ViolationHistory, ViolationRecord,
};
use bellwether_domain::types::{Capability, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often history is published and expired overrides are swept.
const HOUSEKEEPING: Duration = Duration::from_millis(100);

/// Pulls or releases the brake of one scope.
#[derive(Debug, Message)]
#[rtype(result = "Result<EmergencyOutcome, WriteError>")]
pub struct SetEmergency {
    /// Place in the queue.
    pub slot: Slot,
    /// The wish; its time is set here.
    pub entry: EmergencyEntry,
    /// Different admins that a release takes.
    pub required_approvals: usize,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmergencyOutcome {
    /// In force, and on disk.
    InForce(EmergencyEntry),
    /// A release that more admins must ask for.
    Waiting {
        /// Admins that asked.
        have: usize,
        /// Admins that must ask.
        need: usize,
    },
}

/// Adds an override.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), WriteError>")]
pub struct AddOverride {
    /// Place in the queue.
    pub slot: Slot,
    /// The override.
    pub given: Override,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// Removes an override; the answer says whether there was one.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, WriteError>")]
pub struct RemoveOverride {
    /// Place in the queue.
    pub slot: Slot,
    /// Its identity.
    pub id: String,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// Adds to the history.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct RecordViolations {
    /// Place in the queue.
    pub slot: Slot,
    /// In order.
    pub records: Vec<ViolationRecord>,
}

/// What every answer is judged by; immutable, swapped by its owner.
#[derive(Debug, Clone)]
pub struct SafetyInForce {
    /// Checks and fallbacks.
    pub policy: Arc<SafetyPolicy>,
    /// The brake.
    pub emergency: EmergencyState,
    /// Overrides; those that have expired are passed over by the judgement.
    pub overrides: ActiveOverrides,
}

/// What `/safety/status` says of the past.
#[derive(Debug, Clone, Default)]
pub struct HistoryView {
    /// Latest first.
    pub recent: Vec<ViolationRecord>,
    /// Violations by model, check and level word.
    pub counts: Vec<(Capability, String, &'static str, u64)>,
}

/// What the controller needs.
#[derive(Debug, Clone)]
pub struct SafetyControllerOptions {
    /// What it publishes.
    pub in_force: Snapshot<SafetyInForce>,
    /// The history it publishes.
    pub history: Snapshot<HistoryView>,
    /// Violations remembered.
    pub history_size: usize,
    /// Where changes become durable.
    pub store: Handle<StateStoreActor>,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// The actor.
#[derive(Debug)]
pub struct SafetyController {
    options: SafetyControllerOptions,
    emergency: EmergencyState,
    overrides: ActiveOverrides,
    approvals: ReleaseApprovals,
    history: ViolationHistory,
    history_changed: bool,
    last_change: Timestamp,
}

crate::answers_heartbeat!(SafetyController);

impl SafetyController {
    /// A factory for the supervisor.
    pub fn factory(options: SafetyControllerOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let in_force = options.in_force.load_full();
            let mut history = ViolationHistory::new(options.history_size);
            options.history.load().recent.iter().rev().for_each(|record| history.record(record.clone()));
            Ok(Self {
                options: options.clone(),
                emergency: in_force.emergency.clone(),
                overrides: in_force.overrides.clone(),
                approvals: ReleaseApprovals::new(),
                history,
                history_changed: false,
                last_change: Timestamp::from_nanoseconds(i64::MIN),
            })
        }
    }

    /// A time later than that of every change before, so that the order of changes is that of their times.
    fn next_change(&mut self) -> Timestamp {
        self.last_change = now().max(self.last_change.plus(Duration::from_nanos(1)));
        self.last_change
    }

    /// Takes what is on disk into account; what is newer here stays.
    fn adopt(&mut self, stored: StoredState) {
        for entry in stored.emergency {
            self.apply(entry);
        }
        stored.overrides.into_iter().for_each(|one| self.overrides.add(one));
        self.overrides.expire(now());
        self.publish();
    }

    fn apply(&mut self, entry: EmergencyEntry) {
        if self.emergency.entry(&entry.scope).is_none_or(|known| known.since <= entry.since) {
            self.last_change = self.last_change.max(entry.since);
            if entry.active {
                self.approvals.engaged(&entry.scope);
            }
            self.emergency.apply(entry);
        }
    }

    fn publish(&self) {
        let policy = Arc::clone(&self.options.in_force.load().policy);
        let (emergency, overrides) = (self.emergency.clone(), self.overrides.clone());
        self.options.in_force.publish(Arc::new(SafetyInForce { policy, emergency, overrides }));
        self.measure();
    }

    /// The gauge per scope; services are counted together, their number is not bounded.
    fn measure(&self) {
        let mut active: BTreeMap<String, f64> =
            BTreeMap::from([("global".to_owned(), 0.0), ("service".to_owned(), 0.0)]);
        active.extend(Capability::ALL.map(|model| (format!("model:{model}"), 0.0)));
        for entry in self.emergency.entries().filter(|entry| entry.active) {
            let scope = match &entry.scope {
                Scope::Service(_) => "service".to_owned(),
                other => other.to_string(),
            };
            *active.entry(scope).or_default() += 1.0;
        }
        for (scope, count) in active {
            metrics::gauge!("safety_emergency_active", "scope" => scope).set(count);
        }
    }

    fn reload(&self, ctx: &mut Context<Self>) {
        let store = self.options.store.clone();
        let load = async move { store.ask(Instant::now() + Duration::from_secs(5), |slot| LoadState { slot }).await };
        ctx.spawn(load.into_actor(self).map(|stored, this, ctx| match stored {
            Ok(Ok(stored)) => this.adopt(stored),
            Ok(Err(error)) => tracing::error!(failure = %error, "the safety state could not be read back"),
            Err(_) => {
                ctx.run_later(Duration::from_millis(200), |this, ctx| this.reload(ctx));
            }
        }));
    }

    fn housekeeping(&mut self, ctx: &mut Context<Self>) {
        if std::mem::take(&mut self.history_changed) {
            let recent = self.history.recent().cloned().collect();
            let count = |one: bellwether_domain::safety::ViolationCount<'_>| {
                (one.model, one.check.to_owned(), one.level.as_str(), one.count)
            };
            let counts = self.history.counts().map(count).collect();
            self.options.history.publish(Arc::new(HistoryView { recent, counts }));
        }
        let expired = self.overrides.expire(now());
        if expired.is_empty() {
            return;
        }
        self.publish();
        for Override { id, .. } in expired {
            tracing::info!(override_id = id, "an override has expired");
            let removal =
                commit(&self.options.store, Instant::now() + Duration::from_secs(5), Write::RemoveOverride { id });
            ctx.spawn(removal.into_actor(self).map(|removed, _, _| {
                if let Err(error) = removed {
                    tracing::warn!(failure = %error, "an expired override stays on disk until the next start");
                }
            }));
        }
    }

    fn struck(&self) -> bool {
        matches!(self.options.faults.strike_thread(), Injected::Hang(_) | Injected::Error)
    }
}

impl Actor for SafetyController {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.measure();
        self.reload(ctx);
        ctx.run_interval(HOUSEKEEPING, Self::housekeeping);
    }
}

impl Handler<SetEmergency> for SafetyController {
    type Result = ResponseActFuture<Self, Result<EmergencyOutcome, WriteError>>;

    fn handle(&mut self, message: SetEmergency, _: &mut Self::Context) -> Self::Result {
        let SetEmergency { slot, mut entry, required_approvals, deadline } = message;
        if self.struck() {
            return Box::pin(async { Err(WriteError::Injected) }.into_actor(self));
        }
        if !entry.active {
            let decision =
                self.approvals.request_release(&self.emergency, &entry.scope, &entry.by, required_approvals, now());
            if let ReleaseDecision::Waiting { have, need } = decision {
                return Box::pin(async move { Ok(EmergencyOutcome::Waiting { have, need }) }.into_actor(self));
            }
        }
        entry.since = self.next_change();
        let committed = commit(&self.options.store, deadline, Write::Emergency(entry.clone()));
        Box::pin(committed.into_actor(self).map(move |committed, this, _| {
            drop(slot);
            committed?;
            tracing::warn!(scope = %entry.scope, active = entry.active, by = entry.by, reason = entry.reason, "emergency mode was set");
            this.apply(entry.clone());
            this.publish();
            Ok(EmergencyOutcome::InForce(entry))
        }))
    }
}

impl Handler<AddOverride> for SafetyController {
    type Result = ResponseActFuture<Self, Result<(), WriteError>>;

    fn handle(&mut self, AddOverride { slot, given, deadline }: AddOverride, _: &mut Self::Context) -> Self::Result {
        if self.struck() {
            return Box::pin(async { Err(WriteError::Injected) }.into_actor(self));
        }
        let committed = commit(&self.options.store, deadline, Write::AddOverride(given.clone()));
        Box::pin(committed.into_actor(self).map(move |committed, this, _| {
            drop(slot);
            committed?;
            tracing::warn!(model = %given.model, override_id = given.id, by = given.by, reason = given.reason, "an override was set");
            this.overrides.add(given);
            this.publish();
            Ok(())
        }))
    }
}

impl Handler<RemoveOverride> for SafetyController {
    type Result = ResponseActFuture<Self, Result<bool, WriteError>>;

    fn handle(&mut self, RemoveOverride { slot, id, deadline }: RemoveOverride, _: &mut Self::Context) -> Self::Result {
        if self.struck() {
            return Box::pin(async { Err(WriteError::Injected) }.into_actor(self));
        }
        let committed = commit(&self.options.store, deadline, Write::RemoveOverride { id: id.clone() });
        Box::pin(committed.into_actor(self).map(move |committed, this, _| {
            drop(slot);
            let on_disk = committed? == Written::Done;
            let in_memory = this.overrides.remove(&id).is_some();
            this.publish();
            Ok(on_disk || in_memory)
        }))
    }
}

impl Handler<RecordViolations> for SafetyController {
    type Result = ();

    fn handle(&mut self, RecordViolations { slot, records }: RecordViolations, _: &mut Self::Context) {
        drop(slot);
        records.into_iter().for_each(|record| self.history.record(record));
        self.history_changed = true;
    }
}
