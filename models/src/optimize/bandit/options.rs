//! What a caller chooses of a policy. Every type here is valid once it exists.
use super::error::{OutOfRange, UnknownPolicy};
use serde::{Deserialize, Serialize};

/// How an arm is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum PolicyKind {
    /// Linear upper confidence bound, one model an arm (Li et al. 2010): mean + alpha · width.
    #[default]
    #[serde(rename = "lin_ucb")]
    LinUcb,
    /// Linear Thompson sampling (Agrawal and Goyal 2013): a draw from the normal law of mean and alpha · width.
    #[serde(rename = "lin_ts")]
    LinTs,
    /// Thompson sampling of a share without context: a draw from the Beta law of wins and losses.
    #[serde(rename = "beta_ts")]
    BetaTs,
    /// Upper confidence bound without context (Auer et al. 2002).
    #[serde(rename = "ucb1")]
    Ucb1,
    /// The best linear mean, but with probability alpha any arm.
    #[serde(rename = "epsilon_greedy")]
    EpsilonGreedy,
}

impl PolicyKind {
    /// Every kind, in the order of documentation.
    pub const ALL: [Self; 5] = [Self::LinUcb, Self::LinTs, Self::BetaTs, Self::Ucb1, Self::EpsilonGreedy];

    /// Its name in requests, files and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinUcb => "lin_ucb",
            Self::LinTs => "lin_ts",
            Self::BetaTs => "beta_ts",
            Self::Ucb1 => "ucb1",
            Self::EpsilonGreedy => "epsilon_greedy",
        }
    }

    /// The alpha that is used unless another one is given.
    #[must_use]
    pub const fn default_alpha(self) -> f64 {
        match self {
            Self::LinUcb => 0.5,
            Self::LinTs => 0.25,
            Self::BetaTs | Self::Ucb1 => 1.0,
            Self::EpsilonGreedy => 0.1,
        }
    }

    /// Whether the context matters to it.
    #[must_use]
    pub const fn is_linear(self) -> bool {
        matches!(self, Self::LinUcb | Self::LinTs | Self::EpsilonGreedy)
    }
}

impl std::fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for PolicyKind {
    type Err = UnknownPolicy;
    fn from_str(name: &str) -> Result<Self, UnknownPolicy> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownPolicy::new(name))
    }
}

/// What a policy remembers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// Every reward, for ever.
    #[default]
    Full,
    /// A reward weighs gamma^(current round - round of its decision); gamma in \[0.5, 1), as 0.995.
    Discount(f64),
    /// The rewards of the decisions of the last so many rounds before the current one; at least 1.
    Window(u64),
}

/// Options of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PolicyFields")]
pub struct PolicyOptions {
    kind: PolicyKind,
    alpha: f64,
    ridge: f64,
    memory: Memory,
}

/// The same before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFields {
    kind: PolicyKind,
    alpha: f64,
    ridge: f64,
    memory: Memory,
}

impl PolicyOptions {
    /// A policy with its default alpha, ridge 1 and full memory.
    #[must_use]
    pub const fn new(kind: PolicyKind) -> Self {
        Self { kind, alpha: kind.default_alpha(), ridge: 1.0, memory: Memory::Full }
    }

    /// How much it explores: the factor of the width for `lin_ucb` and `ucb1`, of the standard deviation for `lin_ts` and
    /// `beta_ts`, the probability of a random arm for `epsilon_greedy`.
    ///
    /// # Errors
    /// `OutOfRange` unless 0 <= `alpha` <= 1e9, or <= 1 for `epsilon_greedy` (NaN is refused).
    pub fn with_alpha(self, alpha: f64) -> Result<Self, OutOfRange> {
        let (most, range) = match self.kind {
            PolicyKind::EpsilonGreedy => (1.0, "[0, 1]"),
            _ => (1e9, "[0, 1e9]"),
        };
        inside("alpha", alpha, 0.0, most, range).map(|alpha| Self { alpha, ..self })
    }

    /// Ridge λ of the linear models: A = λ I + Σ x x'. It is in squared units of the context.
    ///
    /// # Errors
    /// `OutOfRange` unless 1e-9 <= `ridge` <= 1e9 (NaN is refused).
    pub fn with_ridge(self, ridge: f64) -> Result<Self, OutOfRange> {
        inside("ridge", ridge, 1e-9, 1e9, "[1e-9, 1e9]").map(|ridge| Self { ridge, ..self })
    }

    /// What it remembers.
    ///
    /// # Errors
    /// `OutOfRange` unless a discount lies in \[0.5, 1) and a window in \[1, 1000000\].
    pub fn with_memory(self, memory: Memory) -> Result<Self, OutOfRange> {
        match memory {
            Memory::Discount(gamma) if !(0.5..1.0).contains(&gamma) => {
                Err(OutOfRange { name: "discount", value: gamma, range: "[0.5, 1)" })
            }
            Memory::Window(rounds) if !(1..=1_000_000).contains(&rounds) => {
                Err(OutOfRange { name: "window", value: rounds as f64, range: "[1, 1000000]" })
            }
            _ => Ok(Self { memory, ..self }),
        }
    }

    /// How an arm is chosen.
    #[must_use]
    pub const fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// How much it explores; see [`with_alpha`](Self::with_alpha).
    #[must_use]
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Ridge λ of the linear models.
    #[must_use]
    pub const fn ridge(&self) -> f64 {
        self.ridge
    }

    /// What it remembers.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.memory
    }
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self::new(PolicyKind::default())
    }
}

impl TryFrom<PolicyFields> for PolicyOptions {
    type Error = OutOfRange;
    fn try_from(fields: PolicyFields) -> Result<Self, OutOfRange> {
        Self::new(fields.kind).with_alpha(fields.alpha)?.with_ridge(fields.ridge)?.with_memory(fields.memory)
    }
}

pub(super) fn inside(
    name: &'static str,
    value: f64,
    least: f64,
    most: f64,
    range: &'static str,
) -> Result<f64, OutOfRange> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(OutOfRange { name, value, range }) }
}
