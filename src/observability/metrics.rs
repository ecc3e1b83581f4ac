//! Metrics: every name once, with its labels and its explanation; the recorder; the exposition for `GET /metrics`.
//!
//! Code that counts uses the constants with the `metrics` macros and keeps the handles it gets: a macro with labels hashes
//! them on each call. Crates that cannot see this file write the same names; a test of the documentation compares.
use super::{logging, process};
use arc_swap::ArcSwapOption;
use metrics::{Label, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Kind of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// A family of series: one name.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// Its explanation.
    pub help: &'static str,
}

macro_rules! families {
    ($($constant:ident = $name:literal $kind:ident $labels:tt $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*

        /// Every family of the registry. `config_version_info` and `process_*` are added by [`Metrics::render`].
        pub const FAMILIES: &[Family] = &[$(Family { name: $name, kind: Kind::$kind, labels: &$labels, help: $help }),*];
    };
}

families! {
    HTTP_REQUESTS_TOTAL = "http_requests_total" Counter ["endpoint", "method", "status"]
        "HTTP requests answered.";
    HTTP_REQUEST_DURATION_SECONDS = "http_request_duration_seconds" Histogram ["endpoint"]
        "Time from a request's head to its answer.";
    HTTP_HANDLER_PANICS_TOTAL = "http_handler_panics_total" Counter ["endpoint"]
        "Requests whose handler panicked; they were answered with 500.";
    MODEL_INFERENCE_DURATION_SECONDS = "model_inference_duration_seconds" Histogram ["model"]
        "Time from asking a model to its judged output.";
    MODEL_OUTPUTS_TOTAL = "model_outputs_total" Counter ["model", "source", "reason"]
        "Outputs by source (model, fallback, override) and, of a fallback, its reason (none otherwise).";
    SAFETY_VIOLATIONS_TOTAL = "safety_violations_total" Counter ["model_type", "check", "severity"]
        "Outputs that did not pass a safety check.";
    SAFETY_EMERGENCY_ACTIVE = "safety_emergency_active" Gauge ["scope"]
        "Whether the emergency brake is on: 1 on, 0 off; scope service counts the services.";
    BANDIT_DECISIONS_TOTAL = "bandit_decisions_total" Counter ["experiment", "arm"]
        "Decisions of the bandit that are on disk; beyond 1,000 series (other, other) counts the rest.";
    ACTOR_RESTARTS_TOTAL = "actor_restarts_total" Counter ["actor", "cause"]
        "Restarts of an actor by cause.";
    ACTOR_STATE = "actor_state" Gauge ["actor"]
        "State of an actor: 1 running, 0 starting or restarting, -1 stopped, -2 hung.";
    ACTOR_QUEUE_DEPTH = "actor_queue_depth" Gauge ["actor"]
        "Messages that wait for an actor.";
    ACTOR_LEAKED_THREADS = "actor_leaked_threads" Gauge []
        "Threads of hung actors that were left behind.";
    TELEMETRY_SAMPLES_TOTAL = "telemetry_samples_total" Counter ["source"]
        "Well-formed samples received, used by a feature or not.";
    TELEMETRY_SAMPLES_DROPPED_TOTAL = "telemetry_samples_dropped_total" Counter []
        "Samples dropped because the feature store or the watched streams were busy or being restarted.";
    TELEMETRY_SOURCE_BREAKER_STATE = "telemetry_source_breaker_state" Gauge ["source"]
        "Circuit breaker of a source: 0 closed, 1 half-open, 2 open.";
    FEATURE_CACHE_REQUESTS_TOTAL = "feature_cache_requests_total" Counter ["result"]
        "Look-ups in the feature cache by result (hit, miss).";
    FEATURE_AGE_SECONDS = "feature_age_seconds" Gauge ["feature"]
        "Age of the newest value of a feature.";
    REGIME_STREAMS = "regime_streams" Gauge []
        "Streams that are watched for changes.";
    REGIME_STREAMS_EVICTED_TOTAL = "regime_streams_evicted_total" Counter []
        "Streams that made room for new ones: those that took no value in for longest.";
    REGIME_CHANGES_TOTAL = "regime_changes_total" Counter []
        "Change points found in all streams.";
    REGISTRY_MODELS = "registry_models" Gauge []
        "Registered models.";
    REGISTRY_FAULTY_MODELS = "registry_faulty_models" Gauge []
        "Models whose champion's file is damaged, so that another version or none answers.";
    REGISTRY_UNREADABLE = "registry_unreadable" Gauge []
        "Whether the model registry cannot be read: 1 yes, 0 no.";
    REGISTRY_LOAD_FAILURES_TOTAL = "registry_load_failures_total" Counter []
        "Model files that were refused because they are damaged or no model.";
    REGISTRY_CHANGES_TOTAL = "registry_changes_total" Counter ["action"]
        "Changes to the registry by this process (registered, promoted, rolled_back).";
    RETRAINING_RUNS_TOTAL = "retraining_runs_total" Counter ["outcome"]
        "Retrainings that ended, by outcome (promoted, registered, unchanged, cancelled, failed).";
    RETRAINING_RUNNING = "retraining_running" Gauge []
        "Whether a retraining runs: 1 yes, 0 no.";
    RETRAINING_LAST_DURATION_SECONDS = "retraining_last_duration_seconds" Gauge []
        "How long the retraining took that ended last.";
    CONFIG_DRIFT = "config_drift" Gauge []
        "Whether the store holds another configuration version than the one in force: 1 yes, 0 no.";
    LOG_LINES_DROPPED_TOTAL = "log_lines_dropped_total" Counter []
        "Log lines dropped because their reader is too slow.";
}

/// The active configuration version: one series, always 1; its label `hash` is `none` before the first version.
pub const CONFIG_VERSION_INFO: &str = "config_version_info";

/// Explanation of [`CONFIG_VERSION_INFO`].
const CONFIG_VERSION_HELP: &str = "Active configuration version; the value is always 1.";

/// Upper bounds of latency buckets, in seconds: 50 us to 10 s.
pub const LATENCY_BUCKETS: [f64; 17] =
    [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Reasons of a fallback, as in the envelope.
pub const FALLBACK_REASONS: [&str; 8] =
    ["deadline", "overloaded", "restarting", "panic", "error", "nan", "unsafe", "emergency"];

/// What the process consists of: the label values that exist from the start.
#[derive(Debug, Clone, Default)]
pub struct Inventory<'a> {
    /// Names of actors.
    pub actors: &'a [&'a str],
    /// Causes of a restart.
    pub restart_causes: &'a [&'a str],
    /// Endpoints with their methods: route patterns, never paths.
    pub endpoints: &'a [(&'a str, &'a str)],
    /// Stems of models.
    pub models: &'a [&'a str],
    /// Safety checks: model, check, severity.
    pub checks: &'a [(&'a str, &'a str, &'a str)],
    /// Telemetry sources.
    pub sources: &'a [&'a str],
    /// Features.
    pub features: &'a [&'a str],
}

