//! `POST /models/extreme-events`: how extreme the tail of some values is, and whether the newest is a black swan.
use super::super::envelope::{EnvelopeSchema, UsedFeature};
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::strict_json::{Check, StrictJson};
use super::super::{Access, FieldError, Problem, RequestContext};
use super::answer::{Asked, Describe, answer, failure_of};
use super::{DeadlineMs, GivenFeatures};
use actix_web::{HttpResponse, web};
use bellwether_actors::models::{ExtremesQuestion, IntervalKind, PredictExtremes, Refusal, ThresholdChoice};
use bellwether_actors::runtime::now;
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{Capability, FeatureName, Fields, Role, ServiceId};
use bellwether_models::tail::peaks_over_threshold::{
    Coverage, Declustering, ExtremesError, FalseDiscoveryRate, Level, Threshold,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;
use utoipa::ToSchema;

/// The route.
pub const POST: Endpoint =
    Endpoint::new(Verb::Post, "/models/extreme-events", Access::AtLeast(Role::Viewer), || web::to(post));

/// Which method and version answers.
const MODEL_VERSION: &str = concat!("peaks_over_threshold@", env!("CARGO_PKG_VERSION"));
/// Observed quantities that are looked for when a request brings no values, in this order.
const USUAL_QUANTITIES: [&str; 2] = ["latency_ms", "p99_latency"];
/// Most levels or return periods of one request.
const MOST: usize = 32;

/// What is asked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtremeEventsRequest {
    /// For which service.
    #[serde(default)]
    #[schema(value_type = String, default = "default", min_length = 1, max_length = 200)]
    service: ServiceId,
    /// Features that replace what the store holds; of the quantity that is fitted, the newest value.
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
    /// The values, oldest first; without them the service's latest observations of `quantity` (at most 5,000).
    #[serde(default)]
    #[schema(min_items = 1)]
    values: Option<Vec<f64>>,
    /// Which observed quantity to read when there are no `values`; by default `latency_ms`, else `p99_latency`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    quantity: Option<FeatureName>,
    /// The tail starts at this quantile of the values; in (0, 1), by default 0.9.
    #[serde(default)]
    #[schema(minimum = 0.0, maximum = 1.0, default = 0.9)]
    threshold_quantile: Option<f64>,
    /// How the threshold is chosen: at `threshold_quantile`, or at the lowest of ten whose fit a test does not reject.
    #[serde(default)]
    threshold_selection: ThresholdSelection,
    /// Whether `return_levels` are those of bursts, each counted once: `intervals` takes from the data how far apart the
    /// values of a burst may lie. The values must be evenly spaced in time.
    #[serde(default)]
    clusters: Clusters,
    /// Levels of `var` and `cvar`, in (0, 1) and not below the tail's start.
    #[serde(default)]
    #[schema(max_items = 32)]
    levels: Option<Vec<f64>>,
    /// Return periods in observations, above 1: `return_levels` are exceeded once in so many.
    #[serde(default)]
    #[schema(max_items = 32)]
    return_periods: Option<Vec<f64>>,
    /// How confidence bounds are found.
    #[serde(default)]
    intervals: Intervals,
    /// Coverage of the bounds, in (0, 1), by default 0.95.
    #[serde(default)]
    #[schema(minimum = 0.0, maximum = 1.0, default = 0.95)]
    coverage: Option<f64>,
}

/// How the threshold is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ThresholdSelection {
    /// A quantile of the values.
    #[default]
    Quantile,
    /// By Anderson-Darling tests of increasing thresholds.
    Tested,
}

/// What a return level counts.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Clusters {
    /// Every value.
    #[default]
    None,
    /// Bursts, parted by the gaps between them (Ferro and Segers 2003).
    Intervals,
}

/// How confidence bounds are found.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Intervals {
    /// Symmetric, cheap.
    #[default]
    Delta,
    /// By profile likelihood: asymmetric, dearer.
    Profile,
}

