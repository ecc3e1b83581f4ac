//! The contextual bandit: experiments that decide, learn from rewards, and lose neither.
mod changing;
mod deciding;
mod experiments;
mod handlers;
mod live;
mod messages;
mod owner;
mod receipt;
#[cfg(test)]
mod replay_tests;
mod spec;
mod view;

pub use live::{Change, ChangeRefused, Standing};
pub use messages::{ChangeExperiment, Command, Decide, Decided, Refused, Reward, RewardOutcome, SaveExperiments};
pub use owner::{BanditActor, BanditOptions};
pub use spec::{ExperimentSpec, Misfit, Terms};
pub use view::{BanditReader, ExperimentView, arm_standing};
