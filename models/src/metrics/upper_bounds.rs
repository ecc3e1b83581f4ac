//! How often upper bounds hold, and how tight they are.
use super::{Estimate, PinballEvaluation};
use crate::moments::Moments;
use crate::tail::conformal::Coverage;

/// Gathers upper bounds and what became true.
#[derive(Debug, Clone, PartialEq)]
pub struct UpperBoundEvaluation {
    covered: Moments,
    losses: PinballEvaluation,
}

/// What [`UpperBoundEvaluation`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpperBoundReport {
    /// Number of rows.
    pub rows: u64,
    /// Share of targets at or below their bound.
    pub coverage: Estimate,
    /// [`pinball_loss`](super::pinball_loss) of the bound as the quantile at the coverage; smaller is better, in the
    /// target's unit.
    pub pinball_loss: Estimate,
}

impl UpperBoundEvaluation {
    /// For bounds that claim to hold for a share of `coverage`.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        Self { covered: Moments::default(), losses: PinballEvaluation::new(coverage.get()) }
    }

    /// Adds a row. `false`, and nothing is added, if one of the numbers is not finite.
    pub fn add(&mut self, bound: f64, target: f64) -> bool {
        let is_added = self.losses.add(bound, target);
        if is_added {
            self.covered.add(f64::from(u8::from(target <= bound)));
        }
        is_added
    }

    /// The figures; `None` without rows.
    #[must_use]
    pub fn report(&self) -> Option<UpperBoundReport> {
        Some(UpperBoundReport {
            rows: self.covered.count(),
            coverage: Estimate::of(&self.covered)?,
            pinball_loss: self.losses.mean()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: bounds 2, 2 and 5 for 1, 2 and 7 at 0.9 lose 0.1, 0 and 1.8.
    #[test]
    fn a_bound_holds_up_to_itself_and_loses_by_its_distance() {
        let mut evaluation = UpperBoundEvaluation::new(Coverage::new(0.9).unwrap());
        for (bound, target) in [(2.0, 1.0), (2.0, 2.0), (5.0, 7.0)] {
            assert!(evaluation.add(bound, target));
        }
        assert!(!evaluation.add(f64::INFINITY, 0.0));
        let report = evaluation.report().unwrap();
        assert_eq!((report.rows, report.coverage.value), (3, 2.0 / 3.0));
        assert!((report.pinball_loss.value - 1.9 / 3.0).abs() < 1e-15);
    }
}
