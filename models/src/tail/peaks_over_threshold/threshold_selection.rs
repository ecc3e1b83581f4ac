//! The lowest threshold above which a generalized Pareto is not rejected.
//!
//! Source: Bader, Yan and Zhang, "Automated Threshold Selection for Extreme Value Analysis via Ordered Goodness-of-Fit
//! Tests with Adjustment for False Discovery Rate", Annals of Applied Statistics 12, 2018. Tests of increasing thresholds
//! are many looks at the same data; ForwardStop (G'Sell et al., JRSS B 78, 2016, equation 2) keeps the expected share of
//! thresholds that are rejected though they are good below the significance.

use super::error::{ExtremesError, OutOfRange};
use super::options::{Level, Threshold};
use super::{Fitted, GoodnessOfFit, PeaksOverThreshold};

/// Thresholds tried.
const CANDIDATES: usize = 10;
/// Exceedances of the highest threshold tried: with fewer the test finds nothing.
const FEWEST: f64 = 50.0;
/// Exceedances of the lowest threshold tried, unless a fifth of all values is less: with more it finds everything.
const MOST: f64 = 500.0;

/// Expected share of good thresholds among those rejected; strictly between 0 and 1, by default 0.05.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FalseDiscoveryRate(f64);

impl FalseDiscoveryRate {
    /// # Errors
    /// `OutOfRange` unless 0 < `rate` < 1 (NaN is refused).
    pub fn new(rate: f64) -> Result<Self, OutOfRange> {
        let inside = rate > 0.0 && rate < 1.0; // false for NaN
        if inside {
            Ok(Self(rate))
        } else {
            Err(OutOfRange { name: "false discovery rate", value: rate, range: "(0, 1)" })
        }
    }

    /// The share.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for FalseDiscoveryRate {
    fn default() -> Self {
        Self(0.05)
    }
}

/// A threshold that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdCandidate {
    /// In the unit of the data.
    pub threshold: f64,
    /// Number of values above it.
    pub exceedances: usize,
    /// Shape of the fit above it.
    pub shape: f64,
    /// How well that fit describes its exceedances.
    pub goodness: GoodnessOfFit,
    /// ForwardStop: mean of -ln(1 - p) over this and all lower thresholds; rejected up to the last that is at most the
    /// false discovery rate.
    pub forward_stop: f64,
}

/// Thresholds in increasing order, and which of them is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdSelection {
    /// All that were tried.
    pub candidates: Vec<ThresholdCandidate>,
    /// How many of them, from the lowest on, are rejected.
    pub rejected: usize,
}

impl ThresholdSelection {
    /// The lowest that is not rejected; the highest of all if every one is.
    #[must_use]
    pub fn chosen(&self) -> Option<&ThresholdCandidate> {
        self.candidates.get(self.rejected).or_else(|| self.candidates.last())
    }

    /// No threshold describes the data: the chosen one is only the best of the bad.
    #[must_use]
    pub fn all_rejected(&self) -> bool {
        self.rejected == self.candidates.len()
    }
}

impl PeaksOverThreshold {
    /// Tries up to ten quantile thresholds, with 50 to 500 values above them and never more than a fifth of all, and
    /// rejects from the lowest on those whose fit fails the Anderson-Darling test. Costs up to ten fits.
    ///
    /// - `values`: as for [`fit`](Self::fit); with fewer than 250 there is one candidate, a fifth of them.
    ///
    /// # Errors
    /// As [`fit`](Self::fit) at the lowest threshold; higher ones that cannot be fitted are left out.
    pub fn select_threshold(
        &self,
        values: &[f64],
        rate: FalseDiscoveryRate,
    ) -> Result<ThresholdSelection, ExtremesError> {
        let fit = |level: Level| Self { options: self.options.with_threshold(Threshold::Quantile(level)) }.fit(values);
        let mut candidates: Vec<ThresholdCandidate> = Vec::with_capacity(CANDIDATES);
        let mut sum = 0.0;
        for (index, level) in levels(values.len()).enumerate() {
            let fitted = match (fit(level?), index) {
                (Ok(fitted), _) => fitted,
                (Err(error), 0) => return Err(error),
                (Err(_), _) => continue,
            };
            // Ties can put one threshold at several levels.
            if candidates.last().is_some_and(|last| last.exceedances == fitted.exceedances()) {
                continue;
            }
            let mut candidate = candidate(&fitted);
            sum -= (-candidate.goodness.p_value).ln_1p();
            candidate.forward_stop = sum / (candidates.len() + 1) as f64;
            candidates.push(candidate);
        }
        let rejected = candidates.iter().rposition(|tried| tried.forward_stop <= rate.get()).map_or(0, |last| last + 1);
        Ok(ThresholdSelection { candidates, rejected })
    }
}

fn candidate(fitted: &Fitted) -> ThresholdCandidate {
    ThresholdCandidate {
        threshold: fitted.threshold(),
        exceedances: fitted.exceedances(),
        shape: fitted.shape(),
        goodness: fitted.goodness_of_fit(),
        forward_stop: 0.0,
    }
}

/// Levels that leave numbers of values above them which fall by equal factors.
fn levels(n: usize) -> impl Iterator<Item = Result<Level, OutOfRange>> {
    let n = n.max(2) as f64;
    let most = MOST.min(n / 5.0);
    let count = if most > FEWEST { CANDIDATES } else { 1 };
    (0..count).map(move |index| {
        let share = index as f64 / (CANDIDATES - 1) as f64;
        Level::new(1.0 - most * (FEWEST / most).powf(share) / n)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_leave_50_to_500_values_above_and_a_fifth_at_most() {
        for (n, most, fewest, count) in
            [(100, 20.0, 20.0, 1), (250, 50.0, 50.0, 1), (1_000, 200.0, 50.0, 10), (1_000_000, 500.0, 50.0, 10)]
        {
            let above: Vec<f64> = levels(n).map(|level| (1.0 - level.unwrap().get()) * n as f64).collect();
            assert_eq!(above.len(), count, "n = {n}");
            assert!((above[0] - most).abs() < 1e-6 && (above[count - 1] - fewest).abs() < 1e-6, "n = {n}: {above:?}");
        }
    }

    /// By hand: -ln(1 - p) of 0.01, 0.02, 0.5 are 0.01005, 0.0202, 0.693; their running means 0.01005, 0.0151, 0.241.
    #[test]
    fn rejection_ends_at_the_last_mean_within_the_rate() {
        let tried = |forward_stop| ThresholdCandidate {
            threshold: 0.0,
            exceedances: 50,
            shape: 0.0,
            goodness: GoodnessOfFit { anderson_darling: 0.0, cramer_von_mises: 0.0, p_value: 0.5 },
            forward_stop,
        };
        let selection = ThresholdSelection { candidates: vec![tried(0.01), tried(0.24)], rejected: 1 };
        assert!(selection.chosen().is_some_and(|chosen| chosen.forward_stop == 0.24) && !selection.all_rejected());
        let none = ThresholdSelection { rejected: 2, ..selection };
        assert!(none.chosen().is_some_and(|chosen| chosen.forward_stop == 0.24) && none.all_rejected());
    }
}
