//! The newest scores, and their order statistics.
use super::OnlineError;
use std::collections::VecDeque;

/// Up to a number of the newest scores, at least one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    /// In the order of their arrival.
    scores: VecDeque<f64>,
    ascending: Vec<f64>,
    most: usize,
}

impl Window {
    /// The last `most` of `scores`.
    ///
    /// # Errors
    /// `NoScores`; `NonFinite` names the first bad score.
    pub(super) fn new(scores: &[f64], most: usize) -> Result<Self, OnlineError> {
        if let Some((index, value)) = scores.iter().enumerate().find(|(_, score)| !score.is_finite()) {
            return Err(OnlineError::NonFinite { index, value: *value });
        }
        let newest = &scores[scores.len().saturating_sub(most)..];
        if newest.is_empty() {
            return Err(OnlineError::NoScores);
        }
        let mut ascending = newest.to_vec();
        ascending.sort_unstable_by(f64::total_cmp);
        Ok(Self { scores: newest.iter().copied().collect(), ascending, most })
    }

    /// Takes a finite score in, and the oldest out when there are too many.
    pub(super) fn push(&mut self, score: f64) {
        if self.scores.len() == self.most
            && let Some(oldest) = self.scores.pop_front()
            && let Ok(place) = self.ascending.binary_search_by(|other| other.total_cmp(&oldest))
        {
            self.ascending.remove(place);
        }
        let (Ok(place) | Err(place)) = self.ascending.binary_search_by(|other| other.total_cmp(&score));
        self.ascending.insert(place, score);
        self.scores.push_back(score);
    }

    pub(super) fn ascending(&self) -> &[f64] {
        &self.ascending
    }

    pub(super) fn smallest(&self) -> f64 {
        self.ascending.first().copied().unwrap_or(0.0)
    }

    pub(super) fn largest(&self) -> f64 {
        self.ascending.last().copied().unwrap_or(0.0)
    }

    /// In the order of their arrival.
    pub(super) fn scores(&self) -> Vec<f64> {
        self.scores.iter().copied().collect()
    }
}
