//! `POST /models/bandit`: which arm to serve, and with which probability it was drawn.
use super::super::super::envelope::{EnvelopeSchema, UsedFeature};
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker};
use super::super::super::strict_json::{Check, StrictJson};
use super::super::super::{Access, FieldError, Problem, RequestContext};
use super::super::answer::{Asked, Describe, answer, failure_of};
use super::super::{DeadlineMs, GivenFeatures};
use actix_web::{HttpResponse, web};
use bellwether_actors::models::bandit::{Decide, Decided, Refused, Terms};
use bellwether_actors::runtime::now;
use bellwether_domain::experiments::RewardRange;
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{ArmName, Capability, ExperimentName, FeatureName, FieldValue, Fields, Role, ServiceId};
use bellwether_models::optimize::bandit::{CanaryPercent, Memory, PolicyKind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use utoipa::ToSchema;

/// The route.
pub const POST: Endpoint = Endpoint::new(Verb::Post, "/models/bandit", Access::AtLeast(Role::Viewer), || web::to(post));

/// Which method and version answers.
pub(crate) const MODEL_VERSION: &str = concat!("contextual_bandit@", env!("CARGO_PKG_VERSION"));
/// Longest time that a reward may take, in seconds: decisions are kept for a day longer.
const LONGEST_TIMEOUT_S: u64 = 7 * 86_400;

/// What is asked. The first request of an experiment creates it and fixes everything but `canary_pct`, `mode` and the
/// values of the context.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanditRequest {
    /// For which service.
    #[serde(default)]
    #[schema(value_type = String, default = "default", min_length = 1, max_length = 200)]
    service: ServiceId,
    /// Features that replace what the store holds; the bandit reads only its `context`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, f64>)]
    features: GivenFeatures,
    /// When the answer is wanted at the latest.
    #[serde(default)]
    deadline_ms: DeadlineMs,
    /// Callers of one key get the same arm for the same context until the policy has learnt more.
    #[serde(default)]
    #[schema(max_length = 200)]
    bucket_key: Option<String>,
    /// Which experiment.
    #[serde(default)]
    #[schema(value_type = String, default = "default", min_length = 1, max_length = 200)]
    experiment: ExperimentName,
    /// What is known of the situation, at most 128 names; the same ones in every request.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, f64>)]
    context: BTreeMap<FeatureName, f64>,
    /// The arms, 2 to 256; the first is the baseline unless `baseline` names another.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 256)]
    arms: Vec<ArmName>,
    /// The arm that most of the traffic gets.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    baseline: Option<ArmName>,
    /// How an arm is chosen; by default `lin_ucb`.
    #[serde(default)]
    #[schema(value_type = Option<PolicySchema>)]
    policy: Option<PolicyKind>,
    /// How much the policy explores; the default depends on it.
    #[serde(default)]
    #[schema(minimum = 0.0)]
    alpha: Option<f64>,
    /// The policy forgets: a reward weighs this to the power of the decisions since; in [0.5, 1).
    #[serde(default)]
    #[schema(minimum = 0.5, maximum = 1.0)]
    discount: Option<f64>,
    /// The policy forgets: only the rewards of so many latest decisions count.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    window: Option<u64>,
    /// Share of the canary that every challenger gets alike; by default 0.2.
    #[serde(default)]
    #[schema(minimum = 0.001, maximum = 1.0)]
    explore_share: Option<f64>,
    /// Rewards that count; one outside is refused. `beta_ts` and `ucb1` take 0 to 1 unless told otherwise.
    #[serde(default)]
    #[schema(value_type = Option<RewardRangeSchema>)]
    reward_range: Option<RewardRange>,
    /// For how many seconds after a decision its reward counts; 1 to 604,800, by default 86,400.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 604_800)]
    reward_timeout_s: Option<u64>,
    /// Percentage of the decisions that may leave the baseline; 0 to 10, by default 5.
    #[serde(default)]
    #[schema(minimum = 0.0, maximum = 10.0, default = 5.0)]
    canary_pct: Option<f64>,
    /// `shadow` serves the baseline while the policy learns and says what it would have done.
    #[serde(default)]
    mode: ModeWord,
}

