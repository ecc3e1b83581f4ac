//! The loss whose smallest mean is the quantile.
use super::Estimate;
use crate::moments::Moments;
use crate::unit::finite;

/// The pinball loss of predicting `prediction` as the quantile at `level` of what became `target`: level * (y - q) if
/// y >= q, else (1 - level) * (q - y); in the target's unit.
///
/// - `level`: between 0 and 1.
///
/// Source: Koenker and Bassett, "Regression Quantiles", Econometrica 46, 1978, section 3.
#[must_use]
pub fn pinball_loss(level: f64, prediction: f64, target: f64) -> f64 {
    let weight = if target >= prediction { level } else { 1.0 - level };
    let distance = target - prediction;
    // Halved first, so that numbers near the largest do not overflow where their loss does not.
    let loss =
        if distance.is_finite() { weight * distance } else { 2.0 * (weight * (target / 2.0 - prediction / 2.0)) };
    finite(loss).abs()
}

/// Gathers predictions of one quantile and what became true.
#[derive(Debug, Clone, PartialEq)]
pub struct PinballEvaluation {
    level: f64,
    losses: Moments,
}

impl PinballEvaluation {
    /// For predictions of the quantile at `level`, between 0 and 1.
    #[must_use]
    pub fn new(level: f64) -> Self {
        Self { level, losses: Moments::default() }
    }

    /// Adds a row. `false`, and nothing is added, if one of the numbers is not finite.
    pub fn add(&mut self, prediction: f64, target: f64) -> bool {
        let is_finite = prediction.is_finite() && target.is_finite();
        if is_finite {
            self.losses.add(pinball_loss(self.level, prediction, target));
        }
        is_finite
    }

    /// The mean loss; `None` without rows.
    #[must_use]
    pub fn mean(&self) -> Option<Estimate> {
        Estimate::of(&self.losses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MAPIE's own test: targets 1 and 3, the 0.1 quantile predicted as 0 and 4, the 0.9 quantile as 2 and 2.
    #[test]
    fn losses_are_those_of_mapie() {
        for (level, predictions, expected) in [(0.1, [0.0, 4.0], 0.5), (0.9, [2.0, 2.0], 0.5)] {
            let mut evaluation = PinballEvaluation::new(level);
            for (prediction, target) in predictions.into_iter().zip([1.0, 3.0]) {
                assert!(evaluation.add(prediction, target));
            }
            assert!((evaluation.mean().unwrap().value - expected).abs() < 1e-15, "{level}");
        }
    }

    #[test]
    fn a_loss_is_finite_and_that_of_an_exact_prediction_is_0() {
        for target in [0.0, -3.5, 1e-300, 1e300, f64::MAX] {
            assert_eq!(pinball_loss(0.3, target, target), 0.0);
            assert!(pinball_loss(0.3, -f64::MAX, target).is_finite());
        }
        let mut evaluation = PinballEvaluation::new(0.5);
        assert!(!evaluation.add(f64::NAN, 1.0) && !evaluation.add(1.0, f64::INFINITY));
        assert_eq!(evaluation.mean(), None);
    }
}
