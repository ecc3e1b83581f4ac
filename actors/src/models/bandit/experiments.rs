//! Every experiment, as the log up to some position makes it.
use super::live::{Change, LiveExperiment};
use super::spec::ExperimentSpec;
use super::view::ExperimentView;
use bellwether_domain::experiments::{Decision, ExperimentEvent};
use bellwether_domain::ports::SnapshotPart;
use bellwether_domain::types::ExperimentName;
use std::collections::{BTreeSet, HashMap};

/// Most experiments, retired ones too.
const MOST_EXPERIMENTS: usize = 10_000;
/// Numbers that all models may hold together: 128 MiB.
const MOST_NUMBERS: usize = 1 << 24;

/// The experiments, and which of them changed since the last snapshot.
#[derive(Debug, Default)]
pub(super) struct Experiments {
    known: HashMap<ExperimentName, LiveExperiment>,
    changed: BTreeSet<ExperimentName>,
    numbers: usize,
}

impl Experiments {
    pub(super) fn get(&self, name: &ExperimentName) -> Option<&LiveExperiment> {
        self.known.get(name)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Why there is no room for `spec` besides `staged` others, if so.
    pub(super) fn no_room_for(&self, spec: &ExperimentSpec, staged: usize) -> Option<String> {
        let count = self.known.len() + staged;
        if count >= MOST_EXPERIMENTS {
            return Some(format!("there are {count} experiments: no more than {MOST_EXPERIMENTS} have room"));
        }
        let numbers = self.numbers + numbers_of(spec);
        (numbers > MOST_NUMBERS).then(|| {
            format!("all models together would hold {numbers} numbers, arms x context^2 each: {MOST_NUMBERS} have room")
        })
    }

    /// An event is in the log.
    pub(super) fn happened(&mut self, event: &ExperimentEvent) {
        let ExperimentEvent { experiment, at, by, document } = event;
        let change = match serde_json::from_str::<Change>(document) {
            Ok(change) => change,
            Err(error) => {
                tracing::error!(failure = %error, %experiment, "an event of the log cannot be read");
                return;
            }
        };
        match (self.known.get_mut(experiment), change) {
            (Some(live), change) => live.change(&change, *at, by),
            (None, Change::Created(spec)) => match LiveExperiment::new(*spec, *at, by) {
                Ok(live) => self.add(experiment.clone(), live),
                Err(error) => tracing::error!(failure = %error, %experiment, "an experiment of the log makes none"),
            },
            (None, _) => tracing::error!(%experiment, "an event of the log is about an unknown experiment"),
        }
        self.touch(experiment);
    }

    /// A decision is in the log.
    pub(super) fn decided(&mut self, decision: &Decision) {
        if let Some(live) = self.known.get_mut(&decision.experiment) {
            live.decided(decision);
            self.touch(&decision.experiment);
        }
    }

    /// A reward is in the log.
    pub(super) fn rewarded(&mut self, decision: &Decision, value: f64) {
        if let Some(live) = self.known.get_mut(&decision.experiment) {
            live.rewarded(decision, value);
            self.touch(&decision.experiment);
        }
    }

    fn add(&mut self, name: ExperimentName, live: LiveExperiment) {
        self.numbers += numbers_of(&live.spec);
        self.known.insert(name, live);
    }

    pub(super) fn touch(&mut self, experiment: &ExperimentName) {
        if !self.changed.contains(experiment) {
            self.changed.insert(experiment.clone());
        }
    }

    /// Becomes what a snapshot says, or empty if a part of it cannot be read.
    pub(super) fn restore(&mut self, parts: Vec<SnapshotPart>) -> Result<(), String> {
        *self = Self::default();
        let mut restored = Self::default();
        for SnapshotPart { name, state } in parts {
            let live = postcard::from_bytes(state.as_deref().unwrap_or_default());
            let live = live.map_err(|error| format!("experiment {name}: {error}"))?;
            restored.add(ExperimentName::new(&name).map_err(|error| error.to_string())?, live);
        }
        *self = restored;
        Ok(())
    }

    /// The experiments that changed since this was last asked.
    pub(super) fn changed_parts(&mut self) -> Vec<SnapshotPart> {
        let names = std::mem::take(&mut self.changed);
        let part = |name: ExperimentName| match postcard::to_stdvec(self.known.get(&name)?) {
            Ok(state) => Some(SnapshotPart { name: name.as_str().to_owned(), state: Some(state) }),
            Err(error) => {
                tracing::error!(failure = %error, experiment = %name, "an experiment cannot be written down");
                None
            }
        };
        names.into_iter().filter_map(part).collect()
    }

    /// These parts were not kept: they still differ from the last snapshot.
    pub(super) fn parts_not_kept(&mut self, parts: &[SnapshotPart]) {
        self.changed.extend(parts.iter().filter_map(|part| ExperimentName::new(&part.name).ok()));
    }

    pub(super) fn view(&self, name: &ExperimentName) -> Option<ExperimentView> {
        self.known.get(name).map(|live| ExperimentView::of(name, live))
    }

    pub(super) fn views(&self) -> impl Iterator<Item = ExperimentView> {
        self.known.iter().map(|(name, live)| ExperimentView::of(name, live))
    }
}

const fn numbers_of(spec: &ExperimentSpec) -> usize {
    let dimension = spec.context.len() + 1;
    spec.arms.len() * dimension * dimension
}
