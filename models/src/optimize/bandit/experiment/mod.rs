//! An experiment: a baseline, challengers, a policy that chooses among them inside a canary, and proof of who is better.
mod options;
mod records;
mod report;

pub use options::{ExperimentOptions, RewardRange};
pub use records::{Decided, DecisionRecord, Mode, RewardRecord};
pub use report::{ArmReport, Standing};

use super::comparison::{Comparison, Observed, Side, Terms};
use super::confidence::Interval;
use super::draw::{DrawKey, Draws, Purpose};
use super::error::BanditError;
use super::law::{CanaryLaw, CanaryPercent, pick};
use super::linear::Workspace;
use super::policy::{Ask, Policy};
use crate::moments::Moments;
use report::ArmCounts;
use serde::{Deserialize, Serialize};

/// The state: a function of the options and of the records given, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Experiment {
    options: ExperimentOptions,
    baseline: usize,
    rounds: u64,
    policy: Policy,
    arms: Vec<ArmCounts>,
    comparisons: Vec<Comparison>,
    rewards: Moments,
    shadow: Agreement,
}

/// The same before it is checked.
#[derive(Debug, Deserialize)]
struct Fields {
    options: ExperimentOptions,
    baseline: usize,
    rounds: u64,
    policy: Policy,
    arms: Vec<ArmCounts>,
    comparisons: Vec<Comparison>,
    rewards: Moments,
    shadow: Agreement,
}

/// How often the policy would have taken what was served in shadow mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Agreement {
    decisions: u64,
    agreed: u64,
}

impl Experiment {
    /// # Errors
    /// `WindowTooLarge` or `TooLarge`, as [`Policy::new`].
    pub fn new(options: ExperimentOptions) -> Result<Self, BanditError> {
        let (arms, is_bounded) = (options.arms(), options.reward_range().is_some());
        Ok(Self {
            options,
            baseline: options.baseline(),
            rounds: 0,
            policy: Policy::new(options.policy(), arms, options.dimension())?,
            arms: vec![ArmCounts::new(is_bounded); arms],
            comparisons: vec![Comparison::new(0, is_bounded); arms],
            rewards: Moments::default(),
            shadow: Agreement::default(),
        })
    }

    /// The options it was made with; its baseline may have changed since.
    #[must_use]
    pub const fn options(&self) -> &ExperimentOptions {
        &self.options
    }

    /// The arm that most of the traffic gets now.
    #[must_use]
    pub const fn baseline(&self) -> usize {
        self.baseline
    }

    /// Number of the latest decision it was told of; 0 before the first.
    #[must_use]
    pub const fn rounds(&self) -> u64 {
        self.rounds
    }

    /// What was learnt.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Decides; the experiment is not changed by it. The same state, context, canary, mode and key give the same decision.
    ///
    /// # Errors
    /// `Dimension`, `NonFiniteContext`, `ContextTooLarge`.
    pub fn decide(
        &self,
        context: &[f64],
        canary: CanaryPercent,
        mode: Mode,
        key: DrawKey,
    ) -> Result<Decided, BanditError> {
        self.policy.check_context(context)?;
        let round = self.rounds.saturating_add(1);
        let (arm, propensity, explored) = (self.baseline, 1.0, false);
        let baseline = Decided { arm, propensity, explored, pick: None, round, mode, scores: Vec::new() };
        if mode == Mode::BaselineOnly {
            return Ok(baseline);
        }
        let eligible = self.eligible(mode == Mode::Shadow);
        let (mut shares, mut workspace) = (vec![0.0; eligible.len()], Workspace::default());
        let ask = Ask { context, eligible: &eligible, taken: None, exploration: self.exploration(), key };
        self.policy.prefer(ask, &mut shares, &mut workspace)?;
        let pick = pick(&shares, Draws::new(key, Purpose::Pick).uniform());
        let scores = self.in_units_of_reward(std::mem::take(&mut workspace.scores));
        if mode == Mode::Shadow {
            return Ok(Decided { pick, scores, ..baseline });
        }
        let law = CanaryLaw::new(canary, self.options.explore_share(), self.baseline, &eligible, &shares);
        let arm = law.draw(Draws::new(key, Purpose::Arm).uniform(), pick);
        let propensity = law.probabilities()[arm];
        let explored = arm != self.baseline && pick != Some(arm);
        Ok(Decided { arm, propensity, explored, pick, scores, ..baseline })
    }