/// The model's output.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it only describes the output, whose fields are the model's")]
pub struct ExtremeEventsOutput {
    /// Shape of the generalized Pareto distribution; above 0 the tail is heavy.
    shape: f64,
    /// Its scale, in the unit of the values.
    scale: f64,
    /// Where the tail starts, in the unit of the values.
    threshold: f64,
    /// Values above the threshold.
    exceedances: u64,
    /// How well the fit describes the values above the threshold: statistics and the p-value of the first.
    goodness_of_fit: serde_json::Value,
    /// The thresholds tried, with `threshold_selection` `tested`.
    threshold_selection: Option<serde_json::Value>,
    /// Value at risk by level.
    var: BTreeMap<String, f64>,
    /// Mean beyond the value at risk by level; null when infinite, with `cvar_reason`.
    cvar: BTreeMap<String, Option<f64>>,
    /// Value exceeded once in so many observations.
    return_levels: BTreeMap<String, f64>,
    /// One by the mean number of values above the threshold in a burst; null below ten of them.
    extremal_index: Option<f64>,
    /// The bursts, with `clusters` `intervals`.
    clusters: Option<serde_json::Value>,
    /// What to know before relying on the answer.
    warnings: Vec<String>,
    /// Whether the newest value is beyond anything the others explain.
    is_black_swan: bool,
    /// Confidence bounds.
    intervals: serde_json::Value,
}

impl Check for ExtremeEventsRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut refuse = |pointer: String, message: String| errors.push(FieldError::new(pointer, message));
        if self.values.as_ref().is_some_and(Vec::is_empty) {
            refuse("/values".to_owned(), "there are no values: give some, or leave the field out".to_owned());
        }
        for (name, value) in [("threshold_quantile", self.threshold_quantile), ("coverage", self.coverage)] {
            if value.is_some_and(|value| !(value > 0.0 && value < 1.0)) {
                refuse(format!("/{name}"), "it must lie strictly between 0 and 1".to_owned());
            }
        }
        for (name, list) in [("levels", &self.levels), ("return_periods", &self.return_periods)] {
            if list.as_ref().is_some_and(|list| list.len() > MOST) {
                refuse(format!("/{name}"), format!("these are too many: use at most {MOST}"));
            }
        }
        for (index, level) in self.levels.iter().flatten().enumerate().take(MOST) {
            if !(*level > 0.0 && *level < 1.0) {
                refuse(format!("/levels/{index}"), "a level lies strictly between 0 and 1".to_owned());
            }
        }
        for (index, period) in self.return_periods.iter().flatten().enumerate().take(MOST) {
            if *period <= 1.0 {
                refuse(format!("/return_periods/{index}"), "a return period is longer than 1 observation".to_owned());
            }
        }
        if self.threshold_selection == ThresholdSelection::Tested && self.threshold_quantile.is_some() {
            let message = "the threshold is either tested or a quantile: leave one of the two out";
            refuse("/threshold_quantile".to_owned(), message.to_owned());
        }
        if self.bucket_key.as_ref().is_some_and(|key| key.len() > 200) {
            refuse("/bucket_key".to_owned(), "it is longer than 200 bytes".to_owned());
        }
        errors
    }
}

/// What the log says of a request: the number of its values, not the values.
#[derive(Debug)]
struct Input<'a> {
    request: &'a ExtremeEventsRequest,
    values: usize,
}

impl Describe for Input<'_> {
    fn describe(&self) -> String {
        let Self { request: ExtremeEventsRequest { threshold_quantile, features, .. }, values } = self;
        serde_json::json!({ "values": values, "threshold_quantile": threshold_quantile, "features": features })
            .to_string()
    }
}

impl ExtremeEventsRequest {
    fn question(&self) -> Result<ExtremesQuestion, Problem> {
        let refused = |name: &str| {
            let pointer = format!("/{name}");
            move |error: bellwether_models::tail::peaks_over_threshold::OutOfRange| {
                Problem::unprocessable(vec![FieldError::new(pointer.clone(), error.to_string())])
            }
        };
        let quantile = Level::new(self.threshold_quantile.unwrap_or(0.9)).map_err(refused("threshold_quantile"))?;
        let threshold = match (self.threshold_selection, self.threshold_quantile) {
            (ThresholdSelection::Tested, _) => ThresholdChoice::Tested(FalseDiscoveryRate::default()),
            (ThresholdSelection::Quantile, Some(_)) => ThresholdChoice::Given(Threshold::Quantile(quantile)),
            (ThresholdSelection::Quantile, None) => ThresholdChoice::Usual(Threshold::Quantile(quantile)),
        };
        let levels = self.levels.as_ref().map(|levels| levels.iter().map(|level| Level::new(*level)).collect());
        Ok(ExtremesQuestion {
            threshold,
            levels: levels.transpose().map_err(refused("levels"))?,
            return_periods: self.return_periods.as_ref().map(|all| all.iter().map(|period| (*period).into()).collect()),
            clusters: match self.clusters {
                Clusters::None => None,
                Clusters::Intervals => Some(Declustering::Intervals),
            },
            intervals: match self.intervals {
                Intervals::Delta => IntervalKind::Delta,
                Intervals::Profile => IntervalKind::Profile,
            },
            coverage: self.coverage.map_or(Ok(Coverage::default()), Coverage::new).map_err(refused("coverage"))?,
            judge_newest: true,
        })
    }

