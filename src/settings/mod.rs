//! Settings: read once at start, from four layers, checked as a whole, each value with the place it came from.
//!
//! Why not `figment`: it stops at the first fault and knows no lines; here every fault is reported at once, with key,
//! file and line (or variable, or flag) and remedy. The types below are the only list of keys; `config/default.toml`
//! gives each its value and its explanation.
mod defaults;
mod error;
mod provenance;
mod retraining;
mod tree;
mod units;

pub use error::{Fault, Origin, SettingsError};
pub use provenance::{Provenance, Setting};
pub use retraining::{BoostingParameters, Promote, Retraining};
pub use units::{AdminKey, Bytes, Count, ListenAddress, LogFilter, Milliseconds, Seconds, Speed, Workers};

use bellwether_domain::types::{FeatureName, Share};
use error::FaultKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::Node;

/// Start of the names of environment variables that hold settings.
pub const ENVIRONMENT_PREFIX: &str = "BELLWETHER__";

/// Largest settings file.
const LARGEST_FILE: u64 = 1 << 20;

/// Everything that is decided before the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of settings")]
pub struct Settings {
    /// The HTTP edge.
    pub server: Server,
    /// How failed actors are restarted.
    pub supervision: Supervision,
    /// Injected faults.
    pub faults: Faults,
    /// Who may do what.
    pub auth: Auth,
    /// Where what must survive is written.
    pub store: Store,
    /// The safety layer.
    pub safety: Safety,
    /// What is observed, and how often.
    pub telemetry: Telemetry,
    /// Features and where they are kept.
    pub features: Features,
    /// Log lines.
    pub log: Log,
    /// Models that are trained anew on a schedule.
    pub retraining: Vec<Retraining>,
}

/// Section `server`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Server {
    /// Where to listen; port 0 takes a free one.
    pub listen: ListenAddress,
    /// HTTP worker threads.
    pub workers: Workers,
    /// Total time for a request's head to arrive.
    pub header_timeout_ms: Milliseconds<10, 600_000>,
    /// Total time for a request's body to arrive.
    pub body_timeout_ms: Milliseconds<10, 600_000>,
    /// Larger bodies are answered with 413.
    pub body_limit_bytes: Bytes<1_024, 268_435_456>,
    /// Requests being answered at once; more are answered with 429.
    pub max_in_flight: Count<1, 100_000>,
    /// How long readiness says 503 after SIGTERM while requests are still served.
    pub drain_ms: Milliseconds<0, 600_000>,
}

/// Section `supervision`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Supervision {
    /// Restarts of one actor within `within_s` before its supervisor gives up.
    pub max_restarts: Count<0, 1_000_000>,
    /// The window in which restarts are counted.
    pub within_s: Seconds<1, 86_400>,
    /// Wait before the first restart; doubles from there.
    pub backoff_initial_ms: Milliseconds<1, 600_000>,
    /// Longest wait before a restart.
    pub backoff_max_ms: Milliseconds<1, 600_000>,
    /// An actor that is silent for longer is taken for hung.
    pub heartbeat_ms: Milliseconds<50, 600_000>,
    /// Threads of hung actors left behind before the process exits.
    pub max_leaked_threads: Count<0, 10_000>,
}

/// Section `faults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Faults {
    /// Whether faults may be injected.
    pub enabled: bool,
}

/// Section `auth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Auth {
    /// The administrator's key; without it one is made and kept in the data directory.
    pub admin_key: Option<AdminKey>,
    /// Whether reading needs no key.
    pub anonymous_read: bool,
}

/// Section `store`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Store {
    /// The engine.
    pub kind: StoreKind,
}

/// Where configuration, emergency state and keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// A file in the data directory.
    Sqlite,
}

/// Section `safety`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Safety {
    /// Admins it takes to release the emergency brake.
    pub release_approvals: Count<1, 10>,
    /// Violations and outputs kept in memory.
    pub history_size: Count<1, 1_000_000>,
}

/// Section `telemetry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Telemetry {
    /// How often sources are asked.
    pub interval_ms: Milliseconds<10, 3_600_000>,
    /// The made-up trading day.
    pub simulator: Simulator,
    /// When a source is left alone.
    pub breaker: Breaker,
}

/// Section `telemetry.simulator`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Simulator {
    /// Whether it runs.
    pub enabled: bool,
    /// The same seed makes the same day.
    pub seed: u64,
    /// Simulated seconds per second.
    pub speed: Speed,
}

/// Section `telemetry.breaker`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Breaker {
    /// Consecutive failures that open it.
    pub failures: Count<1, 1_000>,
    /// How long it stays open before one trial.
    pub open_ms: Milliseconds<10, 3_600_000>,
}

/// Section `features`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Features {
    /// Age from which a feature is stale, by name; the registry's own value holds where a name is missing.
    #[serde(default)]
    pub ttl_ms: BTreeMap<FeatureName, Milliseconds<1, 604_800_000>>,
    /// Where the latest values are kept.
    pub cache: Cache,
}

/// Section `features.cache`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Cache {
    /// The engine.
    pub kind: CacheKind,
}

/// Where the latest features are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheKind {
    /// In this process.
    Memory,
}