/// The process's recorder; clones share it.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    config_version: Arc<ArcSwapOption<String>>,
}

/// The one that is installed.
static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);

impl Metrics {
    /// Makes the recorder the process's own; a second call returns the first one's.
    ///
    /// # Errors
    /// [`BuildError`] if something else has installed a recorder before.
    pub fn install() -> Result<Self, BuildError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let metrics = Self::around(builder()?.install_recorder()?);
        describe();
        *installed = Some(metrics.clone());
        Ok(metrics)
    }

    fn around(handle: PrometheusHandle) -> Self {
        Self { handle, config_version: Arc::default() }
    }

    /// Lets every series of the inventory exist, at 0.
    pub fn touch(&self, inventory: &Inventory<'_>) {
        touch(inventory);
    }

    /// Says which configuration version is active.
    pub fn set_config_version(&self, hash: &str) {
        self.config_version.store(Some(Arc::new(hash.to_owned())));
    }

    /// The exposition for `GET /metrics`, in `text/plain; version=0.0.4`.
    #[must_use]
    pub fn render(&self) -> String {
        counter!(LOG_LINES_DROPPED_TOTAL).absolute(logging::dropped_lines());
        let mut out = self.handle.render();
        let active = self.config_version.load();
        let hash = active.as_ref().map_or("none", |hash| hash.as_str());
        let hash = hash.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let name = CONFIG_VERSION_INFO;
        let _ =
            writeln!(out, "# HELP {name} {CONFIG_VERSION_HELP}\n# TYPE {name} gauge\n{name}{{hash=\"{hash}\"}} 1\n");
        process::render(&mut out);
        out
    }

    /// Sorts what histograms have collected; call it every 5 s, or they grow until somebody asks for `/metrics`.
    pub fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The builder with buckets for every histogram: without them it would make summaries, which do not add up over pods.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    FAMILIES
        .iter()
        .filter(|family| family.kind == Kind::Histogram)
        .try_fold(PrometheusBuilder::new(), |builder, family| {
            builder.set_buckets_for_metric(Matcher::Full(family.name.to_owned()), &LATENCY_BUCKETS)
        })
}

