//! From a model's outcome to the HTTP answer: judged, looked at once more, wrapped, counted, logged.
use super::super::envelope::{Addressed, Envelope, UsedFeature, Written};
use super::super::problem::Problem;
use super::super::services::{RETRY_AFTER_S, Services};
use super::super::{RequestContext, RequestId};
use crate::observability::logging::INFERENCE;
use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use bellwether_actors::runtime::Reason;
use bellwether_actors::safety::Question;
use bellwether_domain::safety::{Failure, Release, Source, ValidatedOutput};
use bellwether_domain::types::{Capability, FeatureName, Fields, ServiceId};
use metrics::{Counter, Histogram};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A question to a model on its way through the edge.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The request's identity, its caller, its arrival.
    pub context: RequestContext,
    /// Which model.
    pub model: Capability,
    /// Which version of it answers.
    pub model_version: &'a str,
    /// For which service.
    pub service: &'a ServiceId,
    /// The request's values speak for themselves, not for the service.
    pub own_input: bool,
    /// What the approved output takes from the request.
    pub particulars: Option<&'a Fields>,
    /// The features that bear on the answer.
    pub features: BTreeMap<String, UsedFeature>,
    /// What the log says of the input.
    pub input: &'a (dyn Describe + Sync),
}

/// Why a model says nothing, when its actor did not answer.
#[must_use]
pub(super) const fn failure_of(reason: Reason) -> Failure {
    match reason {
        Reason::Overloaded => Failure::Overloaded,
        Reason::Restarting => Failure::Restarting,
        Reason::Died => Failure::Panic,
        Reason::Deadline => Failure::Deadline,
    }
}

/// What the log says of an input: short, whatever its size.
pub trait Describe: std::fmt::Debug {
    /// JSON text.
    fn describe(&self) -> String;
}

thread_local! {
    // A worker's own, looked up once: the macros hash their labels at each call.
    static COUNTED: RefCell<Counted> = const { RefCell::new(Counted { durations: Vec::new(), outputs: Vec::new() }) };
}

/// Handles of the metrics of models. Few combinations occur, the commonest first: a scan is cheaper than a hash.
struct Counted {
    durations: Vec<(Capability, Histogram)>,
    outputs: Vec<((Capability, &'static str, &'static str), Counter)>,
}

impl Counted {
    fn duration(&mut self, model: Capability) -> &Histogram {
        let make = || metrics::histogram!("model_inference_duration_seconds", "model" => model.stem());
        handle(&mut self.durations, model, make)
    }

    fn output(&mut self, model: Capability, source: &'static str, reason: &'static str) -> &Counter {
        let make = || {
            let model = model.stem();
            metrics::counter!("model_outputs_total", "model" => model, "source" => source, "reason" => reason)
        };
        handle(&mut self.outputs, (model, source, reason), make)
    }
}

fn handle<K: PartialEq, T>(known: &mut Vec<(K, T)>, key: K, make: impl FnOnce() -> T) -> &T {
    let at = known.iter().position(|(candidate, _)| *candidate == key).unwrap_or(known.len());
    if at == known.len() {
        known.push((key, make()));
    }
    &known[at].1
}

/// Answers a question by what `outcome` says, unless the brake is on.
///
/// # Errors
/// The caller's own fault, from `outcome`; 503 where the brake blocks.
pub async fn answer<F>(services: &Services, asked: Asked<'_>, outcome: F) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<Result<Fields, Failure>, Problem>>,
{
    let (model, service) = (asked.model, asked.service);
    let request_id: &RequestId = &asked.context.request_id;
    let Asked { own_input, particulars, .. } = asked;
    let question = Question { model, service, request_id: request_id.as_str(), own_input, particulars };
    let release = match services.answering.braked(question) {
        Some(release) => release,
        None => {
            let begin = std::time::Instant::now();
            let outcome = outcome.await?;
            COUNTED.with_borrow_mut(|counted| counted.duration(model).record(begin.elapsed()));
            let stale: Vec<FeatureName> = stale_inputs(&asked.features);
            services.answering.judge(question, outcome, None, &stale)
        }
    };
    match services.answering.last_look(question, release) {
        Release::Blocked { scope, reason, since } => {
            COUNTED.with_borrow_mut(|counted| counted.output(model, "blocked", "emergency").increment(1));
            let detail = format!("emergency mode blocks {scope} since {since}: {reason}");
            Err(Problem::unavailable(RETRY_AFTER_S, detail).of_kind("emergency"))
        }
        Release::Answer(answer) => written(services, &asked, &answer),
    }
}

fn stale_inputs(features: &BTreeMap<String, UsedFeature>) -> Vec<FeatureName> {
    features.iter().filter(|(_, used)| used.stale).filter_map(|(name, _)| FeatureName::new(name).ok()).collect()
}

fn written(services: &Services, asked: &Asked<'_>, answer: &ValidatedOutput) -> Result<HttpResponse, Problem> {
    let broken = |_| Problem::internal("the answer cannot be written");
    let parts = Written::new(answer).map_err(broken)?;
    let latency_ms = asked.context.started.elapsed().as_secs_f64() * 1e3;
    let config = services.config.load();
    let addressed = Addressed {
        request_id: &asked.context.request_id,
        model: asked.model,
        model_version: asked.model_version,
        service: asked.service,
        config_version: &config.id,
        features: &asked.features,
    };
    let mut body = Vec::with_capacity(1024 + parts.output().len());
    serde_json::to_writer(&mut body, &Envelope::around(&parts, &addressed, latency_ms)).map_err(broken)?;
    let reason = answer.fallback().map_or("none", |used| used.reason.as_str());
    COUNTED.with_borrow_mut(|counted| counted.output(asked.model, answer.source().as_str(), reason).increment(1));
    log(services, asked, answer, &parts, latency_ms);
    let json = HeaderValue::from_static("application/json");
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, json)).body(body))
}

/// One line per inference; of good ones a sample, of others every one.
fn log(services: &Services, asked: &Asked<'_>, answer: &ValidatedOutput, parts: &Written<'_>, latency_ms: f64) {
    let good = answer.source() == Source::Model && answer.verdict().is_safe;
    let sampled = services.inference_sample >= 1.0 || rand::random::<f64>() < services.inference_sample;
    if (good && !sampled) || !tracing::enabled!(target: INFERENCE, tracing::Level::INFO) {
        return;
    }
    tracing::info!(
        target: INFERENCE,
        model = asked.model.stem(),
        service = asked.service.as_str(),
        request_id = asked.context.request_id.as_str(),
        source = answer.source().as_str(),
        reason = answer.fallback().map(|used| used.reason.as_str()),
        input = asked.input.describe(),
        output = parts.output(),
        safety_check = parts.safety_check(),
        latency_ms,
        "answered"
    );
}