    /// Which arms may be taken: the challengers that are not proven worse, and the baseline if asked for.
    fn eligible(&self, with_baseline: bool) -> Vec<bool> {
        let of = |(arm, comparison): (usize, &Comparison)| match arm == self.baseline {
            true => with_baseline,
            false => !comparison.is_worse,
        };
        self.comparisons.iter().enumerate().map(of).collect()
    }

    /// Factor of the linear policies' width: without a known range, the spread of the rewards.
    fn exploration(&self) -> f64 {
        let deviation = self.rewards.deviation();
        if self.options.reward_range().is_some() || deviation <= 0.0 { 1.0 } else { deviation }
    }

    fn terms(&self) -> Terms {
        self.options.terms(self.rewards.deviation())
    }

    fn in_units_of_reward(&self, mut scores: Vec<f64>) -> Vec<f64> {
        if let Some(range) = self.options.reward_range() {
            scores.iter_mut().for_each(|score| *score = range.at(*score));
        }
        scores
    }

    /// Takes note of a decision.
    ///
    /// # Errors
    /// `UnknownArm`. Nothing is changed then.
    pub fn record_decision(&mut self, record: DecisionRecord) -> Result<(), BanditError> {
        let DecisionRecord { arm, round, mode, pick } = record;
        self.check_arm(pick.unwrap_or(arm))?;
        self.check_arm(arm)?;
        self.arms[arm].decisions = self.arms[arm].decisions.saturating_add(1);
        if mode == Mode::Shadow {
            self.shadow.decisions = self.shadow.decisions.saturating_add(1);
            self.shadow.agreed = self.shadow.agreed.saturating_add(u64::from(pick == Some(arm)));
        }
        self.advance_to(round);
        Ok(())
    }

    fn advance_to(&mut self, round: u64) {
        self.rounds = self.rounds.max(round);
        // The current round is the one that comes next.
        self.policy.advance_to(self.rounds.saturating_add(1), &mut Workspace::default());
    }

    /// Takes note of a reward: it counts for the arm's mean and for the comparison with the baseline; the policy learns
    /// from it if `learn` is set.
    ///
    /// # Errors
    /// `UnknownArm`; `Propensity`; as [`check_reward`](Self::check_reward) and [`decide`](Self::decide). Nothing is
    /// changed then.
    pub fn record_reward(&mut self, record: RewardRecord<'_>, learn: bool) -> Result<(), BanditError> {
        let RewardRecord { arm, context, propensity, round, reward } = record;
        self.check_arm(arm)?;
        self.policy.check_context(context)?;
        self.check_reward(reward)?;
        if !(propensity > 0.0 && propensity <= 1.0) {
            return Err(BanditError::Propensity { value: propensity });
        }
        self.advance_to(round);
        let range = self.options.reward_range();
        let mapped = range.map_or(reward, |range| range.share(reward));
        if learn {
            self.policy.learn(arm, context, mapped, round, &mut Workspace::default())?;
        }
        self.compare(record, mapped);
        self.arms[arm].add(reward, range, 1.0 - self.options.confidence());
        self.rewards.add(mapped);
        Ok(())
    }

    /// Tells the comparisons of a reward, before the running mean knows of it.
    fn compare(&mut self, record: RewardRecord<'_>, reward: f64) {
        // Without an earlier reward there is no mean to centre at.
        if self.options.reward_range().is_none() && self.rewards.count() == 0 {
            return;
        }
        let (terms, mean_before) = (self.terms(), self.rewards.mean());
        for (challenger, comparison) in self.comparisons.iter_mut().enumerate() {
            if challenger == self.baseline || record.round <= comparison.since {
                continue;
            }
            let side = match record.arm {
                arm if arm == challenger => Side::Challenger,
                arm if arm == self.baseline => Side::Baseline,
                _ => Side::Neither,
            };
            comparison.add(Observed { side, propensity: record.propensity, reward, mean_before }, terms);
        }
    }

    /// Whether a reward can be recorded.
    ///
    /// # Errors
    /// `NonFiniteReward`; `RewardOutOfRange`.
    pub fn check_reward(&self, reward: f64) -> Result<(), BanditError> {
        if !reward.is_finite() {
            return Err(BanditError::NonFiniteReward { value: reward });
        }
        match self.options.reward_range() {
            Some(range) if !(range.lower()..=range.upper()).contains(&reward) => {
                Err(BanditError::RewardOutOfRange { value: reward, lower: range.lower(), upper: range.upper() })
            }
            _ => Ok(()),
        }
    }

