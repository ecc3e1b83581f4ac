//! Split conformal prediction: what is wanted, and the correction that a set of calibration rows gives.
use super::rank::Fraction;
use super::{Calibrated, CalibratedByGroup, ConformalError, Correction, Coverage, Interval};

/// Which ends of an interval are corrected, and what they guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// Both by the same amount: the interval contains the target with the coverage.
    #[default]
    Symmetric,
    /// Each by its own: either side is missed by (1 - coverage)/2 at most. A little wider in total.
    Asymmetric,
    /// The upper one alone: the target is at most the bound with the coverage. Lower ends are not looked at.
    Upper,
}

/// How far a target lies outside of its interval, on either side; negative inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distance {
    below: f64,
    above: f64,
}

/// A calibration to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitConformal {
    coverage: Coverage,
    sides: Sides,
}

impl SplitConformal {
    /// Intervals that contain the target with `coverage`, corrected by the same amount on both sides.
    #[must_use]
    pub const fn new(coverage: Coverage) -> Self {
        Self { coverage, sides: Sides::Symmetric }
    }

    /// Which ends are corrected; [`Sides::Symmetric`] by default.
    #[must_use]
    pub const fn with_sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// The coverage asked for.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Which ends are corrected.
    #[must_use]
    pub const fn sides(&self) -> Sides {
        self.sides
    }

    /// The fewest calibration rows that support the coverage on these sides: 9 for 0.9, 19 if asymmetric.
    #[must_use]
    pub fn minimum_size(&self) -> usize {
        self.level().minimum_size()
    }

    /// Finds the correction.
    ///
    /// - `intervals`: the model's, for rows that it was not trained on; crossed ones are sorted and counted.
    /// - `targets`: what became true, one for each interval, in the same unit.
    ///
    /// The correction is the ⌈(n + 1) · c⌉-th smallest of the n scores, never interpolated: max(lower - y, y - upper) of
    /// each row, c the coverage (Romano, Patterson and Candès 2019, equations 6 to 8); lower - y and y - upper apart
    /// with c = (1 + coverage)/2 if asymmetric (theorem 2); y - upper alone for an upper bound.
    ///
    /// # Errors
    /// `TooFewRows` names how many the coverage needs; `Length`, `NonFinite` and `TooFarApart` name what is wrong.
    pub fn calibrate(&self, intervals: &[Interval], targets: &[f64]) -> Result<Calibrated, ConformalError> {
        let (distances, crossed) = self.distances(intervals, targets)?;
        Ok(Calibrated::new(self.correction(&distances)?, distances.len(), crossed))
    }

    /// Finds a correction for each group (Mondrian conformal prediction: Vovk, Lindsay, Nouretdinov and Gammerman,
    /// "Mondrian Confidence Machine", 2003), which then has the coverage by itself. A group with fewer rows than
    /// [`Self::minimum_size`] borrows the correction of all rows together.
    ///
    /// - `groups`: one for each interval.
    ///
    /// # Errors
    /// As [`Self::calibrate`], of all rows together.
    pub fn calibrate_by_group<K: Ord + Clone>(
        &self,
        intervals: &[Interval],
        targets: &[f64],
        groups: &[K],
    ) -> Result<CalibratedByGroup<K>, ConformalError> {
        check_length("groups", groups.len(), intervals.len())?;
        let (distances, crossed) = self.distances(intervals, targets)?;
        let pooled = Calibrated::new(self.correction(&distances)?, distances.len(), crossed);
        CalibratedByGroup::new(self, pooled, &distances, groups)
    }

    /// The correction of some rows.
    pub(super) fn correction(&self, rows: &[Distance]) -> Result<Correction, ConformalError> {
        let quantile = |score: fn(&Distance) -> f64| self.quantile(rows.iter().map(score).collect());
        match self.sides {
            Sides::Symmetric => {
                quantile(|row| row.below.max(row.above)).map(|both| Correction { lower: both, upper: both })
            }
            Sides::Asymmetric => {
                Ok(Correction { lower: quantile(|row| row.below)?, upper: quantile(|row| row.above)? })
            }
            Sides::Upper => quantile(|row| row.above).map(|upper| Correction { lower: 0.0, upper }),
        }
    }

    fn quantile(&self, mut scores: Vec<f64>) -> Result<f64, ConformalError> {
        let (got, level) = (scores.len(), self.level());
        let Some(rank) = level.rank_among(got) else {
            return Err(ConformalError::TooFewRows { got, need: level.minimum_size(), coverage: self.coverage.get() });
        };
        Ok(*scores.select_nth_unstable_by(rank - 1, f64::total_cmp).1)
    }

    /// The level of the order statistic.
    fn level(&self) -> Fraction {
        let coverage = Fraction::of(self.coverage);
        if self.sides == Sides::Asymmetric { coverage.one_side() } else { coverage }
    }

    /// Checks every row; also counts the crossed intervals.
    fn distances(&self, intervals: &[Interval], targets: &[f64]) -> Result<(Vec<Distance>, usize), ConformalError> {
        check_length("targets", targets.len(), intervals.len())?;
        let is_one_sided = self.sides == Sides::Upper;
        let (mut distances, mut crossed) = (Vec::with_capacity(intervals.len()), 0);
        for (index, (interval, target)) in intervals.iter().zip(targets).enumerate() {
            let numbers = [("target", *target), ("upper end", interval.upper), ("lower end", interval.lower)];
            let looked_at = if is_one_sided { &numbers[..2] } else { &numbers[..] };
            if let Some((what, value)) = looked_at.iter().find(|(_, value)| !value.is_finite()) {
                return Err(ConformalError::NonFinite { what, index, value: *value });
            }
            let Interval { lower, upper } =
                if is_one_sided { Interval::up_to(interval.upper) } else { interval.sorted() };
            let distance = Distance { below: lower - target, above: target - upper };
            if !distance.above.is_finite() || (!is_one_sided && !distance.below.is_finite()) {
                return Err(ConformalError::TooFarApart { index });
            }
            crossed += usize::from(!is_one_sided && interval.is_crossed());
            distances.push(distance);
        }
        Ok((distances, crossed))
    }
}

fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), ConformalError> {
    if found == expected { Ok(()) } else { Err(ConformalError::Length { what, found, expected }) }
}