    /// The service's own observations, with what they are the state of.
    fn observed(&self, worker: &Worker) -> Option<(Arc<[f64]>, String, UsedFeature)> {
        let features = worker.services.features.of(&self.service)?;
        let quantities = self.quantity.as_ref().map_or(USUAL_QUANTITIES.to_vec(), |quantity| vec![quantity.as_str()]);
        let (name, recent) = quantities.into_iter().find_map(|name| Some((name, features.recent(name)?)))?;
        let (values, as_of) = (recent.values(), recent.as_of()?);
        if let Some(given) = self.features.get(name) {
            // The request knows better what was measured last.
            let mut values = values.to_vec();
            *values.last_mut()? = *given;
            return Some((values.into(), name.to_owned(), UsedFeature { value: *given, as_of: now(), stale: false }));
        }
        let stale = now().since(as_of) > worker.services.features.registry().ttl(name);
        let used = UsedFeature { value: *values.last()?, as_of, stale };
        Some((values, name.to_owned(), used))
    }
}

/// How extreme the tail of some values is.
///
/// Fits a generalized Pareto distribution to what lies above a high quantile and says what it implies: value at risk,
/// the mean beyond it, return levels, bounds; and whether the newest value is a black swan.
#[utoipa::path(
    post, path = "/models/extreme-events", tag = "models", request_body = ExtremeEventsRequest,
    responses((status = 200, description = "The answer, judged; also when the model failed: then `source` says so.", body = EnvelopeSchema<serde_json::Value>))
)]
pub(crate) async fn post(
    worker: web::Data<Worker>,
    context: RequestContext,
    StrictJson(mut request): StrictJson<ExtremeEventsRequest>,
) -> Result<HttpResponse, Problem> {
    let question = Arc::new(request.question()?);
    let deadline = request.deadline_ms.of_model(context.started);
    let mut features: BTreeMap<String, UsedFeature> = BTreeMap::new();
    let own = request.values.take().map(Arc::<[f64]>::from);
    let own_input = own.is_some();
    let values = own.or_else(|| {
        let (values, name, used) = request.observed(&worker)?;
        features.insert(name, used);
        Some(values)
    });
    let at = now();
    for (name, value) in &request.features {
        features.insert(name.to_string(), UsedFeature { value: *value, as_of: at, stale: false });
    }
    let asked = Asked {
        context,
        model: Capability::ExtremeEvents,
        model_version: MODEL_VERSION,
        service: &request.service,
        own_input,
        particulars: None,
        features,
        input: &Input { request: &request, values: values.as_ref().map_or(0, |values| values.len()) },
    };
    let outcome = predict(&worker, values, question, deadline, own_input);
    answer(&worker.services, asked, outcome).await
}

async fn predict(
    worker: &Worker,
    values: Option<Arc<[f64]>>,
    question: Arc<ExtremesQuestion>,
    deadline: Instant,
    own_input: bool,
) -> Result<Result<Fields, Failure>, Problem> {
    let Some(values) = values else {
        return Ok(Err(Failure::Error("the service has no observations to fit: push some, or send values".to_owned())));
    };
    let outcome =
        worker.extreme_events.ask(deadline, |slot| PredictExtremes { slot, values, question, deadline }).await;
    Ok(match outcome {
        Ok(Ok(fields)) => Ok(fields),
        Ok(Err(Refusal::Failure(failure))) => Err(failure),
        Ok(Err(Refusal::Question(error))) => match pointer(&error) {
            // What was asked cannot be answered: the caller's to mend, unless the values are the telemetry's.
            Some(pointer) if own_input || pointer != "/values" => {
                return Err(Problem::unprocessable(vec![FieldError::new(pointer, error.to_string())]));
            }
            _ => Err(Failure::Error(error.to_string())),
        },
        Err(unavailable) => Err(failure_of(unavailable.reason)),
    })
}

/// The field that a refusal is about.
fn pointer(error: &ExtremesError) -> Option<&'static str> {
    match error {
        ExtremesError::LevelBelowThreshold { .. } => Some("/levels"),
        ExtremesError::Option(out) if out.name.starts_with("periods") => Some("/return_periods"),
        ExtremesError::Overflow { .. }
        | ExtremesError::Option(_)
        | ExtremesError::InfiniteMean { .. }
        | ExtremesError::NoStandardErrors(_) => None,
        _ => Some("/values"),
    }
}
