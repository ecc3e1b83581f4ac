//! Bandit: the only owner of every experiment.
//!
//! Owns      experiments with their models, and the bandit's log
//! Takes     `Decide`, `Reward`, `ChangeExperiment`: each answered when what it did is on disk; `SaveExperiments`
//! Queue     1,024 messages; the next caller of a decision gets the baseline, a reward is sent again
//! Restarts  from the last snapshot and the log behind it: it is then what it was, bit for bit
use super::experiments::Experiments;
use super::live::LiveExperiment;
use super::receipt::Receipt;
use super::view::BanditReader;
use crate::learning::{self, CaughtUp, Journal, Learns, NotKept, Ownership, ReadsParts, Settled};
use crate::runtime::{Birth, FaultPoint, Handle, Injected, StartError, now};
use crate::store::{Commit, StateStoreActor};
use actix::{Actor, AsyncContext, Context};
use bellwether_domain::experiments::Decision;
use bellwether_domain::ports::{Append, Appended, Learner, LoggedEntry, SnapshotPart, Write};
use bellwether_domain::types::ExperimentName;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Series of `bandit_decisions_total`; what comes later is counted together.
const MOST_SERIES: usize = 1_000;
/// How often snapshots are taken when there is little to do.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(5);
/// How long decisions are kept, and how often some thousand older ones are forgotten.
const KEPT: Duration = Duration::from_secs(8 * 86_400);
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// What the owner needs.
#[derive(Debug, Clone)]
pub struct BanditOptions {
    /// Where the log is.
    pub store: Handle<StateStoreActor>,
    /// Where experiments are published.
    pub reader: BanditReader,
    /// Whether it has caught up.
    pub caught_up: CaughtUp,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// The actor.
pub struct BanditActor {
    options: BanditOptions,
    ownership: Ownership,
    pub(super) journal: Journal<Receipt>,
    pub(super) experiments: Experiments,
    /// Created, but not durable yet.
    pub(super) staged: HashMap<ExperimentName, LiveExperiment>,
    /// The latest round of each experiment that is on its way to the disk.
    pub(super) rounds: HashMap<ExperimentName, u64>,
    pub(super) identities: ulid::Generator,
    counters: HashMap<(ExperimentName, u32), metrics::Counter>,
}

impl std::fmt::Debug for BanditActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BanditActor").field("experiments", &self.experiments.len()).finish_non_exhaustive()
    }
}

crate::answers_heartbeat!(BanditActor);

impl BanditActor {
    /// A factory for the supervisor.
    pub fn factory(options: BanditOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            Ok(Self {
                ownership: options.reader.own(),
                journal: Journal::new(options.store.clone(), options.caught_up.clone()),
                options: options.clone(),
                experiments: Experiments::default(),
                staged: HashMap::new(),
                rounds: HashMap::new(),
                identities: ulid::Generator::new(),
                counters: HashMap::new(),
            })
        }
    }

    fn count(&mut self, decision: &Decision) {
        let key = (decision.experiment.clone(), decision.arm);
        if let Some(counter) = self.counters.get(&key) {
            counter.increment(1);
            return;
        }
        let arm = self.experiments.get(&key.0).and_then(|live| live.spec.arms.get(decision.arm as usize));
        let (experiment, arm) = match arm {
            Some(arm) if self.counters.len() < MOST_SERIES => (key.0.to_string(), arm.to_string()),
            _ => ("other".to_owned(), "other".to_owned()),
        };
        let counter = metrics::counter!("bandit_decisions_total", "experiment" => experiment, "arm" => arm);
        counter.increment(1);
        if self.counters.len() < MOST_SERIES {
            self.counters.insert(key, counter);
        }
    }

    /// An injected fault that keeps the message from being handled.
    pub(super) fn struck(&self) -> Option<Injected> {
        let injected = self.options.faults.strike_thread();
        (!matches!(injected, Injected::Nothing | Injected::Slow(_))).then_some(injected)
    }
}

impl Learns for BanditActor {
    const LEARNER: Learner = Learner::Bandit;
    type Receipt = Receipt;
    type Restored = Vec<SnapshotPart>;

    fn journal(&mut self) -> &mut Journal<Receipt> {
        &mut self.journal
    }

    fn reads_parts(&self) -> ReadsParts<Vec<SnapshotPart>> {
        Box::new(|parts| parts)
    }

    fn restore(&mut self, parts: Vec<SnapshotPart>) -> Result<(), String> {
        self.experiments.restore(parts)
    }

    fn replay(&mut self, entry: LoggedEntry) {
        match entry {
            LoggedEntry::Decision(decision) => self.experiments.decided(&decision),
            LoggedEntry::Reward { decision, value } => self.experiments.rewarded(&decision, value),
            LoggedEntry::Event(event) => self.experiments.happened(&event),
            LoggedEntry::Value(_) => {} // another learner's
        }
    }

    fn settle(&mut self, entries: Vec<Settled<Receipt>>) {
        let (mut answers, mut touched) = (Vec::with_capacity(entries.len()), BTreeSet::new());
        for Settled { entry, outcome, receipt } in entries {
            match (&entry, &outcome) {
                (Append::Decision(decision), _) => {
                    self.experiments.decided(decision);
                    self.count(decision);
                    touched.insert(decision.experiment.clone());
                }
                (Append::Reward { value, .. }, Appended::Rewarded(decision)) => {
                    self.experiments.rewarded(decision, *value);
                    touched.insert(decision.experiment.clone());
                }
                (Append::Event(event), _) => {
                    self.experiments.happened(event);
                    self.staged.remove(&event.experiment);
                    touched.insert(event.experiment.clone());
                }
                _ => {}
            }
            answers.push((receipt, outcome));
        }
        // Whoever is told that a write is durable finds it when reading.
        for view in touched.iter().filter_map(|name| self.experiments.view(name)) {
            self.options.reader.publish(self.ownership, view);
        }
        answers.into_iter().for_each(|(receipt, outcome)| receipt.fulfil(outcome));
    }

    fn refuse(&mut self, receipts: Vec<Receipt>, why: &NotKept) {
        self.staged.clear();
        self.rounds.clear();
        receipts.into_iter().for_each(|receipt| receipt.refuse(why));
    }

    fn caught_up(&mut self, _: &mut Context<Self>) {
        self.rounds.clear();
        self.options.reader.publish_all(self.ownership, self.experiments.views());
    }

    fn changed_parts(&mut self) -> Vec<SnapshotPart> {
        self.experiments.changed_parts()
    }

    fn parts_not_kept(&mut self, parts: Vec<SnapshotPart>) {
        self.experiments.parts_not_kept(&parts);
    }
}

impl Actor for BanditActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        learning::begin(self, ctx);
        learning::snapshot_every(self, ctx, SNAPSHOT_EVERY);
        ctx.run_interval(FORGET_EVERY, |this, _| {
            let forget = Write::ForgetDecisionsBefore(now().minus(KEPT));
            if let Err(unavailable) = this.options.store.tell(|slot| Commit { slot, write: forget }) {
                tracing::debug!(reason = %unavailable, "old decisions stay a little longer");
            }
        });
    }
}
