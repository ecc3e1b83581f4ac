//! What is known of each arm without context: how many rewards, and their sum.
use super::discounted::power;
use super::options::Memory;
use serde::{Deserialize, Serialize};

/// One arm's rewards in \[0, 1\], as of the round `touched`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Count {
    weight: f64,
    sum: f64,
    touched: u64,
}

impl Count {
    /// Number of rewards; less than they are where they fade.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// Sum of the rewards, from 0 to the weight.
    pub(super) fn sum(&self) -> f64 {
        self.sum.clamp(0.0, self.weight)
    }

    fn faded(self, gamma: f64, round: u64) -> Self {
        let by = power(gamma, round.saturating_sub(self.touched));
        Self { weight: self.weight * by, sum: self.sum * by, touched: self.touched.max(round) }
    }
}

/// The counts of all arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Counted {
    arms: Vec<Count>,
}

impl Counted {
    pub(super) fn new(arms: usize) -> Self {
        Self { arms: vec![Count::default(); arms] }
    }

    pub(super) fn is_sound(&self, arms: usize) -> bool {
        let is_sound = |count: &Count| count.weight >= 0.0 && count.weight.is_finite() && count.sum.is_finite();
        self.arms.len() == arms && self.arms.iter().all(is_sound)
    }

    /// The counts as of `round`.
    pub(super) fn at(&self, round: u64, memory: Memory) -> impl Iterator<Item = Count> {
        let gamma = gamma(memory);
        self.arms.iter().map(move |count| count.faded(gamma, round))
    }

    pub(super) fn add(&mut self, arm: usize, reward: f64, (round, age): (u64, u64), memory: Memory) {
        let Some(count) = self.arms.get_mut(arm) else { return };
        let (gamma, faded) = (gamma(memory), count.faded(gamma(memory), round));
        let weight = power(gamma, age);
        *count = Count { weight: faded.weight + weight, sum: faded.sum + weight * reward, ..faded };
    }

    pub(super) fn remove(&mut self, arm: usize, reward: f64) {
        let Some(count) = self.arms.get_mut(arm) else { return };
        count.weight = (count.weight - 1.0).max(0.0);
        // Whole weights are exact, so that what rounding left of the sum ends with the last reward.
        count.sum = if count.weight == 0.0 { 0.0 } else { count.sum - reward };
    }
}

fn gamma(memory: Memory) -> f64 {
    match memory {
        Memory::Discount(gamma) => gamma,
        Memory::Full | Memory::Window(_) => 1.0,
    }
}
