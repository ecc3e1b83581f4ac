//! `GET /models/bandit[/{experiment}]`: what experiments have found out.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::Worker;
use super::super::super::{Access, Problem};
use super::{named, unknown};
use actix_web::web;
use bellwether_actors::models::bandit::{ExperimentView, arm_standing};
use bellwether_domain::types::{ArmName, FeatureName, Role};
use bellwether_models::optimize::bandit::{ArmReport, Interval, Memory};
use serde::Serialize;
use utoipa::ToSchema;

/// The route of all.
pub const LIST: Endpoint = Endpoint::new(Verb::Get, "/models/bandit", Access::AtLeast(Role::Viewer), || web::to(list));
/// The route of one.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/models/bandit/{experiment}", Access::AtLeast(Role::Viewer), || web::to(get));

/// All experiments.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentList {
    /// By name.
    experiments: Vec<ExperimentSummary>,
}

/// One experiment in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentSummary {
    /// Its name.
    experiment: String,
    /// `running`, `paused`, `frozen` or `retired`.
    state: &'static str,
    /// The policy.
    policy: &'static str,
    /// The baseline now.
    baseline: String,
    /// Decisions made.
    decisions: u64,
    /// Rewards that count.
    rewards: u64,
}

/// One experiment.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentDetails {
    /// In short.
    #[serde(flatten)]
    summary: ExperimentSummary,
    /// Names of the context.
    #[schema(value_type = Vec<String>)]
    context: Vec<FeatureName>,
    /// How much the policy explores.
    alpha: f64,
    /// Weight of a reward per decision since, if the policy forgets by it.
    discount: Option<f64>,
    /// Decisions whose rewards count, if the policy forgets by it.
    window: Option<u64>,
    /// Share of the canary that every challenger gets alike.
    explore_share: f64,
    /// For how many seconds after a decision its reward counts.
    reward_timeout_s: u64,
    /// Rewards that the policy has learnt from.
    learnt_rewards: u64,
    /// Share of shadow decisions in which the policy would have served the baseline.
    shadow_agreement: Option<f64>,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When somebody last changed it.
    #[schema(format = DateTime)]
    changed_at: String,
    /// Who did.
    changed_by: String,
    /// What is known of each arm.
    arms: Vec<ArmDetails>,
}

/// What is known of an arm.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArmDetails {
    /// Its name.
    arm: String,
    /// `baseline`, `eligible`, `proven_better` or `proven_worse`; the last is not served any more.
    standing: &'static str,
    /// Decisions that served it.
    decisions: u64,
    /// Rewards of these.
    rewards: u64,
    /// Decisions without a reward.
    pending: u64,
    /// Mean of its rewards.
    mean_reward: Option<f64>,
    /// Bounds of that mean, valid at every moment.
    interval: Option<Bounds>,
    /// Bounds of its mean minus the baseline's, over all contexts; valid at every moment.
    difference: Option<Bounds>,
}

/// Bounds that hold with probability 0.95.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bounds {
    /// Lower.
    lower: f64,
    /// Upper.
    upper: f64,
}

impl From<Interval> for Bounds {
    fn from(Interval { lower, upper }: Interval) -> Self {
        Self { lower, upper }
    }
}

impl From<&ExperimentView> for ExperimentSummary {
    fn from(view: &ExperimentView) -> Self {
        Self {
            experiment: view.name.to_string(),
            state: view.standing.as_str(),
            policy: view.spec.options.policy().kind().name(),
            baseline: view.arm(view.baseline).map(ToString::to_string).unwrap_or_default(),
            decisions: view.arms.iter().map(|arm| arm.decisions).sum(),
            rewards: view.arms.iter().map(|arm| arm.rewards).sum(),
        }
    }
}

impl From<&ExperimentView> for ExperimentDetails {
    fn from(view: &ExperimentView) -> Self {
        let options = view.spec.options;
        let (discount, window) = match options.policy().memory() {
            Memory::Full => (None, None),
            Memory::Discount(gamma) => (Some(gamma), None),
            Memory::Window(rounds) => (None, Some(rounds)),
        };
        Self {
            summary: view.into(),
            context: view.spec.context.clone(),
            alpha: options.policy().alpha(),
            discount,
            window,
            explore_share: options.explore_share(),
            reward_timeout_s: view.spec.reward_timeout_s,
            learnt_rewards: view.model_version,
            shadow_agreement: view.shadow_agreement,
            created_at: view.created_at.to_string(),
            changed_at: view.changed_at.to_string(),
            changed_by: view.changed_by.clone(),
            arms: view.spec.arms.iter().zip(&view.arms).map(arm).collect(),
        }
    }
}

fn arm((name, report): (&ArmName, &ArmReport)) -> ArmDetails {
    ArmDetails {
        arm: name.to_string(),
        standing: arm_standing(report.standing),
        decisions: report.decisions,
        rewards: report.rewards,
        pending: report.decisions.saturating_sub(report.rewards),
        mean_reward: report.mean_reward,
        interval: report.interval.map(Bounds::from),
        difference: report.difference.map(Bounds::from),
    }
}

/// All experiments, in short.
#[utoipa::path(
    get, path = "/models/bandit", tag = "models",
    responses((status = 200, description = "Every experiment, by name.", body = ExperimentList))
)]
pub(crate) async fn list(worker: web::Data<Worker>) -> Result<web::Json<ExperimentList>, Problem> {
    let views = worker.services.experiments.experiments();
    Ok(web::Json(ExperimentList { experiments: views.iter().map(|view| (&**view).into()).collect() }))
}

/// One experiment: its arms with their rewards, and what is proven.
#[utoipa::path(
    get, path = "/models/bandit/{experiment}", tag = "models",
    params(("experiment" = String, Path, description = "Name of the experiment.")),
    responses((status = 200, description = "The experiment.", body = ExperimentDetails))
)]
pub(crate) async fn get(
    worker: web::Data<Worker>,
    experiment: web::Path<String>,
) -> Result<web::Json<ExperimentDetails>, Problem> {
    let name = named(&experiment)?;
    let view = worker.services.experiments.experiment(&name).ok_or_else(|| unknown(&name))?;
    Ok(web::Json((&*view).into()))
}
