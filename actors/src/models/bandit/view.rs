//! Experiments as everybody may read them: no lock, no message, no IO; published before a write is acknowledged.
use super::live::{LiveExperiment, Standing};
use super::spec::ExperimentSpec;
use crate::learning::{Owners, Ownership};
use crate::runtime::Snapshot;
use bellwether_domain::types::{ArmName, ExperimentName, Timestamp};
use bellwether_models::optimize::bandit::{ArmReport, Standing as ArmStanding};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentView {
    /// Its name.
    pub name: ExperimentName,
    /// Its fixed part.
    pub spec: Arc<ExperimentSpec>,
    /// Where it stands.
    pub standing: Standing,
    /// Place of the baseline now.
    pub baseline: usize,
    /// When it was created.
    pub created_at: Timestamp,
    /// When somebody last changed it.
    pub changed_at: Timestamp,
    /// Who.
    pub changed_by: String,
    /// Decisions made.
    pub rounds: u64,
    /// Rewards learnt from.
    pub model_version: u64,
    /// Share of the shadow's picks that were the baseline's, when there were any.
    pub shadow_agreement: Option<f64>,
    /// One report for each arm.
    pub arms: Vec<ArmReport>,
}

impl ExperimentView {
    pub(super) fn of(name: &ExperimentName, live: &LiveExperiment) -> Self {
        let LiveExperiment { spec, standing, created_at, changed_at, changed_by, model, learnt } = live;
        Self {
            name: name.clone(),
            spec: Arc::clone(spec),
            standing: *standing,
            baseline: model.baseline(),
            created_at: *created_at,
            changed_at: *changed_at,
            changed_by: changed_by.clone(),
            rounds: model.rounds(),
            model_version: *learnt,
            shadow_agreement: model.shadow_agreement(),
            arms: model.arms(),
        }
    }

    /// Name of an arm.
    #[must_use]
    pub fn arm(&self, place: usize) -> Option<&ArmName> {
        self.spec.arms.get(place)
    }
}

type Directory = BTreeMap<ExperimentName, Snapshot<ExperimentView>>;

/// Reads experiments from any thread; clones share everything.
#[derive(Debug, Clone)]
pub struct BanditReader {
    directory: Snapshot<Directory>,
    /// Which owner may publish: the latest.
    owners: Owners,
}

impl Default for BanditReader {
    fn default() -> Self {
        Self { directory: Snapshot::new(Directory::new()), owners: Owners::default() }
    }
}

impl BanditReader {
    /// One experiment.
    #[must_use]
    pub fn experiment(&self, name: &ExperimentName) -> Option<Arc<ExperimentView>> {
        self.directory.load().get(name).map(Snapshot::load_full)
    }

    /// All of them, by name.
    #[must_use]
    pub fn experiments(&self) -> Vec<Arc<ExperimentView>> {
        self.directory.load().values().map(Snapshot::load_full).collect()
    }

    /// Makes the caller the only one who may publish.
    pub(super) fn own(&self) -> Ownership {
        self.owners.begin()
    }

    pub(super) fn publish(&self, ownership: Ownership, view: ExperimentView) {
        if !self.owners.is_latest(ownership) {
            return;
        }
        let directory = self.directory.load();
        match directory.get(&view.name) {
            Some(cell) => cell.publish(Arc::new(view)),
            None => {
                let mut wider = Directory::clone(&directory);
                wider.insert(view.name.clone(), Snapshot::new(view));
                self.directory.publish(Arc::new(wider));
            }
        }
    }

    /// Publishes all at once, after a restart.
    pub(super) fn publish_all(&self, ownership: Ownership, views: impl Iterator<Item = ExperimentView>) {
        if !self.owners.is_latest(ownership) {
            return;
        }
        let cells = views.map(|view| (view.name.clone(), Snapshot::new(view)));
        self.directory.publish(Arc::new(cells.collect()));
    }
}

/// The word for an arm's standing.
#[must_use]
pub const fn arm_standing(standing: ArmStanding) -> &'static str {
    match standing {
        ArmStanding::Baseline => "baseline",
        ArmStanding::Eligible => "eligible",
        ArmStanding::ProvenWorse => "proven_worse",
        ArmStanding::ProvenBetter => "proven_better",
    }
}
