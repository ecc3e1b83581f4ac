//! The six things Bellwether can do; one stem each, the same in files, routes and metric labels.
use serde::{Deserialize, Serialize};

/// A capability: what a model endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Forecast of load, and the workers and queue it needs.
    CapacityPlanning,
    /// Latency quantiles and the chance of breaching a service level objective.
    TailSlo,
    /// Extreme values: peaks over threshold, return levels.
    ExtremeEvents,
    /// Change points and anomalies of a stream.
    RegimeDetection,
    /// Contextual bandit: which configuration to serve.
    Bandit,
    /// Bayesian optimisation: which configuration to try.
    BayesOpt,
}

/// A name that no capability bears.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown model \"{0}\": use one of capacity_planning, tail_slo, extreme_events, regime_detection, bandit, bayes_opt"
)]
pub struct UnknownCapability(pub String);

impl Capability {
    /// All capabilities, in the order of the contract.
    pub const ALL: [Self; 6] = [
        Self::CapacityPlanning,
        Self::TailSlo,
        Self::ExtremeEvents,
        Self::RegimeDetection,
        Self::Bandit,
        Self::BayesOpt,
    ];

    /// The stem: file name, metric label `model`, and (with dashes) the route.
    #[must_use]
    pub const fn stem(self) -> &'static str {
        match self {
            Self::CapacityPlanning => "capacity_planning",
            Self::TailSlo => "tail_slo",
            Self::ExtremeEvents => "extreme_events",
            Self::RegimeDetection => "regime_detection",
            Self::Bandit => "bandit",
            Self::BayesOpt => "bayes_opt",
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.stem())
    }
}

impl std::str::FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        Self::ALL.into_iter().find(|one| one.stem() == text).ok_or_else(|| UnknownCapability(text.to_owned()))
    }
}