    /// What is known of every arm, in their order.
    #[must_use]
    pub fn arms(&self) -> Vec<ArmReport> {
        let (range, error) = (self.options.reward_range(), 1.0 - self.options.confidence());
        let report = |(arm, counts): (usize, &ArmCounts)| ArmReport {
            decisions: counts.decisions,
            rewards: counts.rewards(),
            mean_reward: counts.mean(),
            interval: counts.interval(range, self.rewards.deviation(), error),
            difference: self.difference(arm),
            standing: self.standing(arm),
        };
        self.arms.iter().enumerate().map(report).collect()
    }

    /// Where an arm stands; an arm that does not exist is eligible for nothing and proven nothing.
    #[must_use]
    pub fn standing(&self, arm: usize) -> Standing {
        let difference = || self.comparisons.get(arm)?.difference(self.terms());
        match self.comparisons.get(arm) {
            _ if arm == self.baseline => Standing::Baseline,
            Some(comparison) if comparison.is_worse => Standing::ProvenWorse,
            Some(_) if difference().is_some_and(|difference| difference.lower > 0.0) => Standing::ProvenBetter,
            _ => Standing::Eligible,
        }
    }

    /// Bounds of an arm's mean reward minus the baseline's, in units of the reward.
    fn difference(&self, arm: usize) -> Option<Interval> {
        let is_challenger = arm != self.baseline;
        let comparison = self.comparisons.get(arm).filter(|_| is_challenger)?;
        let Interval { lower, upper } = comparison.difference(self.terms())?;
        let width = self.options.reward_range().map_or(1.0, |range| range.upper() - range.lower());
        Some(Interval { lower: lower * width, upper: upper * width })
    }

    /// Share of the shadow decisions in which the policy would have taken what was served; `None` without any.
    #[must_use]
    pub fn shadow_agreement(&self) -> Option<f64> {
        let Agreement { decisions, agreed } = self.shadow;
        (decisions > 0).then(|| agreed as f64 / decisions as f64)
    }

    /// Lets an arm that is proven worse be served again, and compares it anew from the next decision on.
    ///
    /// # Errors
    /// `UnknownArm`; `IsBaseline`.
    pub fn readmit(&mut self, arm: usize) -> Result<(), BanditError> {
        self.check_challenger(arm)?;
        self.comparisons[arm] = Comparison::new(self.rounds, self.options.reward_range().is_some());
        Ok(())
    }

    /// Makes an arm the baseline. The old one becomes a challenger, and all are compared anew from the next decision on;
    /// those that are proven worse stay out.
    ///
    /// # Errors
    /// `UnknownArm`; `IsBaseline`; `NotProven` unless the arm is proven better, or `force` is set.
    pub fn promote(&mut self, arm: usize, force: bool) -> Result<(), BanditError> {
        self.check_challenger(arm)?;
        if !force && self.standing(arm) != Standing::ProvenBetter {
            return Err(BanditError::NotProven { arm });
        }
        self.baseline = arm;
        let (rounds, is_bounded) = (self.rounds, self.options.reward_range().is_some());
        for (challenger, comparison) in self.comparisons.iter_mut().enumerate() {
            let stays_out = comparison.is_worse && challenger != arm;
            *comparison = Comparison::new(rounds, is_bounded);
            comparison.is_worse = stays_out;
        }
        Ok(())
    }

    fn check_arm(&self, arm: usize) -> Result<(), BanditError> {
        if arm < self.arms.len() { Ok(()) } else { Err(BanditError::UnknownArm { arm, arms: self.arms.len() }) }
    }

    fn check_challenger(&self, arm: usize) -> Result<(), BanditError> {
        self.check_arm(arm)?;
        if arm == self.baseline { Err(BanditError::IsBaseline { arm }) } else { Ok(()) }
    }
}

impl TryFrom<Fields> for Experiment {
    type Error = BanditError;
    fn try_from(fields: Fields) -> Result<Self, BanditError> {
        let Fields { options, baseline, rounds, policy, arms, comparisons, rewards, shadow } = fields;
        let is_bounded = options.reward_range().is_some();
        let fits = policy.options() == options.policy()
            && (policy.arms(), policy.dimension()) == (options.arms(), options.dimension())
            && arms.len() == options.arms()
            && comparisons.len() == options.arms()
            && baseline < options.arms();
        let is_sound = arms.iter().all(|arm| arm.is_sound(is_bounded))
            && comparisons.iter().all(|comparison| comparison.is_sound(is_bounded))
            && rewards.is_sound()
            && shadow.agreed <= shadow.decisions;
        if !(fits && is_sound) {
            return Err(BanditError::Snapshot { what: "the experiment's numbers do not fit its options" });
        }
        Ok(Self { options, baseline, rounds, policy, arms, comparisons, rewards, shadow })
    }
}
