//! What a caller chooses: levels, coverages, horizons, thresholds. Every type here is valid once it exists.

use super::error::OutOfRange;

/// Probability that an observation stays at or below a value; strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// # Errors
    /// `OutOfRange` unless 0 < `level` < 1 (NaN is refused).
    pub fn new(level: f64) -> Result<Self, OutOfRange> {
        inside_unit_interval("level", level).map(Self)
    }

    /// The probability.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Level {
    type Error = OutOfRange;
    fn try_from(level: f64) -> Result<Self, OutOfRange> {
        Self::new(level)
    }
}

/// Probability that an interval contains the truth; strictly between 0 and 1, by default 0.95.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Coverage(f64);

impl Coverage {
    /// # Errors
    /// `OutOfRange` unless 0 < `coverage` < 1 (NaN is refused).
    pub fn new(coverage: f64) -> Result<Self, OutOfRange> {
        inside_unit_interval("coverage", coverage).map(Self)
    }

    /// The probability.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self(0.95)
    }
}

impl TryFrom<f64> for Coverage {
    type Error = OutOfRange;
    fn try_from(coverage: f64) -> Result<Self, OutOfRange> {
        Self::new(coverage)
    }
}

/// A stretch of observations: the return level of a period is the value exceeded once in it on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReturnPeriod {
    observations: f64,
    extremal_index: f64,
}

impl ReturnPeriod {
    /// `periods` (say, 10 years) of `observations_per_period` each (say, 252 trading days).
    ///
    /// # Errors
    /// `OutOfRange` unless both are positive and finite and their product, which is the number of observations,
    /// exceeds 1 and is finite.
    pub fn new(periods: f64, observations_per_period: f64) -> Result<Self, OutOfRange> {
        let positive = |name, value: f64| {
            let inside = value > 0.0 && value.is_finite();
            if inside { Ok(value) } else { Err(OutOfRange { name, value, range: "(0, inf)" }) }
        };
        let observations =
            positive("periods", periods)? * positive("observations per period", observations_per_period)?;
        if !(observations > 1.0 && observations.is_finite()) {
            return Err(OutOfRange { name: "periods x observations", value: observations, range: "(1, inf)" });
        }
        Ok(Self { observations, extremal_index: 1.0 })
    }

    /// The same stretch for values that come in clusters: the level for the maximum of M observations then solves
    /// F(x)^(M·θ) instead of F(x)^M (Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001, 5.3).
    ///
    /// # Errors
    /// `OutOfRange` unless 0 < `extremal_index` <= 1.
    pub fn with_extremal_index(self, extremal_index: f64) -> Result<Self, OutOfRange> {
        if extremal_index > 0.0 && extremal_index <= 1.0 {
            return Ok(Self { extremal_index, ..self });
        }
        Err(OutOfRange { name: "extremal index", value: extremal_index, range: "(0, 1]" })
    }

    /// Number of observations M in the stretch, above 1.
    #[must_use]
    pub fn observations(self) -> f64 {
        self.observations
    }

    /// Number of independent clusters in the stretch, M·θ; M without an extremal index.
    #[must_use]
    pub fn clusters(self) -> f64 {
        self.observations * self.extremal_index
    }

    /// Probability that one observation exceeds the return level: 1 - (1 - 1/M)^(1/θ).
    #[must_use]
    pub fn tail_probability(self) -> f64 {
        -((-1.0 / self.observations).ln_1p() / self.extremal_index).exp_m1()
    }
}

/// Where the tail starts. Values strictly above the threshold are its exceedances.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Threshold {
    /// 5 % of the values lie above, but at least 50 and at most 500 of them, and never more than a fifth of all.
    #[default]
    Automatic,
    /// The empirical quantile at this level (Hyndman and Fan 1996, type 7: the default of R and numpy).
    Quantile(Level),
    /// A fixed finite value, in the unit of the data.
    Value(f64),
}

impl Threshold {
    /// The level whose empirical quantile is the threshold among `n` values; `None` for a fixed value.
    pub(super) fn level(self, n: usize) -> Option<f64> {
        match self {
            Self::Automatic => {
                let n = n as f64;
                let above = (n / 20.0).clamp(50.0, 500.0).min(n / 5.0);
                Some(1.0 - above / n)
            }
            Self::Quantile(level) => Some(level.get()),
            Self::Value(_) => None,
        }
    }
}

