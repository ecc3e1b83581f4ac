//! A policy: what it has learnt of every arm, and with what probability it would take each of them.
use super::counted::Counted;
use super::draw::{DrawKey, Draws, Purpose};
use super::error::BanditError;
use super::limits::{MOST_ARMS, check_size, is_context_number};
use super::linear::{Estimate, Linear, Workspace};
use super::options::{Memory, PolicyKind, PolicyOptions};
use super::window::{Remembered, Window};
use super::{beta_ts, epsilon_greedy, lin_ts, lin_ucb, preference, ucb1};
use crate::unit::{Unit, finite};
use serde::{Deserialize, Serialize};

/// Draws by which Thompson sampling is played: the arm's share of wins is its probability, exactly, given the draws.
const POSTERIOR_DRAWS: u32 = 128;

/// What was learnt. All of it is a function of the calls made so far; nothing in it is random.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PolicyFields")]
pub struct Policy {
    options: PolicyOptions,
    arms: usize,
    dimension: usize,
    round: u64,
    unit: Unit,
    model: Model,
    window: Window,
    taken: Vec<u64>,
}

/// The same before it is checked.
#[derive(Debug, Deserialize)]
struct PolicyFields {
    options: PolicyOptions,
    arms: usize,
    dimension: usize,
    round: u64,
    unit: Unit,
    model: Model,
    window: Window,
    taken: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Model {
    Linear(Linear),
    Counted(Counted),
}

/// The arm a policy takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The arm, counted from 0.
    pub arm: usize,
    /// Probability with which it was taken, in (0, 1\]; for Thompson sampling given its draws.
    pub propensity: f64,
}

/// What is asked of a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) context: &'a [f64],
    /// Which arms may be taken.
    pub(super) eligible: &'a [bool],
    /// How often each arm was taken, if of arms that rank alike only those taken least are meant.
    pub(super) taken: Option<&'a [u64]>,
    /// Factor of the linear policies' width.
    pub(super) exploration: f64,
    /// What Thompson sampling draws by.
    pub(super) key: DrawKey,
}

impl Policy {
    /// A policy that knows nothing yet.
    ///
    /// - `arms`: 1 to 256; `dimension`: numbers of a context, 1 to 129, a constant 1 among them if an intercept is wanted.
    ///
    /// # Errors
    /// `Option` outside of these; `TooLarge` if arms · dimension² exceeds 2^20; `WindowTooLarge` if window · dimension
    /// exceeds 2^22.
    pub fn new(options: PolicyOptions, arms: usize, dimension: usize) -> Result<Self, BanditError> {
        check_size(options, arms, dimension)?;
        let model = match options.kind().is_linear() {
            true => Model::Linear(Linear::new(arms, dimension, options.ridge(), options.memory())),
            false => Model::Counted(Counted::new(arms)),
        };
        let (unit, window) = (Unit::default(), Window::default());
        Ok(Self { options, arms, dimension, round: 0, unit, model, window, taken: vec![0; arms] })
    }

