//! The newest peaks over a threshold, and the distribution fitted to them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::super::{GeneralizedPareto, zhang_stephens};

/// A value above the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Peak {
    /// Value minus threshold, above 0.
    exceedance: f64,
    /// Its number in the stream, from 1.
    at: u64,
}

/// A window of peaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Peaks {
    most: usize,
    newest: VecDeque<Peak>,
    /// The peaks kept are all that came after this number in the stream.
    since: u64,
    /// Shape and scale of the last fit.
    fitted: Option<(f64, f64)>,
}

impl Peaks {
    pub(super) fn new(most: usize, since: u64) -> Self {
        Self { most, newest: VecDeque::new(), since, fitted: None }
    }

    /// Keeps a peak without fitting anew.
    pub(super) fn keep(&mut self, exceedance: f64, at: u64) {
        if self.newest.len() >= self.most
            && let Some(oldest) = self.newest.pop_front()
        {
            self.since = oldest.at;
        }
        self.newest.push_back(Peak { exceedance, at });
    }

    pub(super) fn push(&mut self, exceedance: f64, at: u64) {
        self.keep(exceedance, at);
        self.fit();
    }

    /// Fits what is kept; `false`, with the former fit still in force, if it holds no tail.
    pub(super) fn fit(&mut self) -> bool {
        let exceedances: Vec<f64> = self.newest.iter().map(|peak| peak.exceedance).collect();
        let fitted = zhang_stephens(&exceedances).ok();
        self.fitted = fitted.map(|pareto| (pareto.shape(), pareto.scale())).or(self.fitted);
        fitted.is_some()
    }

    pub(super) fn pareto(&self) -> Option<GeneralizedPareto> {
        let (shape, scale) = self.fitted?;
        GeneralizedPareto::new(shape, scale).ok()
    }

    /// Share of the values that were peaks, since the oldest one kept.
    pub(super) fn rate(&self, observed: u64) -> f64 {
        self.newest.len() as f64 / observed.saturating_sub(self.since).max(1) as f64
    }
}
