//! What an experiment is, fixed by its first request.
use bellwether_domain::experiments::RewardRange;
use bellwether_domain::types::{ArmName, FeatureName};
use bellwether_models::optimize::bandit::{
    self, BanditError, Experiment, ExperimentOptions, Memory, PolicyKind, PolicyOptions,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most names of a context; the constant 1 joins them.
const MOST_NAMES: usize = 128;
/// Rewards are taken for a day unless the first request says otherwise.
const REWARD_TIMEOUT: Duration = Duration::from_secs(86_400);

/// What a request says of the experiment it asks. Its first request creates it; later ones may leave out everything but
/// the arms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// Arms, the first of which is the baseline unless `baseline` names another.
    pub arms: Vec<ArmName>,
    /// The baseline arm.
    pub baseline: Option<ArmName>,
    /// The policy.
    pub policy: Option<PolicyKind>,
    /// How much the policy explores.
    pub alpha: Option<f64>,
    /// What the policy remembers.
    pub memory: Option<Memory>,
    /// Share of the canary that explores.
    pub explore_share: Option<f64>,
    /// Rewards that count.
    pub reward_range: Option<RewardRange>,
    /// For how long after a decision its reward counts.
    pub reward_timeout: Option<Duration>,
    /// The context, by name.
    pub context: BTreeMap<FeatureName, f64>,
}

/// A field of a request that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct Misfit {
    /// JSON pointer.
    pub pointer: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Misfit {
    pub(super) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// An experiment's fixed part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentSpec {
    /// Its arms.
    pub arms: Vec<ArmName>,
    /// Place of the baseline that the first request named.
    pub baseline: usize,
    /// Names of its context, sorted; the model sees a constant 1 behind them.
    pub context: Vec<FeatureName>,
    /// For how long after a decision its reward counts, in seconds.
    pub reward_timeout_s: u64,
    /// Options of the model.
    pub options: ExperimentOptions,
}

impl ExperimentSpec {
    /// The experiment that a first request describes.
    ///
    /// # Errors
    /// [`Misfit`] for the first field that makes no experiment.
    pub fn new(terms: &Terms) -> Result<Self, Misfit> {
        check_arms(&terms.arms)?;
        let baseline = baseline_of(terms)?;
        if terms.context.len() > MOST_NAMES {
            let message = format!("{} names are too many: use at most {MOST_NAMES}", terms.context.len());
            return Err(Misfit::new("/context", message));
        }
        let kind = terms.policy.unwrap_or_default();
        let refused = |error: BanditError| Misfit::new(pointer_of(&error), error.to_string());
        let mut policy = PolicyOptions::new(kind);
        if let Some(alpha) = terms.alpha {
            policy = policy.with_alpha(alpha).map_err(|error| refused(error.into()))?;
        }
        if let Some(memory) = terms.memory {
            policy = policy.with_memory(memory).map_err(|error| refused(error.into()))?;
        }
        let context: Vec<FeatureName> = terms.context.keys().cloned().collect();
        let options = ExperimentOptions::new(terms.arms.len(), context.len() + 1).map_err(refused)?;
        let mut options = options.with_baseline(baseline).map_err(refused)?.with_policy(policy);
        if let Some(share) = terms.explore_share {
            options = options.with_explore_share(share).map_err(refused)?;
        }
        if let Some(RewardRange { lower, upper }) = terms.reward_range {
            let range = bandit::RewardRange::new(lower, upper).map_err(|error| refused(error.into()))?;
            options = options.with_reward_range(range);
        }
        Experiment::new(options).map_err(refused)?; // what no single field forbids
        let reward_timeout_s = terms.reward_timeout.unwrap_or(REWARD_TIMEOUT).as_secs();
        Ok(Self { arms: terms.arms.clone(), baseline, context, reward_timeout_s, options })
    }

    /// Rewards that count; some policies need a range.
    #[must_use]
    pub fn reward_range(&self) -> Option<RewardRange> {
        self.options.reward_range().map(|range| RewardRange { lower: range.lower(), upper: range.upper() })
    }