    /// The options it was made with.
    #[must_use]
    pub const fn options(&self) -> PolicyOptions {
        self.options
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

    /// The current round: rewards are as old as their decisions lie before it.
    #[must_use]
    pub const fn round(&self) -> u64 {
        self.round
    }

    /// Makes `round` the current one, the one to be decided, unless a later one is: rewards grow older, and some leave the
    /// window.
    pub fn advance_to(&mut self, round: u64, workspace: &mut Workspace) {
        self.round = self.round.max(round);
        let Memory::Window(length) = self.options.memory() else { return };
        let first = self.round.saturating_sub(length);
        while let Some(gone) = self.window.take_before(first) {
            match &mut self.model {
                Model::Linear(linear) => {
                    let rest = self.window.of(gone.arm);
                    linear.remove(gone.arm, (&gone.context, gone.reward), length.max(1000), rest, workspace);
                }
                Model::Counted(counted) => counted.remove(gone.arm, gone.reward),
            }
        }
    }

    /// Learns that `arm`, chosen for `context` in the round `decided`, paid `reward`.
    ///
    /// A round later than the current one becomes the current one. With a discount, a late reward weighs as if it had
    /// come at once; one that comes after its decision has left the window is not learnt.
    ///
    /// # Errors
    /// `UnknownArm`; as [`check_context`](Self::check_context); `NonFiniteReward`; `RewardOutOfRange` outside of \[0, 1\]
    /// for `beta_ts` and `ucb1`. Nothing is learnt then.
    pub fn learn(
        &mut self,
        arm: usize,
        context: &[f64],
        reward: f64,
        decided: u64,
        workspace: &mut Workspace,
    ) -> Result<(), BanditError> {
        self.check_arm(arm)?;
        self.check_context(context)?;
        self.check_reward(reward)?;
        self.advance_to(decided, workspace);
        let age = self.round - decided;
        if matches!(self.options.memory(), Memory::Window(length) if age > length) {
            return Ok(());
        }
        if let Some(by) = self.unit.admit(reward) {
            self.window.rescale(by);
            if let Model::Linear(linear) = &mut self.model {
                linear.rescale(by);
            }
        }
        match &mut self.model {
            Model::Linear(linear) => {
                let scaled = self.unit.scaled(reward);
                linear.add(arm, context, scaled, (self.round, age), workspace);
                self.remember(decided, arm, scaled, context);
            }
            Model::Counted(counted) => {
                counted.add(arm, reward, (self.round, age), self.options.memory());
                self.remember(decided, arm, reward, &[]);
            }
        }
        Ok(())
    }

    fn remember(&mut self, round: u64, arm: usize, reward: f64, context: &[f64]) {
        if matches!(self.options.memory(), Memory::Window(_)) {
            self.window.add(Remembered { round, arm, reward, context: context.to_vec() });
        }
    }

    /// Takes an arm. Of arms that rank alike it takes one of those it has taken least, at random by the key: while late
    /// rewards are awaited, the untried are tried.
    ///
    /// # Errors
    /// As [`check_context`](Self::check_context).
    pub fn choose(&mut self, context: &[f64], key: DrawKey, workspace: &mut Workspace) -> Result<Choice, BanditError> {
        let (eligible, mut shares) = ([true; MOST_ARMS], std::mem::take(&mut workspace.shares));
        shares.resize(self.arms, 0.0);
        let ask = Ask { context, eligible: &eligible[..self.arms], taken: Some(&self.taken), exploration: 1.0, key };
        let preferred = self.prefer(ask, &mut shares, workspace);
        let uniform = Draws::new(key, Purpose::Pick).uniform();
        let choice = preference::pick(&shares, uniform).map(|arm| Choice { arm, propensity: shares[arm] });
        workspace.shares = shares;
        preferred?;
        let choice = choice.ok_or(BanditError::Snapshot { what: "no arm can be chosen" })?;
        self.taken[choice.arm] = self.taken[choice.arm].saturating_add(1);
        Ok(choice)
    }

    /// With what probability it would take each of the eligible arms; these sum to 1, the others have 0. The workspace
    /// then holds the scores of all arms.
    pub(super) fn prefer(
        &self,
        ask: Ask<'_>,
        shares: &mut [f64],
        workspace: &mut Workspace,
    ) -> Result<(), BanditError> {
        let Ask { context, eligible, taken, exploration, key } = ask;
        self.check_context(context)?;
        let mut draws = Draws::new(key, Purpose::Posterior);
        let alpha = self.options.alpha();
        self.rank(context, exploration, workspace);
        match self.options.kind() {
            PolicyKind::LinTs => {
                let estimates = &workspace.estimates;
                preference::share_of_wins(POSTERIOR_DRAWS, eligible, shares, |drawn| {
                    draws.normals(drawn);
                    let of_arms = drawn.iter_mut().zip(estimates);
                    of_arms.for_each(|(one, estimate)| *one = lin_ts::score(*estimate, alpha, *one));
                });
            }
            PolicyKind::BetaTs => {
                let counts: Vec<_> = self.counts().collect();
                preference::share_of_wins(POSTERIOR_DRAWS, eligible, shares, |drawn| {
                    let of_arms = drawn.iter_mut().zip(&counts);
                    of_arms.for_each(|(one, count)| *one = beta_ts::draw(*count, alpha, &mut draws));
                });
            }
            PolicyKind::LinUcb | PolicyKind::Ucb1 | PolicyKind::EpsilonGreedy => {
                preference::share_among_best(&workspace.scores, eligible, taken, shares);
                if self.options.kind() == PolicyKind::EpsilonGreedy {
                    epsilon_greedy::explore(alpha, eligible, shares);
                }
            }
        }
        Ok(())
    }

    /// What it ranks the arms by: the upper bound for `lin_ucb` and `ucb1`; the mean for `epsilon_greedy` and for
    /// Thompson sampling, which takes the arm with the largest draw around it.
    ///
    /// # Errors
    /// As [`check_context`](Self::check_context).
    pub fn scores(&self, context: &[f64], workspace: &mut Workspace) -> Result<Vec<f64>, BanditError> {
        self.check_context(context)?;
        self.rank(context, 1.0, workspace);
        Ok(workspace.scores.clone())
    }

    /// Fills the workspace's scores and, for the linear policies, its estimates.
    fn rank(&self, context: &[f64], exploration: f64, workspace: &mut Workspace) {
        let alpha = self.options.alpha();
        let mut scores = std::mem::take(&mut workspace.scores);
        scores.clear();
        match self.options.kind() {
            PolicyKind::LinUcb => {
                self.estimate_all(context, exploration, workspace);
                scores.extend(workspace.estimates.iter().map(|one| finite(lin_ucb::upper_bound(*one, alpha))));
            }
            PolicyKind::LinTs | PolicyKind::EpsilonGreedy => {
                self.estimate_all(context, exploration, workspace);
                scores.extend(workspace.estimates.iter().map(|one| one.mean));
            }
            PolicyKind::BetaTs => scores.extend(self.counts().map(|count| beta_ts::mean(count, alpha))),
            PolicyKind::Ucb1 => {
                let total = self.counts().map(|count| count.weight()).sum();
                scores.extend(self.counts().map(|count| ucb1::upper_bound(count, total, alpha)));
            }
        }
        workspace.scores = scores;
    }

    fn counts(&self) -> impl Iterator<Item = super::counted::Count> {
        let counted = match &self.model {
            Model::Counted(counted) => Some(counted.at(self.round, self.options.memory())),
            Model::Linear(_) => None,
        };
        counted.into_iter().flatten()
    }

    /// Fills the workspace's estimates; `exploration` multiplies the widths.
    fn estimate_all(&self, context: &[f64], exploration: f64, workspace: &mut Workspace) {
        let mut estimates = std::mem::take(&mut workspace.estimates);
        estimates.clear();
        if let Model::Linear(linear) = &self.model {
            let with_width = self.options.kind() != PolicyKind::EpsilonGreedy;
            estimates.extend((0..self.arms).map(|arm| {
                let Estimate { mean, width } = linear.estimate(arm, context, self.round, with_width, workspace);
                Estimate { mean: self.unit.restored(mean), width: finite(width * exploration) }
            }));
        }
        workspace.estimates = estimates;
    }

    /// Expected reward and width of every arm; none for the policies without context.
    ///
    /// # Errors
    /// As [`check_context`](Self::check_context).
    pub fn estimates(&self, context: &[f64], workspace: &mut Workspace) -> Result<Vec<Estimate>, BanditError> {
        self.check_context(context)?;
        self.estimate_all(context, 1.0, workspace);
        Ok(workspace.estimates.clone())
    }

    /// Coefficients θ of an arm, in units of the reward per unit of the context; empty for the policies without context.
    ///
    /// # Errors
    /// `UnknownArm`.
    pub fn coefficients(&self, arm: usize, workspace: &mut Workspace) -> Result<Vec<f64>, BanditError> {
        self.check_arm(arm)?;
        let Model::Linear(linear) = &self.model else { return Ok(Vec::new()) };
        let scaled = linear.coefficients(arm, self.round, workspace);
        Ok(scaled.into_iter().map(|one| self.unit.restored(one)).collect())
    }

    /// Whether a context can be judged.
    ///
    /// # Errors
    /// `Dimension`; `NonFiniteContext`; `ContextTooLarge` beyond 1e50 in magnitude.
    pub fn check_context(&self, context: &[f64]) -> Result<(), BanditError> {
        if context.len() != self.dimension {
            return Err(BanditError::Dimension { got: context.len(), expected: self.dimension });
        }
        match context.iter().position(|feature| !is_context_number(*feature)) {
            None => Ok(()),
            Some(index) if context[index].is_finite() => {
                Err(BanditError::ContextTooLarge { index, value: context[index] })
            }
            Some(index) => Err(BanditError::NonFiniteContext { index, value: context[index] }),
        }
    }

    /// Whether a reward can be learnt.
    ///
    /// # Errors
    /// `NonFiniteReward`; `RewardOutOfRange` outside of \[0, 1\] for `beta_ts` and `ucb1`.
    pub fn check_reward(&self, reward: f64) -> Result<(), BanditError> {
        if !reward.is_finite() {
            return Err(BanditError::NonFiniteReward { value: reward });
        }
        if !self.options.kind().is_linear() && !(0.0..=1.0).contains(&reward) {
            return Err(BanditError::RewardOutOfRange { value: reward, lower: 0.0, upper: 1.0 });
        }
        Ok(())
    }

    fn check_arm(&self, arm: usize) -> Result<(), BanditError> {
        if arm < self.arms { Ok(()) } else { Err(BanditError::UnknownArm { arm, arms: self.arms }) }
    }
}

impl TryFrom<PolicyFields> for Policy {
    type Error = BanditError;
    fn try_from(fields: PolicyFields) -> Result<Self, BanditError> {
        let PolicyFields { options, arms, dimension, round, unit, model, window, taken } = fields;
        check_size(options, arms, dimension)?;
        let is_model_sound = match &model {
            Model::Linear(linear) if options.kind().is_linear() => {
                linear.is_sound(arms, dimension, options.ridge(), options.memory())
            }
            Model::Counted(counted) if !options.kind().is_linear() => counted.is_sound(arms),
            _ => false,
        };
        let remembered = if options.kind().is_linear() { dimension } else { 0 };
        if !(is_model_sound && unit.is_sound() && window.is_sound(arms, remembered) && taken.len() == arms) {
            return Err(BanditError::Snapshot { what: "the policy's numbers do not fit its options" });
        }
        Ok(Self { options, arms, dimension, round, unit, model, window, taken })
    }
}
