//! The envelope in which every model endpoint answers.
use super::request_id::RequestId;
use bellwether_domain::safety::{FallbackUsed, Source, ValidatedOutput};
use bellwether_domain::types::{Capability, ServiceId, Timestamp};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Answer of a model endpoint.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    request_id: &'a str,
    model: Capability,
    model_version: &'a str,
    service: &'a ServiceId,
    output: &'a RawValue,
    source: Source,
    fallback: Option<FallbackUsed>,
    config_version: &'a str,
    safety_check: &'a RawValue,
    features: &'a BTreeMap<String, UsedFeature>,
    latency_ms: f64,
}

/// A judged output with its parts as JSON: written once, for the answer and for the log.
#[derive(Debug)]
pub struct Written<'a> {
    answer: &'a ValidatedOutput,
    output: Box<RawValue>,
    safety_check: Box<RawValue>,
}

impl<'a> Written<'a> {
    /// Writes the parts.
    ///
    /// # Errors
    /// None that can happen: finite numbers and text always serialise.
    pub fn new(answer: &'a ValidatedOutput) -> serde_json::Result<Self> {
        let (output, safety_check) = (to_raw_value(answer.output())?, to_raw_value(answer.verdict())?);
        Ok(Self { answer, output, safety_check })
    }

    /// The output as JSON.
    #[must_use]
    pub fn output(&self) -> &str {
        self.output.get()
    }

    /// The judgement as JSON.
    #[must_use]
    pub fn safety_check(&self) -> &str {
        self.safety_check.get()
    }
}

/// A feature that bore on an answer, as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct UsedFeature {
    /// Its value.
    pub value: f64,
    /// What it is the state of.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// Whether it was older than its time to live.
    pub stale: bool,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl<'a> Envelope<'a> {
    /// An envelope around a judged output; there is none around any other.
    #[must_use]
    pub fn around(written: &'a Written<'_>, addressed: &Addressed<'a>, latency_ms: f64) -> Self {
        let Written { answer, output, safety_check } = written;
        Self {
            request_id: addressed.request_id.as_str(),
            model: addressed.model,
            model_version: addressed.model_version,
            service: addressed.service,
            output,
            source: answer.source(),
            fallback: answer.fallback(),
            config_version: addressed.config_version,
            safety_check,
            features: addressed.features,
            latency_ms,
        }
    }
}

/// What stands on an envelope besides the answer.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// Identity of the request.
    pub request_id: &'a RequestId,
    /// Whose answer.
    pub model: Capability,
    /// Which version of it.
    pub model_version: &'a str,
    /// For which service.
    pub service: &'a ServiceId,
    /// The configuration in force.
    pub config_version: &'a str,
    /// The features that bore on it.
    pub features: &'a BTreeMap<String, UsedFeature>,
}

/// The envelope's schema; `output` is the model's own.
#[derive(Debug, ToSchema)]
#[schema(as = Envelope)]
#[allow(dead_code, reason = "it only describes `Envelope`, whose fields are borrowed")]
pub struct EnvelopeSchema<T> {
    /// Identity of the request, also in the header `X-Request-Id`.
    request_id: String,
    /// Which model was asked.
    model: String,
    /// Which version of it answered.
    model_version: String,
    /// For which service.
    service: String,
    /// What leaves: the model's output, or what replaced it.
    output: T,
    /// Where the output comes from.
    source: SourceSchema,
    /// Why and by what the model's output was replaced; null if it was not.
    fallback: Option<FallbackSchema>,
    /// The configuration in force.
    config_version: String,
    /// The judgement of the safety layer.
    safety_check: VerdictSchema,
    /// The features that bore on the answer.
    features: BTreeMap<String, UsedFeature>,
    /// Time in the server, in milliseconds.
    latency_ms: f64,
}

/// Where an output comes from.
#[derive(Debug, ToSchema)]
#[schema(as = Source, rename_all = "snake_case")]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub enum SourceSchema {
    /// The model.
    Model,
    /// The fallback.
    Fallback,
    /// A human's fields.
    Override,
}

/// Why and by what a model's output was replaced.
#[derive(Debug, ToSchema)]
#[schema(as = Fallback)]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub struct FallbackSchema {
    /// One of deadline, overloaded, restarting, panic, error, nan, unsafe, emergency.
    #[schema(example = "deadline")]
    reason: String,
    /// `last_good` or `approved`.
    #[schema(example = "approved")]
    kind: String,
}

/// The judgement of the safety layer.
#[derive(Debug, ToSchema)]
#[schema(as = SafetyCheck)]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub struct VerdictSchema {
    /// SAFE, WARNING, UNSAFE or CRITICAL.
    #[schema(example = "SAFE")]
    level: String,
    /// Whether the model's own output could leave, or the model failed and a judged fallback took its place.
    is_safe: bool,
    /// Every check that was violated.
    violations: Vec<ViolationSchema>,
}

/// One check that an output did not pass.
#[derive(Debug, ToSchema)]
#[schema(as = Violation)]
#[allow(dead_code, reason = "it only describes the domain's type")]
pub struct ViolationSchema {
    /// Name of the check.
    check: String,
    /// Its level.
    level: String,
    /// What is wrong, in words.
    message: String,
    /// What was seen.
    observed: serde_json::Value,
    /// What was allowed.
    limit: serde_json::Value,
}
