//! `POST /models/regime-detection`: whether a stream changes, after the values that the request appends to it.
use super::super::super::envelope::{EnvelopeSchema, UsedFeature};
use super::super::super::routes::{Endpoint, Verb};
use super::super::super::services::{Services, Worker};
use super::super::super::strict_json::{Check, StrictJson};
use super::super::super::{Access, FieldError, Problem, RequestContext};
use super::super::answer::{Asked, Describe, answer, failure_of};
use super::super::{DeadlineMs, GivenFeatures};
use actix_web::{HttpResponse, web};
use bellwether_actors::models::regime_detection::{
    AppendValues, ServiceStreams, decisive, report_service, report_stream,
};
use bellwether_actors::runtime::now;
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{Capability, FeatureName, Fields, Role, ServiceId, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::time::Instant;
use utoipa::ToSchema;

/// The route.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/models/regime-detection", Access::AtLeast(Role::Viewer), || web::to(post));

/// Which method and version answers.
pub(crate) const MODEL_VERSION: &str = concat!("bocpd@", env!("CARGO_PKG_VERSION"));
/// Most values of one request.
const MOST_VALUES: usize = 10_000;
/// The quantity of values whose request names none.
const USUAL_QUANTITY: &str = "value";

/// What is asked.
///
/// With `values` these are appended to the stream of the service and the quantity, on disk before the answer, which is
/// about that stream. With `quantity` alone it is about that stream as it is, with neither about the whole service.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegimeDetectionRequest {
    /// For which service.
    #[serde(default)]
    #[schema(value_type = String, default = "default", min_length = 1, max_length = 200)]
    service: ServiceId,
    /// Features that replace what the store holds. They have no effect on any stream: `values` have.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, f64>)]
    features: GivenFeatures,
    /// When the answer is wanted at the latest.
    #[serde(default)]
    deadline_ms: DeadlineMs,
    /// Keeps a caller on one side of a rollout.
    #[serde(default)]
    #[schema(max_length = 200)]
    bucket_key: Option<String>,
    /// Values to append, oldest first, at most 10,000.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 10_000)]
    values: Option<Vec<f64>>,
    /// Which quantity of the service; of `values` by default `value`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    quantity: Option<FeatureName>,
}

/// The model's output. What may be absent is not in the approved output that stands in for it.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it only describes the output, whose fields are the model's")]
pub struct RegimeDetectionOutput {
    /// Probability that a change lies within the last 10 values.
    change_probability: f64,
    /// The most probable number of values since the last change.
    run_length: u64,
    /// The 10 latest changes, newest first.
    change_points: Vec<ChangePoint>,
    /// `warming_up` before 20 values, `changing` while a change is likely and for 20 values after an alarm, else `stable`.
    regime: String,
    /// Mean and spread since the last change.
    regime_statistics: Option<RegimeStatistics>,
    /// -log10 of the two-sided tail probability of the newest value, 0 to 300.
    anomaly_score: f64,
    /// The score is 5 or more, or the newest value raised an alarm.
    is_anomaly: bool,
    /// The score of each detector; null of one that did not look.
    detectors: BTreeMap<String, Option<f64>>,
    /// `open`, or `hold` unless the regime is stable.
    gate: String,
    /// Why it holds: `insufficient_data`, `change_likely`, `recent_change`.
    gate_reason: Option<String>,
    /// The quantity that the answer is about.
    quantity: Option<String>,
    /// Values of the stream so far.
    values: Option<u64>,
    /// Values of these that requests appended.
    appended_values: Option<u64>,
    /// Values of these that telemetry brought.
    observed_values: Option<u64>,
    /// When the newest value was measured or appended.
    #[schema(format = DateTime)]
    last_value_at: Option<String>,
    /// Probability of the run lengths that were dropped so far, summed: bounds the error of the others.
    discarded_mass: Option<f64>,
    /// Of a whole service: its streams in short, the likeliest changes first, at most 100.
    streams: Option<Vec<serde_json::Value>>,
    /// Of a whole service: how many streams it has.
    streams_total: Option<u64>,
}

/// Mean and spread of a regime.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it only describes a part of the output")]
pub struct RegimeStatistics {
    /// Mean.
    mean: Option<f64>,
    /// Standard deviation; null below two values.
    standard_deviation: Option<f64>,
    /// Values in it.
    samples: u64,
    /// When it began; null if that was more than 64 values before the alarm.
    #[schema(format = DateTime)]
    since: Option<String>,
}

/// A change that was found.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct ChangePoint {
    /// Of which quantity.
    #[schema(value_type = String)]
    pub(super) quantity: FeatureName,
    /// When the new regime began; null if that was more than 64 values before the alarm.
    #[schema(format = DateTime)]
    pub(super) at: Option<String>,
    /// When the alarm was raised.
    #[schema(format = DateTime)]
    pub(super) detected_at: String,
    /// Row of the alarm, counted from 0 since the stream began.
    pub(super) index: u64,
    /// Estimated first row of the new regime.
    pub(super) start: u64,
    /// Probability, at the alarm, that the regime before has ended.
    pub(super) probability: f64,
    /// Both regimes, the new one as far as it was seen at the alarm.
    pub(super) magnitude: Magnitude,
    /// Rows between start and alarm.
    pub(super) lag: u64,
}

/// The regimes before and after a change.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct Magnitude {
    /// Before.
    pub(super) before: Level,
    /// After.
    pub(super) after: Level,
}

