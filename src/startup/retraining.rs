//! Retraining: its actor, and the files that the settings name.
use super::tree::TIMER_FAULTS;
use crate::cli::{Refusal, training_fingerprint, training_table, validation_rows};
use crate::settings::{BoostingParameters, Promote, Retraining};
use anyhow::Context as _;
use bellwether_actors::registry::{ModelRegistryActor, RegistryView, ValidationRows};
use bellwether_actors::retraining::{
    PromotionPolicy, RetrainingActor, RetrainingOptions, RetrainingPlan, RetrainingView, TrainingInput, TrainingSource,
};
use bellwether_actors::runtime::{
    Child, ChildSpec, ComputePool, Handle, Heartbeat, Placement, Snapshot, SupervisionOptions,
};
use bellwether_models::tail::boosting::{BoostedTrees, Options, Parameters};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Wishes that may wait.
const QUEUE: usize = 16;

/// The actor, and how it is reached.
pub(super) struct Grown {
    pub(super) child: Arc<dyn Child>,
    pub(super) handle: Handle<RetrainingActor>,
    pub(super) view: Snapshot<RetrainingView>,
}

/// Builds it; nothing runs yet.
///
/// # Errors
/// A retraining of the settings that cannot be, or a system that gives no thread.
pub(super) fn grow(
    settings: &[Retraining],
    supervision: &SupervisionOptions,
    placement: Placement,
    heartbeat: Heartbeat,
    (registry, registered): (&Handle<ModelRegistryActor>, &Snapshot<RegistryView>),
) -> anyhow::Result<Grown> {
    let mut plans: Vec<RetrainingPlan> = Vec::new();
    for one in settings {
        let plan = plan(one)?;
        if plans.iter().any(|other| other.model == plan.model) {
            let what = format!("the settings name two retrainings of model {}", plan.model);
            return Err(Refusal::new(what, "remove one [[retraining]], or give it another model's name").into());
        }
        plans.push(plan);
    }
    let (handle, view) = (Handle::new("retraining".into(), QUEUE), Snapshot::new(RetrainingView::new()));
    let options = RetrainingOptions {
        plans,
        registry: registry.clone(),
        registered: registered.clone(),
        view: view.clone(),
        background: ComputePool::in_background("retraining").context("starting the retraining's thread")?,
        faults: supervision.faults.point(handle.actor(), TIMER_FAULTS),
    };
    let factory = RetrainingActor::factory(options);
    let child = ChildSpec::new(&supervision.board, &handle, None, placement, heartbeat, factory);
    Ok(Grown { child, handle, view })
}

fn plan(settings: &Retraining) -> Result<RetrainingPlan, Refusal> {
    let parameters = parameters(settings);
    let named = named(&parameters);
    let options = Options::new(parameters).map_err(|error| {
        let what = format!("the retraining of model {} cannot be: {error}", settings.model);
        Refusal::new(what, "mend this [[retraining]] in the settings")
    })?;
    Ok(RetrainingPlan {
        model: settings.model.clone(),
        every: settings.every_s.duration(),
        promote: match settings.promote {
            Promote::IfBetter => PromotionPolicy::IfBetter,
            Promote::Never => PromotionPolicy::Never,
        },
        options,
        parameters: named,
        source: Arc::new(Files {
            data: settings.data.clone(),
            validation: settings.validation.clone(),
            target: settings.target.clone(),
            categorical: settings.categorical.clone(),
            ignored: settings.ignore.clone(),
            seed: settings.parameters.seed.unwrap_or_default(),
        }),
    })
}

/// Training's defaults, except for what the settings say.
fn parameters(settings: &Retraining) -> Parameters {
    let default = Parameters::default();
    let BoostingParameters { rounds, learning_rate, max_depth, min_child_weight, max_bin, subsample, seed } =
        settings.parameters;
    Parameters {
        quantiles: settings.quantiles.clone(),
        rounds: rounds.map_or(default.rounds, |rounds| rounds.as_usize()),
        learning_rate: learning_rate.unwrap_or(default.learning_rate),
        max_depth: max_depth.map_or(default.max_depth, |depth| u32::try_from(depth.get()).ok()),
        min_child_weight: min_child_weight.or(default.min_child_weight),
        max_bin: max_bin.map_or(default.max_bin, |bins| bins.as_usize()),
        subsample: subsample.unwrap_or(default.subsample),
        seed: seed.unwrap_or(default.seed),
        ..default
    }
}

fn named(parameters: &Parameters) -> BTreeMap<String, String> {
    let or_default = |value: Option<String>| value.unwrap_or_else(|| "default".to_owned());
    let all = [
        ("rounds", parameters.rounds.to_string()),
        ("learning_rate", parameters.learning_rate.to_string()),
        ("max_depth", or_default(parameters.max_depth.map(|depth| depth.to_string()))),
        ("min_child_weight", or_default(parameters.min_child_weight.map(|weight| weight.to_string()))),
        ("max_bin", parameters.max_bin.to_string()),
        ("subsample", parameters.subsample.to_string()),
        ("seed", parameters.seed.to_string()),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The files of one retraining.
#[derive(Debug)]
struct Files {
    data: PathBuf,
    validation: PathBuf,
    target: String,
    categorical: Vec<String>,
    ignored: Vec<String>,
    seed: u64,
}

impl TrainingSource for Files {
    fn training(&self) -> Result<TrainingInput, String> {
        let table = training_table(&self.data, &self.target, &self.categorical, &self.ignored).map_err(one_line)?;
        let (data, sample) = training_fingerprint(&self.data, &self.target, self.seed).map_err(one_line)?;
        Ok(TrainingInput { table, data, sample })
    }

    fn validation(&self, model: &BoostedTrees) -> Result<ValidationRows, String> {
        validation_rows(&self.validation, &self.target, model).map_err(one_line)
    }
}

fn one_line(refusal: Refusal) -> String {
    refusal.to_string().replace('\n', " ")
}