/// Section `log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// Which lines are written.
    pub level: LogFilter,
    /// Share of inferences that are logged.
    pub inference_sample: Share,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For human eyes.
    Text,
}

/// Settings that were accepted, and where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub settings: Settings,
    /// Their places.
    pub provenance: Provenance,
}

/// The layers above the built-in defaults; a later layer wins over an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    file: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    flags: Vec<(&'static str, &'static str, String)>,
}

impl Layers {
    /// No layer but the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a settings file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Adds environment variables; those that do not start with `BELLWETHER__` are ignored.
    #[must_use]
    pub fn environment<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.environment.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Adds what a flag says about a key; `flag` is the flag with its dashes, `key` a path such as `server.listen`.
    #[must_use]
    pub fn flag(mut self, flag: &'static str, key: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((flag, key, value.into()));
        self
    }

    /// Merges the layers and checks the result.
    ///
    /// # Errors
    /// Every fault at once: unreadable file, unknown keys, wrong types, values out of range, values that do not fit
    /// together.
    pub fn load(self) -> Result<Loaded, SettingsError> {
        let defaults = defaults::tree()?;
        let mut faults = Vec::new();
        let mut tree = defaults.clone();
        if let Some(path) = &self.file {
            match read(path) {
                Ok(file) => tree.overlay(file),
                Err(unreadable) => faults.extend(unreadable),
            }
        }
        let mut variables = self.environment;
        variables.sort();
        for (name, value) in &variables {
            match variable(name, value) {
                None => {}
                Some(Ok(node)) => tree.overlay(node),
                Some(Err(fault)) => faults.push(fault),
            }
        }
        for (flag, key, value) in self.flags {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            tree.overlay(Node::leaf(&path, value, &Origin::Flag { name: flag }));
        }
        let settings = build(&mut tree, &defaults, &mut faults);
        match settings {
            Some(settings) if faults.is_empty() => Ok(Loaded { provenance: Provenance::new(tree), settings }),
            _ => Err(SettingsError { faults }),
        }
    }
}

impl Settings {
    /// The built-in defaults alone, for tests and for programs that embed Bellwether.
    ///
    /// # Errors
    /// None as long as `config/default.toml` is sound, which a test guards.
    pub fn embedded() -> Result<Self, SettingsError> {
        Layers::new().load().map(|loaded| loaded.settings)
    }

    /// Faults that no single value shows.
    fn contradictions(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Supervision { backoff_initial_ms: initial, backoff_max_ms: max, .. } = self.supervision;
        if initial.get() > max.get() {
            faults.push(Fault::refused(
                "supervision.backoff_initial_ms",
                format!("{} ms is above supervision.backoff_max_ms, which is {} ms", initial.get(), max.get()),
                "lower the first or raise the second",
            ));
        }
        faults
    }
}

/// Turns the tree into settings. A refused value makes way for the default, so that the next fault is found as well.
fn build(tree: &mut Node, defaults: &Node, faults: &mut Vec<Fault>) -> Option<Settings> {
    loop {
        match Settings::deserialize(&*tree) {
            Ok(settings) => {
                for mut fault in settings.contradictions() {
                    let known = faults.iter().any(|earlier| earlier.path == fault.path);
                    fault.origin = tree.find(fault.path.iter().map(String::as_str)).map(|node| node.origin.clone());
                    faults.extend(Some(fault).filter(|_| !known));
                }
                return Some(settings);
            }
            Err(fault) => {
                let path = fault.path.clone();
                faults.push(fault);
                if !tree.restore(&path, Some(defaults)) {
                    return None;
                }
            }
        }
    }
}

/// Reads a settings file.
fn read(path: &Path) -> Result<Node, Vec<Fault>> {
    let shown: Arc<str> = path.display().to_string().into();
    let unreadable = |reason: String, remedy| vec![Fault::new(FaultKind::Unreadable { reason, remedy })];
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)).map_err(
        |error| {
            unreadable(format!("cannot read the settings file {shown}: {error}"), "give --config a readable TOML file")
        },
    )?;
    if bytes.len() as u64 > LARGEST_FILE {
        let reason = format!("the settings file {shown} is larger than 1 MiB");
        return Err(unreadable(reason, "give --config a TOML file of settings, not of data"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(format!("the settings file {shown} is not UTF-8 at byte {at}"), "save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    tree::parse(text, &|line| Origin::File { path: shown.clone(), line })
}

/// What a variable says; `None` if it is none of ours.
fn variable(name: &OsString, value: &OsString) -> Option<Result<Node, Fault>> {
    let shown = name.to_string_lossy();
    let key = shown.strip_prefix(ENVIRONMENT_PREFIX)?;
    let origin = Origin::Environment { variable: Arc::from(shown.as_ref()) };
    let Some(value) = value.to_str() else {
        let kind = FaultKind::Unreadable { reason: format!("{shown} is not UTF-8"), remedy: "give it text in UTF-8" };
        return Some(Err(Fault::new(kind).at(origin)));
    };
    let path: Vec<String> = key.split("__").map(str::to_lowercase).collect();
    Some(Ok(Node::leaf(&path, value.to_owned(), &origin)))
}

#[cfg(test)]
mod tests;
