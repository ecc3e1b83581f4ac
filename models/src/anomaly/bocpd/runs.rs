//! The run lengths under consideration, as a struct of arrays: where each began, what it learned, how probable it is.

use super::elementary;
use super::observation_model::LARGEST;
use serde::{Deserialize, Serialize};

/// Runs that are looked at together.
pub(super) const BLOCK: usize = 64;

/// One entry per run; slots are reused, their order means nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Runs {
    /// First row of each run.
    pub(super) start: Vec<u64>,
    /// Values, missing ones not counted, that came before it; whole numbers.
    pub(super) seen_before: Vec<f64>,
    /// First sufficient statistic: mean, or number of events or successes.
    pub(super) first: Vec<f64>,
    /// Second sufficient statistic: scale, rate of the prior, or number of failures.
    pub(super) second: Vec<f64>,
    /// A logarithm of the statistics that is costly to find anew.
    pub(super) logarithm: Vec<f64>,
    /// Logarithm of each run's probability.
    pub(super) log_weight: Vec<f64>,
    /// Each run's probability.
    pub(super) probability: Vec<f64>,
}

/// What a run knows before its first value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Statistics {
    pub(super) first: f64,
    pub(super) second: f64,
    pub(super) logarithm: f64,
}

impl Runs {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            start: Vec::with_capacity(capacity),
            seen_before: Vec::with_capacity(capacity),
            first: Vec::with_capacity(capacity),
            second: Vec::with_capacity(capacity),
            logarithm: Vec::with_capacity(capacity),
            log_weight: Vec::with_capacity(capacity),
            probability: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.start.len()
    }

    pub(super) fn push(&mut self, start: u64, seen_before: f64, prior: Statistics, log_weight: f64, probability: f64) {
        self.start.push(start);
        self.seen_before.push(seen_before);
        self.first.push(prior.first);
        self.second.push(prior.second);
        self.logarithm.push(prior.logarithm);
        self.log_weight.push(log_weight);
        self.probability.push(probability);
    }

    pub(super) fn remove(&mut self, slot: usize) {
        self.start.swap_remove(slot);
        self.seen_before.swap_remove(slot);
        self.first.swap_remove(slot);
        self.second.swap_remove(slot);
        self.logarithm.swap_remove(slot);
        self.log_weight.swap_remove(slot);
        self.probability.swap_remove(slot);
    }

    /// The least probable run.
    pub(super) fn least(&self) -> Option<usize> {
        let smallest = elementary::smallest(&self.log_weight);
        self.log_weight.iter().position(|weight| *weight == smallest)
    }

    /// The most probable run.
    pub(super) fn most_probable(&self) -> Option<usize> {
        let largest = elementary::largest(&self.log_weight);
        self.log_weight.iter().position(|weight| *weight == largest)
    }

    /// Probability that the current run starts behind `row`.
    pub(super) fn probability_behind(&self, row: u64) -> f64 {
        let mut probability = 0.0;
        for (start, share) in self.start.chunks(BLOCK).zip(self.probability.chunks(BLOCK)) {
            let mut shares = [0.0; BLOCK];
            let shares = &mut shares[..start.len()];
            for (slot, (start, share)) in start.iter().zip(share).enumerate() {
                // The highest bit of a difference below 0, as a factor: a comparison would be a branch.
                shares[slot] = share * elementary::number(row.wrapping_sub(*start) >> 63);
            }
            probability += elementary::sum(shares);
        }
        probability
    }

    /// Whether every array has an entry for every run, and every number can be one of a detector with so many rows, of
    /// which `seen` had a value.
    pub(super) fn is_sound(&self, rows: u64, seen: f64) -> bool {
        let within = |numbers: &[f64], low: f64, high: f64| {
            numbers.len() == self.len() && numbers.iter().all(|number| (low..=high).contains(number))
        };
        let largest = 2.0 * LARGEST;
        self.start.iter().all(|start| *start <= rows)
            && within(&self.seen_before, 0.0, seen)
            && within(&self.first, -largest, largest)
            && within(&self.second, f64::MIN_POSITIVE, f64::MAX)
            && within(&self.logarithm, f64::MIN, f64::MAX)
            && within(&self.log_weight, f64::MIN, 1e-6)
            && within(&self.probability, 0.0, 1.0 + 1e-6)
    }
}

impl Statistics {
    /// Whether a run can begin with them.
    pub(super) fn is_sound(&self) -> bool {
        let scale = (f64::MIN_POSITIVE..=f64::MAX).contains(&self.second);
        self.first.abs() <= 2.0 * LARGEST && scale && self.logarithm.is_finite()
    }
}
