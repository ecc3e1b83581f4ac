//! What a caller chooses of an experiment.
use super::super::comparison::Terms;
use super::super::error::{BanditError, OutOfRange};
use super::super::law::CanaryPercent;
use super::super::options::{PolicyKind, PolicyOptions, inside};
use super::super::policy::Policy;
use serde::{Deserialize, Serialize};

/// Bounds that every reward keeps to, in the unit of the rewards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RewardBounds")]
pub struct RewardRange {
    lower: f64,
    upper: f64,
}

#[derive(Debug, Deserialize)]
struct RewardBounds {
    lower: f64,
    upper: f64,
}

impl RewardRange {
    /// # Errors
    /// `OutOfRange` unless both are finite, and upper - lower is above 0 and finite.
    pub fn new(lower: f64, upper: f64) -> Result<Self, OutOfRange> {
        let width = upper - lower;
        let is_sound = width > 0.0 && width.is_finite();
        if is_sound {
            Ok(Self { lower, upper })
        } else {
            Err(OutOfRange { name: "width of the reward range", value: width, range: "(0, inf)" })
        }
    }

    /// The lowest reward.
    #[must_use]
    pub const fn lower(self) -> f64 {
        self.lower
    }

    /// The highest reward.
    #[must_use]
    pub const fn upper(self) -> f64 {
        self.upper
    }

    /// Where a reward lies, from 0 to 1.
    pub(super) fn share(self, reward: f64) -> f64 {
        ((reward - self.lower) / (self.upper - self.lower)).clamp(0.0, 1.0)
    }

    /// The reward that lies there.
    pub(super) fn at(self, share: f64) -> f64 {
        crate::unit::finite(self.lower + share * (self.upper - self.lower))
    }
}

impl TryFrom<RewardBounds> for RewardRange {
    type Error = OutOfRange;
    fn try_from(bounds: RewardBounds) -> Result<Self, OutOfRange> {
        Self::new(bounds.lower, bounds.upper)
    }
}

/// Options of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ExperimentOptions {
    arms: usize,
    dimension: usize,
    baseline: usize,
    policy: PolicyOptions,
    explore_share: f64,
    confidence: f64,
    reward_range: Option<RewardRange>,
}

/// The same before it is checked.
#[derive(Debug, Deserialize)]
struct Fields {
    arms: usize,
    dimension: usize,
    baseline: usize,
    policy: PolicyOptions,
    explore_share: f64,
    confidence: f64,
    reward_range: Option<RewardRange>,
}

impl ExperimentOptions {
    /// The first arm is the baseline, the policy `lin_ucb`; a fifth of the canary explores; confidence 0.95.
    ///
    /// - `arms`: 2 to 256; `dimension`: numbers of a context, 1 to 129, a constant 1 among them if an intercept is wanted.
    ///
    /// # Errors
    /// `Option` outside of these; `TooLarge` if arms · dimension² exceeds 2^20.
    pub fn new(arms: usize, dimension: usize) -> Result<Self, BanditError> {
        let policy = PolicyOptions::default();
        let options =
            Self { arms, dimension, baseline: 0, policy, explore_share: 0.2, confidence: 0.95, reward_range: None };
        inside("number of arms", arms as f64, 2.0, 256.0, "[2, 256]")?;
        Policy::new(policy, arms, dimension).map(|_| options)
    }

    /// The arm that most of the traffic gets.
    ///
    /// # Errors
    /// `UnknownArm`.
    pub fn with_baseline(self, baseline: usize) -> Result<Self, BanditError> {
        if baseline < self.arms {
            return Ok(Self { baseline, ..self });
        }
        Err(BanditError::UnknownArm { arm: baseline, arms: self.arms })
    }

    /// How challengers are chosen. [`Experiment::new`](super::Experiment::new) refuses a window too large.
    #[must_use]
    pub fn with_policy(self, policy: PolicyOptions) -> Self {
        Self { policy, ..self }
    }

    /// Share of the canary that goes to every eligible challenger alike, whatever the policy picks.
    ///
    /// # Errors
    /// `Option` unless 0.001 <= `share` <= 1 (NaN is refused): below, propensities become too small to learn from.
    pub fn with_explore_share(self, share: f64) -> Result<Self, BanditError> {
        Ok(Self { explore_share: inside("explore share", share, 0.001, 1.0, "[0.001, 1]")?, ..self })
    }

    /// Probability that all bounds of differences hold at every moment.
    ///
    /// # Errors
    /// `Option` unless 0.5 <= `confidence` <= 0.999999 (NaN is refused).
    pub fn with_confidence(self, confidence: f64) -> Result<Self, BanditError> {
        Ok(Self { confidence: inside("confidence", confidence, 0.5, 0.999_999, "[0.5, 0.999999]")?, ..self })
    }

    /// Bounds of the rewards: tighter intervals that hold for every number of rewards. The policy learns rewards mapped
    /// to \[0, 1\], and one outside is refused.
    #[must_use]
    pub fn with_reward_range(self, range: RewardRange) -> Self {
        Self { reward_range: Some(range), ..self }
    }

    /// Number of arms.
    #[must_use]
    pub const fn arms(&self) -> usize {
        self.arms
    }

    /// Numbers of a context.
    #[must_use]
    pub const fn dimension(&self) -> usize {
        self.dimension
    }

    /// The arm that most of the traffic gets at first.
    #[must_use]
    pub const fn baseline(&self) -> usize {
        self.baseline
    }

    /// How challengers are chosen.
    #[must_use]
    pub const fn policy(&self) -> PolicyOptions {
        self.policy
    }

    /// Share of the canary that goes to every eligible challenger alike.
    #[must_use]
    pub const fn explore_share(&self) -> f64 {
        self.explore_share
    }

    /// Probability that all bounds of differences hold at every moment.
    #[must_use]
    pub const fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Bounds of the rewards: the ones given; 0 to 1 for `beta_ts` and `ucb1`, which need some; otherwise none.
    #[must_use]
    pub fn reward_range(&self) -> Option<RewardRange> {
        let needed = match self.policy.kind() {
            PolicyKind::BetaTs | PolicyKind::Ucb1 => Some(RewardRange { lower: 0.0, upper: 1.0 }),
            PolicyKind::LinUcb | PolicyKind::LinTs | PolicyKind::EpsilonGreedy => None,
        };
        self.reward_range.or(needed)
    }

    /// What the comparisons have in common, with the standard deviation of all rewards; the error is shared among the challengers by Bonferroni's rule.
    pub(super) fn terms(&self, spread: f64) -> Terms {
        let challengers = (self.arms - 1).max(1) as f64;
        let rare = CanaryPercent::default().share() * self.explore_share / challengers;
        Terms { error: (1.0 - self.confidence) / challengers, rare, spread }
    }
}

impl TryFrom<Fields> for ExperimentOptions {
    type Error = BanditError;
    fn try_from(fields: Fields) -> Result<Self, BanditError> {
        let options = Self::new(fields.arms, fields.dimension)?.with_baseline(fields.baseline)?;
        let options = options.with_policy(fields.policy).with_explore_share(fields.explore_share)?;
        let options = options.with_confidence(fields.confidence)?;
        Ok(Self { reward_range: fields.reward_range, ..options })
    }
}