/// Who decides what is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModeWord {
    /// The policy, within the canary.
    #[default]
    Live,
    /// The baseline is served; the policy learns and says what it would have done.
    Shadow,
}

/// How an arm is chosen.
#[derive(Debug, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, clippy::enum_variant_names, reason = "it only describes the words")]
enum PolicySchema {
    /// Linear upper confidence bound.
    LinUcb,
    /// Linear Thompson sampling.
    LinTs,
    /// Thompson sampling of a share, without context.
    BetaTs,
    /// Upper confidence bound without context.
    Ucb1,
    /// The best linear mean.
    EpsilonGreedy,
}

/// Rewards that count.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it only describes the field")]
struct RewardRangeSchema {
    /// The least.
    lower: f64,
    /// The greatest.
    upper: f64,
}

/// The model's output.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it only describes the output, whose fields are the model's")]
pub struct BanditOutput {
    /// Names the decision when its reward comes; null when there is nothing to reward.
    decision_id: Option<String>,
    /// The arm to serve.
    arm: String,
    /// Probability with which it was drawn.
    propensity: f64,
    /// Percentage of the decisions that may leave the baseline now.
    canary_pct: f64,
    /// Whether the arm is not the policy's own pick, but drawn to learn.
    explored: bool,
    /// What the policy itself would have served.
    pick: Option<String>,
    /// How the policy rates each arm.
    scores: BTreeMap<String, f64>,
    /// The policy; absent from a fallback.
    policy: Option<String>,
    /// Rewards that the policy had learnt from; absent from a fallback.
    learnt_rewards: Option<u64>,
}

impl Check for BanditRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut refuse = |pointer: &str, message: String| errors.push(FieldError::new(pointer, message));
        if let Some(Err(error)) = self.canary_pct.map(CanaryPercent::new) {
            refuse("/canary_pct", error.to_string());
        }
        if self.discount.is_some() && self.window.is_some() {
            refuse("/window", "the policy forgets by `discount` or by `window`: leave one out".to_owned());
        }
        if self.reward_timeout_s.is_some_and(|timeout| !(1..=LONGEST_TIMEOUT_S).contains(&timeout)) {
            refuse("/reward_timeout_s", format!("it must lie between 1 and {LONGEST_TIMEOUT_S}"));
        }
        if self.bucket_key.as_ref().is_some_and(|key| key.len() > 200) {
            refuse("/bucket_key", "it is longer than 200 bytes".to_owned());
        }
        errors
    }
}

/// What the log says of a request.
#[derive(serde::Serialize)]
struct Shown<'a> {
    experiment: &'a ExperimentName,
    context: &'a BTreeMap<FeatureName, f64>,
    arms: usize,
}

impl Describe for BanditRequest {
    fn describe(&self) -> String {
        let Self { experiment, context, arms, .. } = self;
        serde_json::to_string(&Shown { experiment, context, arms: arms.len() }).unwrap_or_default()
    }
}

impl BanditRequest {
    fn terms(&self) -> Terms {
        let discount = self.discount.map(Memory::Discount);
        Terms {
            arms: self.arms.clone(),
            baseline: self.baseline.clone(),
            policy: self.policy,
            alpha: self.alpha,
            memory: discount.or(self.window.map(Memory::Window)),
            explore_share: self.explore_share,
            reward_range: self.reward_range,
            reward_timeout: self.reward_timeout_s.map(Duration::from_secs),
            context: self.context.clone(),
        }
    }

    /// The arm that serves when no decision can be made: the experiment's baseline now, else the one the request names.
    fn baseline_now(&self, services: &Services) -> Option<ArmName> {
        let known = services.experiments.experiment(&self.experiment);
        let promoted = known.and_then(|view| view.arm(view.baseline).cloned());
        promoted.or_else(|| self.baseline.clone()).or_else(|| self.arms.first().cloned())
    }
}

