//! Emergency mode: while it is on, no model's output leaves within its scope.
use crate::types::{Capability, ServiceId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the brake covers: `global`, `model:<stem>` or `service:<name>` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Every model for every service.
    #[default]
    Global,
    /// One model, for every service.
    Model(Capability),
    /// Every model, for one service.
    Service(ServiceId),
}

/// Text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no scope ({why}): use global, model:<name> or service:<name>")]
pub struct InvalidScope {
    /// The refused text, shortened.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl Scope {
    /// Whether a request of `model` for `service` lies inside.
    #[must_use]
    pub fn covers(&self, model: Capability, service: &ServiceId) -> bool {
        match self {
            Self::Global => true,
            Self::Model(one) => *one == model,
            Self::Service(one) => one == service,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Model(model) => write!(f, "model:{model}"),
            Self::Service(service) => write!(f, "service:{service}"),
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let refused = |why: String| InvalidScope { text: text.chars().take(64).collect(), why };
        match text.split_once(':') {
            None if text == "global" => Ok(Self::Global),
            Some(("model", name)) => name.parse().map(Self::Model).map_err(|error| refused(format!("{error}"))),
            Some(("service", name)) => name.parse().map(Self::Service).map_err(|error| refused(format!("{error}"))),
            _ => Err(refused("unknown kind".to_owned())),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;
    fn try_from(text: String) -> Result<Self, InvalidScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// What callers get while the brake is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// The approved fallback, HTTP 200.
    #[default]
    Fallback,
    /// Nothing, HTTP 503. Wins where scopes overlap.
    Block,
}

/// The brake pulled (or released) for one scope; one entry per scope is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyEntry {
    /// What it covers.
    pub scope: Scope,
    /// Whether it is on.
    pub active: bool,
    /// What callers get.
    pub behaviour: Behaviour,
    /// Why, in the operator's words.
    pub reason: String,
    /// Name of the key that set it.
    pub by: String,
    /// When it was set.
    pub since: Timestamp,
}
