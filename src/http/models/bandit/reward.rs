//! `POST /models/bandit/{decision_id}/reward`: what a decision was worth.
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker, put_off};
use super::super::super::strict_json::{Check, StrictJson};
use super::super::super::{Access, FieldError, Problem};
use actix_web::web;
use bellwether_actors::models::bandit::{Reward, RewardOutcome};
use bellwether_domain::experiments::DecisionId;
use bellwether_domain::types::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The route.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/models/bandit/{decision_id}/reward", Access::AtLeast(Role::Operator), || web::to(post))
        .never_throttled();

/// A reward.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardRequest {
    /// How good it was; more is better.
    reward: f64,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RewardAnswer {
    /// It counts: now, or since it was sent before.
    accepted: bool,
    /// It counted already; nothing changed.
    repeated: bool,
}

impl Check for RewardRequest {
    const BODY_LIMIT: Option<usize> = Some(4096);
}

/// Gives a decision its reward: on disk before this answers, and counted once however often it is sent.
#[utoipa::path(
    post, path = "/models/bandit/{decision_id}/reward", tag = "models", request_body = RewardRequest,
    params(("decision_id" = String, Path, description = "`decision_id` of a decision.")),
    responses(
        (status = 200, description = "It counts.", body = RewardAnswer),
        (status = 409, description = "The decision has another reward.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "It comes too late: the decision's time was up.", body = super::super::super::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    decision: web::Path<String>,
    StrictJson(RewardRequest { reward: value }): StrictJson<RewardRequest>,
) -> Result<web::Json<RewardAnswer>, Problem> {
    let unknown = || Problem::not_found("there is no such decision: use the `decision_id` of an answer");
    let decision: DecisionId = decision.parse().map_err(|_| unknown())?;
    // Repeating a reward is safe: whatever became of the first attempt, it counts once.
    let reward = |slot| Reward { slot, decision, value };
    let outcome = worker.services.bandit.ask_persistently(Services::write_deadline(), reward).await?;
    match outcome.map_err(|why| put_off("keeping a reward", &why))? {
        RewardOutcome::Counted => Ok(web::Json(RewardAnswer { accepted: true, repeated: false })),
        RewardOutcome::Repeated => Ok(web::Json(RewardAnswer { accepted: true, repeated: true })),
        RewardOutcome::Conflict { known } => {
            Err(Problem::conflict(format!("the decision's reward is {known}: the first one counts")))
        }
        RewardOutcome::Late { until } => Err(Problem::gone(format!("the decision took rewards until {until}"))),
        RewardOutcome::OutOfRange(range) => {
            let message = format!("it must lie between {} and {}", range.lower, range.upper);
            Err(Problem::unprocessable(vec![FieldError::new("/reward", message)]))
        }
        RewardOutcome::Unknown => Err(unknown()),
    }
}
