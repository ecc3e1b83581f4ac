//! Conformal PID control without a scorecaster: the correction itself follows the misses.
use super::window::Window;
use super::{Counts, Issued, OnlineError, Served, TrackerOptions};
use crate::unit::finite;
use serde::{Deserialize, Serialize};

/// The state of a quantile tracker with error integration.
///
/// Source: Angelopoulos, Candès and Tibshirani, "Conformal PID Control for Time Series Prediction", NeurIPS 2023: with
/// α = 1 - coverage, each label moves the tracked quantile by q_{t+1} = q_t + η_t(err_t - α) ("quantile tracking"), η_t
/// being the learning rate times the range of the newest scores, which makes it free of scale; the correction is
/// q_t + r_t(Σ(err - α)), where r_t is the saturating tangent of "error integration".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "State", try_from = "State")]
pub struct QuantileTracker {
    options: TrackerOptions,
    tracked: f64,
    /// Σ(err - α).
    excess: f64,
    window: Window,
    counts: Counts,
}

/// The same as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    options: TrackerOptions,
    tracked: f64,
    excess: f64,
    scores: Vec<f64>,
    counts: Counts,
}

impl QuantileTracker {
    /// Begins with the scores of calibration rows, the oldest first: with their quantile, the largest where they are
    /// too few for the coverage.
    ///
    /// # Errors
    /// `NoScores`, or `NonFinite` with the first bad score.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank among the scores")]
    pub fn new(options: TrackerOptions, scores: &[f64]) -> Result<Self, OnlineError> {
        let window = Window::new(scores, options.window())?;
        let mut scores = scores.to_vec();
        let rank = ((scores.len() as f64 + 1.0) * options.coverage()).ceil() as usize;
        let rank = rank.clamp(1, scores.len());
        let tracked = *scores.select_nth_unstable_by(rank - 1, f64::total_cmp).1;
        Ok(Self { options, tracked, excess: 0.0, window, counts: Counts::default() })
    }

    /// The correction in force, for one prediction.
    pub fn issue(&mut self) -> Issued {
        let correction = finite(self.tracked + self.integrated());
        let issued = Issued { correction, served: Served::Exactly };
        self.counts.add_issued(&issued);
        issued
    }

    /// Learns from the label of a prediction: `score` is how far its target lay outside of the interval before any
    /// correction. Returns whether it was a miss by what was issued then.
    ///
    /// # Errors
    /// `ScoreNotFinite` or `NotIssued`; nothing is learnt then.
    pub fn observe(&mut self, issued: &Issued, score: f64) -> Result<bool, OnlineError> {
        issued.check()?;
        if !score.is_finite() {
            return Err(OnlineError::ScoreNotFinite { value: score });
        }
        self.window.push(score);
        let is_missed = issued.is_missed(score);
        let error = f64::from(u8::from(is_missed)) - (1.0 - self.options.coverage());
        self.excess += error;
        self.tracked = finite(self.tracked + self.options.learning_rate() * error * self.range());
        self.counts.add_observed(issued, score);
        Ok(is_missed)
    }

    /// What a lasting excess of misses adds: the range times tan(excess * ln(t + 1)/(t + 1)), short of the pole.
    fn integrated(&self) -> f64 {
        let labels = self.counts.observed as f64 + 1.0;
        let angle = (self.excess * labels.ln() / labels).clamp(-1.5, 1.5);
        finite(self.range() * angle.tan())
    }

    /// The range of the newest scores.
    fn range(&self) -> f64 {
        finite(self.window.largest() - self.window.smallest())
    }

    /// What happened so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &TrackerOptions {
        &self.options
    }
}

impl From<QuantileTracker> for State {
    fn from(state: QuantileTracker) -> Self {
        let QuantileTracker { options, tracked, excess, window, counts } = state;
        Self { options, tracked, excess, scores: window.scores(), counts }
    }
}

impl TryFrom<State> for QuantileTracker {
    type Error = OnlineError;
    fn try_from(state: State) -> Result<Self, OnlineError> {
        let State { options, tracked, excess, scores, counts } = state;
        if !tracked.is_finite() || !excess.is_finite() {
            return Err(OnlineError::Damaged { what: "its correction is no number" });
        }
        if scores.len() > options.window() || !counts.is_sound() {
            return Err(OnlineError::Damaged { what: "its counts contradict each other" });
        }
        Ok(Self { options, tracked, excess, window: Window::new(&scores, options.window())?, counts })
    }
}