/// Which arm to serve.
///
/// Most of the traffic gets the baseline; a small share, the canary, learns about the others. The decision is on disk
/// before it is answered; its reward goes to `/models/bandit/{decision_id}/reward`.
#[utoipa::path(
    post, path = "/models/bandit", tag = "models", request_body = BanditRequest,
    responses((status = 200, description = "The arm; when the model failed the baseline, and `source` says so.", body = EnvelopeSchema<BanditOutput>))
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    context: RequestContext,
    StrictJson(request): StrictJson<BanditRequest>,
) -> Result<HttpResponse, Problem> {
    let services = &worker.services;
    let deadline = request.deadline_ms.of_model(context.started);
    let baseline = request.baseline_now(services).map_or(FieldValue::Null, |arm| text(arm.as_str()));
    let particulars = Fields::with_capacity(2).with("decision_id", FieldValue::Null).with("arm", baseline);
    let (by, at) = (context.principal.name.to_string(), now());
    let given = |(name, value): (&FeatureName, &f64)| {
        (name.to_string(), UsedFeature { value: *value, as_of: at, stale: false })
    };
    let asked = Asked {
        context,
        model: Capability::Bandit,
        model_version: MODEL_VERSION,
        service: &request.service,
        own_input: true, // a decision is never repeated
        particulars: Some(&particulars),
        features: request.features.iter().map(given).collect(),
        input: &request,
    };
    let outcome = decide(services, &request, &particulars, deadline, by);
    answer(services, asked, outcome).await
}

async fn decide(
    services: &Services,
    request: &BanditRequest,
    particulars: &Fields,
    deadline: Instant,
    by: String,
) -> Result<Result<Fields, Failure>, Problem> {
    if services.answering.is_overridden(Capability::Bandit, &request.service, "arm") {
        // A human says what is served: a draw would be a decision that nobody gets.
        let fields = [("propensity", FieldValue::Number(1.0)), ("explored", FieldValue::Flag(false))];
        let output = fields.into_iter().fold(particulars.clone(), |output, (name, value)| output.with(name, value));
        return Ok(Ok(output.with("canary_pct", 0.0).with("scores", Fields::new())));
    }
    let canary = request.canary_pct.and_then(|percent| CanaryPercent::new(percent).ok()).unwrap_or_default();
    let terms = Arc::new(request.terms());
    let decide = |slot| Decide {
        slot,
        experiment: request.experiment.clone(),
        terms,
        canary,
        shadow: request.mode == ModeWord::Shadow,
        bucket_key: request.bucket_key.clone(),
        by,
    };
    match services.bandit.ask(deadline, decide).await {
        Ok(Ok(decided)) => Ok(Ok(output(&decided))),
        Ok(Err(Refused::Failure(failure))) => Ok(Err(failure)),
        Ok(Err(Refused::Misfit(misfit))) => {
            Err(Problem::unprocessable(vec![FieldError::new(misfit.pointer, misfit.message)]))
        }
        Err(unavailable) => Ok(Err(failure_of(unavailable.reason))),
    }
}

fn output(decided: &Decided) -> Fields {
    let arm = |place: usize| decided.spec.arms.get(place).map(|arm| text(arm.as_str()));
    let mut scores = Fields::with_capacity(decided.scores.len());
    for (arm, score) in decided.spec.arms.iter().zip(&decided.scores) {
        scores.push(arm.to_string(), *score);
    }
    let mut fields = Fields::with_capacity(9);
    fields.push("decision_id", decided.id.map(|id| FieldValue::from(id.to_string())));
    fields.push("arm", arm(decided.arm));
    fields.push("propensity", decided.propensity);
    fields.push("canary_pct", decided.canary_pct);
    fields.push("explored", decided.explored);
    fields.push("pick", decided.pick.and_then(arm));
    fields.push("scores", scores);
    fields.push("policy", decided.spec.options.policy().kind().name());
    fields.push("learnt_rewards", usize::try_from(decided.model_version).unwrap_or(usize::MAX));
    fields
}

fn text(text: &str) -> FieldValue {
    FieldValue::from(text.to_owned())
}