    /// Whether a later request speaks of this experiment.
    ///
    /// # Errors
    /// [`Misfit`] for the first field that speaks of another one.
    pub fn check(&self, terms: &Terms) -> Result<(), Misfit> {
        let same_order = terms.arms == self.arms;
        if !same_order {
            check_arms(&terms.arms)?;
            let (given, known): (BTreeSet<&ArmName>, BTreeSet<&ArmName>) =
                (terms.arms.iter().collect(), self.arms.iter().collect());
            if given != known {
                let message =
                    format!("the experiment's arms are {}: use another name for other arms", listed(&self.arms));
                return Err(Misfit::new("/arms", message));
            }
        }
        if !same_order || terms.baseline.is_some() {
            let baseline = terms.baseline.as_ref().or(terms.arms.first());
            if baseline != self.arms.get(self.baseline) {
                let message =
                    format!("the experiment's baseline is {}", listed(&self.arms[self.baseline..=self.baseline]));
                return Err(Misfit::new(if terms.baseline.is_some() { "/baseline" } else { "/arms" }, message));
            }
        }
        let kind = self.options.policy().kind();
        if terms.policy.is_some_and(|policy| policy != kind) {
            return Err(Misfit::new(
                "/policy",
                format!("the experiment runs {kind}: use another name for another policy"),
            ));
        }
        self.check_options(terms)
    }

    /// Options are fixed by the first request: a later one may repeat them.
    fn check_options(&self, terms: &Terms) -> Result<(), Misfit> {
        let policy = self.options.policy();
        let timeout = terms.reward_timeout.map(|timeout| timeout.as_secs());
        let memory = match terms.memory {
            Some(Memory::Window(_)) => "/window",
            _ => "/discount",
        };
        let differs = [
            ("/alpha", terms.alpha.is_some_and(|alpha| alpha != policy.alpha())),
            (memory, terms.memory.is_some_and(|memory| memory != policy.memory())),
            ("/explore_share", terms.explore_share.is_some_and(|share| share != self.options.explore_share())),
            ("/reward_range", terms.reward_range.is_some_and(|range| Some(range) != self.reward_range())),
            ("/reward_timeout_s", timeout.is_some_and(|timeout| timeout != self.reward_timeout_s)),
        ];
        match differs.into_iter().find(|(_, differs)| *differs) {
            Some((pointer, _)) => {
                let message = "the experiment was created with another one: leave it out, or use another name";
                Err(Misfit::new(pointer, message))
            }
            None => Ok(()),
        }
    }

    /// The context as the model sees it; a number beyond 1e50 counts as 1e50.
    ///
    /// # Errors
    /// [`Misfit`] for a name that the experiment does not know, or one that is left out.
    pub fn vector(&self, context: &BTreeMap<FeatureName, f64>) -> Result<Vec<f64>, Misfit> {
        let mut vector = Vec::with_capacity(self.context.len() + 1);
        let mut given = context.iter();
        for name in &self.context {
            match given.next() {
                Some((found, value)) if found == name => vector.push(bandit::within_reach(*value)),
                _ => return Err(self.odd_name(context)),
            }
        }
        if given.next().is_some() {
            return Err(self.odd_name(context));
        }
        vector.push(1.0);
        Ok(vector)
    }

    fn odd_name(&self, context: &BTreeMap<FeatureName, f64>) -> Misfit {
        let names = listed(&self.context);
        if let Some(unknown) = context.keys().find(|name| self.context.binary_search(name).is_err()) {
            let pointer = format!("/context/{}", escaped(unknown.as_str()));
            return Misfit::new(pointer, format!("the experiment's context has no such name; it has {names}"));
        }
        let missing = self.context.iter().find(|name| !context.contains_key(*name));
        let missing = missing.map_or("", FeatureName::as_str);
        Misfit::new("/context", format!("it lacks {missing}: the experiment's context has {names}"))
    }
}

fn check_arms(arms: &[ArmName]) -> Result<(), Misfit> {
    let mut seen = BTreeSet::new();
    match arms.iter().enumerate().find(|(_, arm)| !seen.insert(*arm)) {
        Some((index, arm)) => Err(Misfit::new(format!("/arms/{index}"), format!("the arm {arm} is listed twice"))),
        None => Ok(()),
    }
}

fn baseline_of(terms: &Terms) -> Result<usize, Misfit> {
    let Some(baseline) = &terms.baseline else { return Ok(0) };
    terms.arms.iter().position(|arm| arm == baseline).ok_or_else(|| {
        Misfit::new("/baseline", format!("{baseline} is not among the arms: name one of {}", listed(&terms.arms)))
    })
}

/// The first names, for a message.
fn listed<T: std::fmt::Display>(names: &[T]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(ToString::to_string).collect();
    let more = if names.len() > shown.len() { ", ..." } else { "" };
    if shown.is_empty() { "none".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn pointer_of(error: &BanditError) -> &'static str {
    match error {
        BanditError::Option(out) => match out.name {
            "explore share" => "/explore_share",
            "width of the reward range" => "/reward_range",
            "alpha" => "/alpha",
            "discount" => "/discount",
            "window" => "/window",
            _ => "/arms",
        },
        BanditError::WindowTooLarge { .. } => "/window",
        _ => "/arms",
    }
}
