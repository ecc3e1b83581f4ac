//! Adaptive conformal inference: the level itself follows the misses.
use super::window::Window;
use super::{AdaptiveOptions, Counts, Issued, OnlineError, Served};
use serde::{Deserialize, Serialize};

/// The state of adaptive conformal inference.
///
/// Source: Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, equation 2: with
/// α = 1 - coverage, each label moves the miscoverage level by α_{t+1} = α_t + γ(α - err_t), and the correction is the
/// conformal quantile of the newest scores at level 1 - α_t. Whatever the data, after T labels
/// |mean err - α| <= (max(α_1, 1 - α_1) + (1 + D)γ)/(γT), where D is how many labels a prediction is ahead of its own
/// at most (proposition 4.1, which is D = 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "State", try_from = "State")]
pub struct AdaptiveConformal {
    options: AdaptiveOptions,
    miscoverage: f64,
    window: Window,
    counts: Counts,
}

/// The same as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    options: AdaptiveOptions,
    miscoverage: f64,
    scores: Vec<f64>,
    counts: Counts,
}

impl AdaptiveConformal {
    /// Begins with the scores of calibration rows, the oldest first; the newest of them fill the window.
    ///
    /// # Errors
    /// `NoScores`, or `NonFinite` with the first bad score.
    pub fn new(options: AdaptiveOptions, scores: &[f64]) -> Result<Self, OnlineError> {
        let window = Window::new(scores, options.window())?;
        Ok(Self { options, miscoverage: 1.0 - options.coverage(), window, counts: Counts::default() })
    }

    /// The correction in force, for one prediction.
    ///
    /// Where the level asks for the unbounded or the empty interval the largest or smallest score of the window is
    /// served instead, which is counted; the level is still judged by what it asked for.
    pub fn issue(&mut self) -> Issued {
        let issued = self.in_force();
        self.counts.add_issued(&issued);
        issued
    }

    /// Learns from the label of a prediction: `score` is how far its target lay outside of the interval before any
    /// correction. Returns whether it was a miss at the level that was in force then.
    ///
    /// # Errors
    /// `ScoreNotFinite` or `NotIssued`; nothing is learnt then.
    pub fn observe(&mut self, issued: &Issued, score: f64) -> Result<bool, OnlineError> {
        issued.check()?;
        if !score.is_finite() {
            return Err(OnlineError::ScoreNotFinite { value: score });
        }
        let is_missed = issued.is_missed(score);
        let error = f64::from(u8::from(is_missed));
        self.miscoverage += self.options.step() * (1.0 - self.options.coverage() - error);
        self.window.push(score);
        self.counts.add_observed(issued, score);
        Ok(is_missed)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the window's size + 1")]
    fn in_force(&self) -> Issued {
        let scores = self.window.ascending();
        let rank = ((scores.len() as f64 + 1.0) * (1.0 - self.miscoverage)).ceil();
        if self.miscoverage >= 1.0 || rank < 1.0 {
            return Issued { correction: self.window.smallest(), served: Served::InsteadOfNothing };
        }
        match scores.get(rank as usize - 1) {
            Some(correction) => Issued { correction: *correction, served: Served::Exactly },
            None => Issued { correction: self.window.largest(), served: Served::InsteadOfEverything },
        }
    }

    /// The miscoverage level in force, α_t; 1 - coverage at the start. Outside of \[0, 1\] it asks for the unbounded
    /// (below) or the empty interval (above).
    #[must_use]
    pub const fn miscoverage(&self) -> f64 {
        self.miscoverage
    }

    /// What happened so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &AdaptiveOptions {
        &self.options
    }
}

impl From<AdaptiveConformal> for State {
    fn from(state: AdaptiveConformal) -> Self {
        let AdaptiveConformal { options, miscoverage, window, counts } = state;
        Self { options, miscoverage, scores: window.scores(), counts }
    }
}

impl TryFrom<State> for AdaptiveConformal {
    type Error = OnlineError;
    fn try_from(state: State) -> Result<Self, OnlineError> {
        let State { options, miscoverage, scores, counts } = state;
        if !miscoverage.is_finite() {
            return Err(OnlineError::Damaged { what: "its level is no number" });
        }
        if scores.len() > options.window() || !counts.is_sound() {
            return Err(OnlineError::Damaged { what: "its counts contradict each other" });
        }
        Ok(Self { options, miscoverage, window: Window::new(&scores, options.window())?, counts })
    }
}
