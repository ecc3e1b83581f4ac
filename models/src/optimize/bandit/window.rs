//! The rewards of the last rounds, so that one that leaves can be taken out of the models again.
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One reward that is still remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Round of its decision.
    pub(super) round: u64,
    pub(super) arm: usize,
    pub(super) reward: f64,
    /// Empty for a policy that looks at no context.
    pub(super) context: Vec<f64>,
}

/// In the order of the decisions, however late the rewards came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Window {
    rewards: VecDeque<Remembered>,
}

impl Window {
    pub(super) fn is_sound(&self, arms: usize, dimension: usize) -> bool {
        let is_sound = |one: &Remembered| {
            one.arm < arms
                && one.reward.is_finite()
                && one.context.len() == dimension
                && one.context.iter().all(|feature| super::limits::is_context_number(*feature))
        };
        self.rewards.iter().all(is_sound)
    }

    pub(super) fn add(&mut self, reward: Remembered) {
        let later = self.rewards.iter().rev().take_while(|one| one.round > reward.round).count();
        self.rewards.insert(self.rewards.len() - later, reward);
    }

    /// Takes out the oldest reward if its decision lies before `first`.
    pub(super) fn take_before(&mut self, first: u64) -> Option<Remembered> {
        self.rewards.pop_front_if(|oldest| oldest.round < first)
    }

    /// The rewards of one arm.
    pub(super) fn of(&self, arm: usize) -> impl Iterator<Item = (&[f64], f64)> {
        self.rewards.iter().filter(move |one| one.arm == arm).map(|one| (one.context.as_slice(), one.reward))
    }

    pub(super) fn rescale(&mut self, by: f64) {
        self.rewards.iter_mut().for_each(|one| one.reward *= by);
    }
}
