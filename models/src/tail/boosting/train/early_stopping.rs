//! When to stop before the last round.
use super::EarlyStopping;

/// Watches the validation loss.
#[derive(Debug)]
pub(super) struct BestRound {
    stopping: Option<EarlyStopping>,
    best: f64,
    pub(super) round: usize,
}

impl BestRound {
    pub(super) const fn new(stopping: Option<EarlyStopping>) -> Self {
        Self { stopping, best: f64::INFINITY, round: 0 }
    }

    /// The least loss.
    pub(super) const fn loss(&self) -> f64 {
        self.best
    }

    /// Takes note of a round's loss; whether to stop.
    pub(super) fn should_stop(&mut self, round: usize, loss: f64) -> bool {
        let min_delta = self.stopping.map_or(0.0, |stopping| stopping.min_delta);
        if loss < self.best - min_delta || self.best.is_infinite() {
            (self.best, self.round) = (loss, round);
        }
        self.stopping.is_some_and(|stopping| round - self.round >= stopping.patience)
    }
}