/// Options of a fit; checked by [`PeaksOverThreshold::new`](super::PeaksOverThreshold::new).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    pub(super) threshold: Threshold,
    pub(super) minimum_exceedances: usize,
    pub(super) tied_share_limit: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: Threshold::default(), minimum_exceedances: super::MINIMUM_EXCEEDANCES, tied_share_limit: 0.2 }
    }
}

impl Options {
    /// Where the tail starts; [`Threshold::Automatic`] by default.
    #[must_use]
    pub fn with_threshold(self, threshold: Threshold) -> Self {
        Self { threshold, ..self }
    }

    /// How many exceedances a fit needs: 10, or more if you ask for more.
    #[must_use]
    pub fn with_minimum_exceedances(self, minimum_exceedances: usize) -> Self {
        Self { minimum_exceedances, ..self }
    }

    /// Share of tied exceedances above which a fit carries a warning; in \[0, 1\], by default 0.2.
    #[must_use]
    pub fn with_tied_share_limit(self, tied_share_limit: f64) -> Self {
        Self { tied_share_limit, ..self }
    }

    pub(super) fn check(self) -> Result<Self, OutOfRange> {
        if let Threshold::Value(value) = self.threshold
            && !value.is_finite()
        {
            return Err(OutOfRange { name: "threshold", value, range: "(-inf, inf)" });
        }
        if self.minimum_exceedances < super::MINIMUM_EXCEEDANCES {
            let value = self.minimum_exceedances as f64;
            return Err(OutOfRange { name: "minimum of exceedances", value, range: "[10, inf)" });
        }
        if !(0.0..=1.0).contains(&self.tied_share_limit) {
            return Err(OutOfRange { name: "tied share limit", value: self.tied_share_limit, range: "[0, 1]" });
        }
        Ok(self)
    }
}

fn inside_unit_interval(name: &'static str, value: f64) -> Result<f64, OutOfRange> {
    let inside = value > 0.0 && value < 1.0; // false for NaN
    if inside { Ok(value) } else { Err(OutOfRange { name, value, range: "(0, 1)" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_coverages_outside_the_open_unit_interval_are_refused_with_the_number() {
        for value in [0.0, 1.0, -0.1, 1.1, f64::INFINITY] {
            assert_eq!(Level::new(value), Err(OutOfRange { name: "level", value, range: "(0, 1)" }));
            assert_eq!(Coverage::new(value), Err(OutOfRange { name: "coverage", value, range: "(0, 1)" }));
        }
        assert!(Level::new(f64::NAN).is_err() && Coverage::new(f64::NAN).is_err());
        assert_eq!(Level::try_from(0.99).map(Level::get), Ok(0.99));
    }

    /// By hand: 1 - (1 - 1/M)^(1/θ) with M = 4 is 1/4 for θ = 1 and 1 - (3/4)² = 7/16 for θ = 1/2.
    #[test]
    fn return_periods_have_the_tail_probability_of_their_definition() {
        let period = ReturnPeriod::new(2.0, 2.0).unwrap();
        assert!((period.tail_probability() - 0.25).abs() < 1e-15);
        let clustered = period.with_extremal_index(0.5).unwrap();
        assert!((clustered.tail_probability() - 0.4375).abs() < 1e-15);
        assert_eq!((clustered.observations(), clustered.clusters()), (4.0, 2.0));
        for (periods, each) in [(0.5, 2.0), (0.0, 5.0), (1.0, f64::NAN), (1e200, 1e200), (-2.0, -2.0)] {
            assert!(ReturnPeriod::new(periods, each).is_err(), "{periods} x {each}");
        }
        assert!(period.with_extremal_index(0.0).is_err() && period.with_extremal_index(1.1).is_err());
    }

    #[test]
    fn the_automatic_threshold_keeps_between_50_and_500_values_but_a_fifth_at_most() {
        for (n, above) in [(100, 20.0), (500, 50.0), (2_000, 100.0), (1_000_000, 500.0)] {
            let level = Threshold::Automatic.level(n).unwrap();
            assert!(((1.0 - level) * n as f64 - above).abs() < 1e-6, "n = {n}: {level}");
        }
    }
}
