//! Coverage, width and score of intervals.
use super::Estimate;
use crate::moments::Moments;
use crate::tail::conformal::{Coverage, Fraction, Interval};
use crate::unit::finite;

/// Gathers intervals and what became true. An interval whose ends crossed is sorted first.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalEvaluation {
    /// 2/(1 - coverage), what a unit of a miss costs.
    penalty: f64,
    covered: Moments,
    widths: Moments,
    scores: Moments,
}

/// What [`IntervalEvaluation`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalReport {
    /// Number of rows.
    pub rows: u64,
    /// Share of targets inside.
    pub coverage: Estimate,
    /// upper - lower, in the target's unit.
    pub mean_width: Estimate,
    /// Width + 2/(1 - coverage) * distance of the target from the interval; smaller is better, in the target's unit.
    ///
    /// Source: Winkler, "A Decision-Theoretic Approach to Interval Estimation", JASA 67, 1972; Gneiting and Raftery,
    /// "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102, 2007, equation 43.
    pub interval_score: Estimate,
}

impl IntervalEvaluation {
    /// For intervals that claim to contain the target with `coverage`.
    #[must_use]
    pub fn new(coverage: Coverage) -> Self {
        let penalty = 2.0 * Fraction::of(coverage).inverse_of_rest();
        Self { penalty, covered: Moments::default(), widths: Moments::default(), scores: Moments::default() }
    }

    /// Adds a row. `false`, and nothing is added, if one of the three numbers is not finite.
    pub fn add(&mut self, interval: Interval, target: f64) -> bool {
        let Interval { lower, upper } = interval.sorted();
        if ![lower, upper, target].iter().all(|number| number.is_finite()) {
            return false;
        }
        let width = finite(upper - lower);
        let missed_by = (lower - target).max(target - upper).max(0.0);
        self.covered.add(f64::from(u8::from(missed_by == 0.0)));
        self.widths.add(width);
        self.scores.add(finite(width + self.penalty * missed_by));
        true
    }

    /// The figures; `None` without rows.
    #[must_use]
    pub fn report(&self) -> Option<IntervalReport> {
        Some(IntervalReport {
            rows: self.covered.count(),
            coverage: Estimate::of(&self.covered)?,
            mean_width: Estimate::of(&self.widths)?,
            interval_score: Estimate::of(&self.scores)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(coverage: f64, rows: &[(f64, f64, f64)]) -> IntervalReport {
        let mut evaluation = IntervalEvaluation::new(Coverage::new(coverage).unwrap());
        rows.iter().for_each(|(target, lower, upper)| assert!(evaluation.add(Interval::new(*lower, *upper), *target)));
        evaluation.report().unwrap()
    }

    /// Figures of MAPIE's own tests.
    #[test]
    fn coverage_and_width_are_those_of_mapie() {
        let rows = [(5.0, 4.0, 6.0), (7.5, 6.0, 9.0), (9.5, 9.0, 10.0), (10.5, 8.5, 12.5), (12.5, 10.5, 12.0)];
        let report = report(0.9, &rows);
        assert_eq!((report.rows, report.coverage.value), (5, 0.8));
        assert!((report.mean_width.value - 2.3).abs() < 1e-12);
        // Of a share p among n: √(p(1 - p)/(n - 1)).
        assert!((report.coverage.standard_error.unwrap() - (0.8 * 0.2 / 4.0_f64).sqrt()).abs() < 1e-12);
    }

    /// MAPIE's test of the Winkler score: 29 of width and 20 times 15 of misses; the third interval is crossed.
    #[test]
    fn the_interval_score_is_that_of_mapie() {
        let rows = [(10.0, 5.0, 15.0), (10.0, 15.0, 25.0), (10.0, 12.0, 8.0), (10.0, -5.0, 0.0)];
        assert_eq!(report(0.9, &rows).interval_score.value, 82.25);
    }

    #[test]
    fn ends_belong_to_the_interval_and_numbers_that_are_none_to_no_figure() {
        assert_eq!(report(0.9, &[(1.0, 1.0, 2.0), (2.0, 1.0, 2.0)]).coverage.value, 1.0);
        let mut evaluation = IntervalEvaluation::new(Coverage::default());
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!evaluation.add(Interval::new(number, 1.0), 0.0));
            assert!(!evaluation.add(Interval::new(0.0, number), 0.0));
            assert!(!evaluation.add(Interval::new(0.0, 1.0), number));
        }
        assert_eq!(evaluation.report(), None);
        evaluation.add(Interval::new(0.0, 1.0), 0.5);
        assert_eq!(evaluation.report().unwrap().coverage.standard_error, None);
    }

    proptest! {
        #[test]
        fn figures_scale_with_the_unit(
            rows in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64, -1e3..1e3_f64), 2..30),
            power in -900..900_i32,
        ) {
            let unit = 2.0_f64.powi(power);
            let scaled: Vec<_> = rows.iter().map(|(a, b, c)| (a * unit, b * unit, c * unit)).collect();
            let (one, other) = (report(0.9, &rows), report(0.9, &scaled));
            prop_assert_eq!(one.coverage, other.coverage);
            for (one, other) in [(one.mean_width, other.mean_width), (one.interval_score, other.interval_score)] {
                prop_assert_eq!(one.value * unit, other.value);
                prop_assert_eq!(one.standard_error.unwrap() * unit, other.standard_error.unwrap());
            }
        }

        #[test]
        fn no_finite_numbers_make_a_figure_overflow(
            rows in prop::collection::vec(prop::array::uniform3(prop::num::f64::NORMAL | prop::num::f64::ZERO), 1..20),
        ) {
            let rows: Vec<_> = rows.into_iter().map(|[a, b, c]| (a, b, c)).collect();
            let report = report(0.999, &rows);
            for estimate in [report.coverage, report.mean_width, report.interval_score] {
                prop_assert!(estimate.value.is_finite() && estimate.standard_error.is_none_or(f64::is_finite));
            }
        }
    }
}