fn describe() {
    for Family { name, kind, help, .. } in FAMILIES {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *help),
            Kind::Gauge => metrics::describe_gauge!(*name, *help),
            Kind::Histogram => metrics::describe_histogram!(*name, *help),
        }
    }
}

fn touch(inventory: &Inventory<'_>) {
    let labels = |pairs: &[(&'static str, &str)]| {
        pairs.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    for (endpoint, method) in inventory.endpoints {
        let all = labels(&[("endpoint", endpoint), ("method", method), ("status", "200")]);
        counter!(HTTP_REQUESTS_TOTAL, all).increment(0);
        drop(histogram!(HTTP_REQUEST_DURATION_SECONDS, labels(&[("endpoint", endpoint)])));
        counter!(HTTP_HANDLER_PANICS_TOTAL, labels(&[("endpoint", endpoint)])).increment(0);
    }
    for model in inventory.models {
        drop(histogram!(MODEL_INFERENCE_DURATION_SECONDS, labels(&[("model", model)])));
        let plain = [("model", "none"), ("override", "none")];
        for (source, reason) in plain.into_iter().chain(FALLBACK_REASONS.map(|reason| ("fallback", reason))) {
            let all = labels(&[("model", model), ("source", source), ("reason", reason)]);
            counter!(MODEL_OUTPUTS_TOTAL, all).increment(0);
        }
    }
    for (model, check, severity) in inventory.checks {
        let all = labels(&[("model_type", model), ("check", check), ("severity", severity)]);
        counter!(SAFETY_VIOLATIONS_TOTAL, all).increment(0);
    }
    for actor in inventory.actors {
        gauge!(ACTOR_STATE, labels(&[("actor", actor)])).increment(0.0);
        gauge!(ACTOR_QUEUE_DEPTH, labels(&[("actor", actor)])).increment(0.0);
        for cause in inventory.restart_causes {
            counter!(ACTOR_RESTARTS_TOTAL, labels(&[("actor", actor), ("cause", cause)])).increment(0);
        }
    }
    for source in inventory.sources {
        counter!(TELEMETRY_SAMPLES_TOTAL, labels(&[("source", source)])).increment(0);
        gauge!(TELEMETRY_SOURCE_BREAKER_STATE, labels(&[("source", source)])).increment(0.0);
    }
    for feature in inventory.features {
        gauge!(FEATURE_AGE_SECONDS, labels(&[("feature", feature)])).increment(0.0);
    }
    for result in ["hit", "miss"] {
        counter!(FEATURE_CACHE_REQUESTS_TOTAL, labels(&[("result", result)])).increment(0);
    }
    counter!(BANDIT_DECISIONS_TOTAL, labels(&[("experiment", "other"), ("arm", "other")])).increment(0);
    gauge!(SAFETY_EMERGENCY_ACTIVE, labels(&[("scope", "global")])).increment(0.0);
    gauge!(ACTOR_LEAKED_THREADS).increment(0.0);
    gauge!(REGISTRY_MODELS).increment(0.0);
    gauge!(REGISTRY_FAULTY_MODELS).increment(0.0);
    gauge!(REGISTRY_UNREADABLE).increment(0.0);
    counter!(REGISTRY_LOAD_FAILURES_TOTAL).increment(0);
    for action in ["registered", "promoted", "rolled_back"] {
        counter!(REGISTRY_CHANGES_TOTAL, labels(&[("action", action)])).increment(0);
    }
    for outcome in ["promoted", "registered", "unchanged", "cancelled", "failed"] {
        counter!(RETRAINING_RUNS_TOTAL, labels(&[("outcome", outcome)])).increment(0);
    }
    gauge!(RETRAINING_RUNNING).increment(0.0);
    gauge!(RETRAINING_LAST_DURATION_SECONDS).increment(0.0);
    gauge!(CONFIG_DRIFT).increment(0.0);
    gauge!(REGIME_STREAMS).increment(0.0);
    counter!(REGIME_STREAMS_EVICTED_TOTAL).increment(0);
    counter!(REGIME_CHANGES_TOTAL).increment(0);
    counter!(TELEMETRY_SAMPLES_DROPPED_TOTAL).increment(0);
    counter!(LOG_LINES_DROPPED_TOTAL).increment(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    const INVENTORY: Inventory<'_> = Inventory {
        actors: &["tail_slo"],
        restart_causes: &["panic", "hung"],
        endpoints: &[("/models/tail-slo", "POST")],
        models: &["tail_slo"],
        checks: &[("tail_slo", "latency \"range\"", "UNSAFE")],
        sources: &["push"],
        features: &["request_rate"],
    };

    /// The exposition of a recorder of the test's own.
    fn exposition(record: impl FnOnce(&Metrics)) -> String {
        let recorder = builder().unwrap().build_recorder();
        let metrics = Metrics::around(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            describe();
            metrics.touch(&INVENTORY);
            record(&metrics);
            metrics.render()
        })
    }

    #[test]
    fn every_family_is_there_from_the_start_with_its_explanation() {
        let text = exposition(|_| ());
        let process = process::FAMILIES.iter().map(|(name, ..)| *name).filter(|_| cfg!(target_os = "linux"));
        for name in FAMILIES.iter().map(|family| family.name).chain([CONFIG_VERSION_INFO]).chain(process) {
            assert!(text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} ")), "{name}");
            assert!(text.lines().any(|line| line.starts_with(name)), "{name} has no series");
        }
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let value = line.rsplit_once(' ').unwrap().1;
            assert!(value == "0" || line.starts_with("process_") || line.starts_with("config_version_info"), "{line}");
        }
        assert!(!text.contains("quantile="), "a summary");
    }

    #[test]
    fn the_labels_of_a_series_are_those_that_its_family_declares() {
        let text = exposition(|_| ());
        for family in FAMILIES {
            let series = text.lines().find(|line| line.starts_with(family.name)).unwrap();
            let labels = series.split_once('{').map_or("", |(_, rest)| rest);
            for label in family.labels {
                assert!(labels.contains(&format!("{label}=\"")), "{series} lacks {label}");
            }
        }
    }

    #[test]
    fn buckets_cumulate_from_fifty_microseconds_to_ten_seconds() {
        let text = exposition(|metrics| {
            let took = histogram!(MODEL_INFERENCE_DURATION_SECONDS, "model" => "tail_slo");
            for seconds in [4e-5, 9e-5, 0.02, 11.0] {
                took.record(seconds);
            }
            metrics.run_upkeep();
        });
        for (le, count) in [("0.00005", 1), ("0.0001", 2), ("0.01", 2), ("0.025", 3), ("10", 3), ("+Inf", 4)] {
            let line = format!("model_inference_duration_seconds_bucket{{model=\"tail_slo\",le=\"{le}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }

    #[test]
    fn one_configuration_version_is_active() {
        let text = exposition(|metrics| {
            metrics.set_config_version("old");
            metrics.set_config_version("new\"");
        });
        let series: Vec<_> = text.lines().filter(|line| line.starts_with(CONFIG_VERSION_INFO)).collect();
        assert_eq!(series, ["config_version_info{hash=\"new\\\"\"} 1"]);
    }

    #[test]
    fn promtool_has_nothing_to_say() {
        let child = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else { return }; // `make test` installs it
        child.stdin.take().unwrap().write_all(exposition(|_| ()).as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}
