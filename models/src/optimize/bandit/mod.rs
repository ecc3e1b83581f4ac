//! Contextual bandits: which arm to serve in which context, learnt from the rewards of the arms that were served.
//!
//! A [`Policy`] learns and chooses by itself, as in a replay. An [`Experiment`] serves: a canary of at most 10 % of the
//! decisions leaves the baseline ([`CanaryLaw`]), every decision carries its exact propensity, and an arm that is proven
//! worse than the baseline is served no more. Both are pure: randomness is a function of a [`DrawKey`], and the state is a
//! function of the calls made, so that a log replays to the same state, bit for bit.
//!
//! ```
//! use bellwether_models::optimize::bandit::*;
//!
//! let options = ExperimentOptions::new(3, 2)?.with_policy(PolicyOptions::new(PolicyKind::LinUcb));
//! let mut experiment = Experiment::new(options)?;
//! let context = [1.0, 0.3];
//! let decided = experiment.decide(&context, CanaryPercent::default(), Mode::Live, DrawKey::new(7))?;
//! experiment.record_decision(decided.record())?;
//! let reward = RewardRecord::of(&decided, &context, 0.8);
//! experiment.record_reward(reward, true)?;
//! assert_eq!(experiment.arms()[decided.arm].rewards, 1);
//! # Ok::<(), BanditError>(())
//! ```

mod beta_ts;
mod comparison;
mod confidence;
mod counted;
mod discounted;
mod draw;
mod epsilon_greedy;
mod error;
mod experiment;
mod factor;
mod law;
mod limits;
mod lin_ts;
mod lin_ucb;
mod linear;
mod normal;
mod options;
mod policy;
mod preference;
mod ucb1;
mod window;

pub use confidence::Interval;
pub use draw::DrawKey;
pub use error::{BanditError, OutOfRange, UnknownPolicy};
pub use experiment::{
    ArmReport, Decided, DecisionRecord, Experiment, ExperimentOptions, Mode, RewardRange, RewardRecord, Standing,
};
pub use law::{CanaryLaw, CanaryPercent};
pub use limits::{LARGEST_FEATURE, MOST_ARMS, MOST_DIMENSIONS, MOST_MATRIX_ENTRIES, within_reach};
pub use linear::{Estimate, Workspace};
pub use options::{Memory, PolicyKind, PolicyOptions};
pub use policy::{Choice, Policy};