/// Where values lie, and how far they spread.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct Level {
    /// Mean.
    pub(super) mean: Option<f64>,
    /// Standard deviation; null below two values.
    pub(super) sd: Option<f64>,
}

impl Check for RegimeDetectionRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        match self.values.as_ref().map(Vec::len) {
            Some(0) => {
                let message = "there are no values: give some, or leave the field out";
                errors.push(FieldError::new("/values", message.to_owned()));
            }
            Some(count) if count > MOST_VALUES => {
                let message = format!("{count} values are too many: use at most {MOST_VALUES} in a request");
                errors.push(FieldError::new("/values", message));
            }
            _ => {}
        }
        if self.bucket_key.as_ref().is_some_and(|key| key.len() > 200) {
            errors.push(FieldError::new("/bucket_key", "it is longer than 200 bytes".to_owned()));
        }
        errors
    }
}

/// What the log says of a request: the number of its values, not the values.
#[derive(Debug)]
struct Input<'a> {
    quantity: Option<&'a FeatureName>,
    values: usize,
    features: &'a GivenFeatures,
}

impl Describe for Input<'_> {
    fn describe(&self) -> String {
        let Self { quantity, values, features } = self;
        serde_json::json!({ "quantity": quantity, "values": values, "features": features }).to_string()
    }
}

/// Whether a stream changes, or any stream of a service.
///
/// Watches each quantity of a service by Bayesian online change point detection and says how probable it is that it has
/// just changed, since when it has been as it is, and whether a deploy should wait.
#[utoipa::path(
    post, path = "/models/regime-detection", tag = "models", request_body = RegimeDetectionRequest,
    responses((status = 200, description = "The answer, judged; also when the model failed: then `source` says so.", body = EnvelopeSchema<RegimeDetectionOutput>))
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    context: RequestContext,
    StrictJson(mut request): StrictJson<RegimeDetectionRequest>,
) -> Result<HttpResponse, Problem> {
    let services = &worker.services;
    let deadline = request.deadline_ms.of_model(context.started);
    let at = now();
    let values = request.values.take();
    let count = values.as_ref().map_or(0, Vec::len);
    if values.is_some() && request.quantity.is_none() {
        request.quantity = FeatureName::new(USUAL_QUANTITY).ok();
    }
    let mut features: BTreeMap<String, UsedFeature> = BTreeMap::new();
    for (name, value) in &request.features {
        features.insert(name.to_string(), UsedFeature { value: *value, as_of: at, stale: false });
    }
    let work = match (values, &request.quantity) {
        (Some(values), Some(quantity)) => {
            let newest = values.last().copied().unwrap_or_default();
            features.insert(quantity.to_string(), UsedFeature { value: newest, as_of: at, stale: false });
            let (service, quantity) = (request.service.clone(), quantity.clone());
            Work::Append { service, quantity, values, at }
        }
        _ => {
            let published = services.streams.service(&request.service);
            let (output, used) = read(services, published.as_deref(), request.quantity.as_ref(), at);
            features.extend(used);
            Work::Answer(output)
        }
    };
    let asked = Asked {
        context,
        model: Capability::RegimeDetection,
        model_version: MODEL_VERSION,
        service: &request.service,
        own_input: false,
        particulars: None,
        features,
        input: &Input { quantity: request.quantity.as_ref(), values: count, features: &request.features },
    };
    answer(services, asked, done(services, work, deadline)).await
}

/// How the answer comes about.
enum Work {
    /// Its owner appends values and says what follows.
    Append { service: ServiceId, quantity: FeatureName, values: Vec<f64>, at: Timestamp },
    /// What is published says it.
    Answer(Result<Fields, Failure>),
}

async fn done(services: &Services, work: Work, deadline: Instant) -> Result<Result<Fields, Failure>, Problem> {
    Ok(match work {
        Work::Answer(outcome) => outcome,
        Work::Append { service, quantity, values, at } => {
            let append = |slot| AppendValues { slot, service, quantity, values, at };
            match services.regime_detection.ask(deadline, append).await {
                Ok(outcome) => outcome,
                Err(unavailable) => Err(failure_of(unavailable.reason)),
            }
        }
    })
}

/// What the published streams say, and the value that decides it. No message, no lock: it holds while the owner is down.
fn read(
    services: &Services,
    streams: Option<&ServiceStreams>,
    quantity: Option<&FeatureName>,
    at: Timestamp,
) -> (Result<Fields, Failure>, Option<(String, UsedFeature)>) {
    let asked = match (streams, quantity) {
        (Some(streams), Some(quantity)) => streams.get(quantity).map(|stream| (quantity, stream)),
        (Some(streams), None) => decisive(streams),
        (None, _) => None,
    };
    let Some((name, stream)) = asked else {
        let what = quantity.map_or("the service has no stream".to_owned(), |name| format!("there is no stream {name}"));
        return (Err(Failure::Error(format!("{what}: push observations, or send values"))), None);
    };
    let stale = at.since(stream.last_at()) > services.features.registry().ttl(name.as_str());
    let used = UsedFeature { value: stream.value(), as_of: stream.last_at(), stale };
    let output = match (streams, quantity) {
        (Some(streams), None) => report_service(streams),
        _ => Some(report_stream(name, stream)),
    };
    let output = output.ok_or_else(|| Failure::Error("the service has no stream".to_owned()));
    (output, Some((name.to_string(), used)))
}
