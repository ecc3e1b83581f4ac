//! The mean of the newest values.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A window of values and its mean; over no values at all the mean is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MovingAverage {
    length: usize,
    values: VecDeque<f64>,
}

impl MovingAverage {
    pub(super) fn over(length: usize) -> Self {
        Self { length, values: VecDeque::new() }
    }

    /// `None` until the window is full. Summed anew each time, so that rounding errors do not gather in a long stream.
    pub(super) fn mean(&self) -> Option<f64> {
        if self.values.len() < self.length {
            return None;
        }
        Some(self.values.iter().map(|value| value / self.length as f64).sum())
    }

    pub(super) fn push(&mut self, value: f64) {
        if self.length == 0 {
            return;
        }
        if self.values.len() >= self.length {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }
}
