//! Value at risk, conditional value at risk and return levels of a tail.
//! Source: McNeil, "Estimating the Tails of Loss Severity Distributions Using Extreme Value Theory", ASTIN 27, 1997.

use super::error::{ExtremesError, OutOfRange};
use super::generalized_pareto::{GeneralizedPareto, power_ratio, power_ratio_slope};
use super::options::{Level, ReturnPeriod};

/// Mean of all values beyond a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ConditionalValueAtRisk {
    /// The mean exists.
    Finite {
        /// Mean of the values beyond the value at risk, in the unit of the data.
        value: f64,
        /// Shape + 2 standard errors reaches 1, so an infinite mean is within the fit's error: do not rely on it.
        may_be_infinite: bool,
    },
    /// The shape is at least 1: the mean beyond any level is infinite. Use the value at risk.
    Infinite {
        /// Shape of the fit, at least 1.
        shape: f64,
    },
}

impl ConditionalValueAtRisk {
    /// The mean if there is one, in the unit of the data.
    #[must_use]
    pub fn finite(self) -> Option<f64> {
        match self {
            Self::Finite { value, .. } => Some(value),
            Self::Infinite { .. } => None,
        }
    }
}

/// Upper tail of a distribution: P(X > x) = ζ·P(E > x - u) for x >= u.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tail {
    threshold: f64,
    exceedance_rate: f64,
    pareto: GeneralizedPareto,
    shape_error: f64,
    /// Level at which the tail starts: 1 - ζ, or the level that the threshold was asked for if that is lower.
    lowest_level: f64,
}

impl Tail {
    /// A tail from parts, for instance from a [`zhang_stephens`](super::zhang_stephens) estimate in a stream.
    ///
    /// - `threshold`: u, in the unit of the data; `exceedance_rate`: ζ, the share of values above it, in (0, 1\].
    ///
    /// # Errors
    /// `OutOfRange` if the threshold is not finite or the rate outside of (0, 1\].
    pub fn new(threshold: f64, exceedance_rate: f64, pareto: GeneralizedPareto) -> Result<Self, OutOfRange> {
        if !threshold.is_finite() {
            return Err(OutOfRange { name: "threshold", value: threshold, range: "(-inf, inf)" });
        }
        if !(exceedance_rate > 0.0 && exceedance_rate <= 1.0) {
            return Err(OutOfRange { name: "exceedance rate", value: exceedance_rate, range: "(0, 1]" });
        }
        Ok(Self { threshold, exceedance_rate, pareto, shape_error: 0.0, lowest_level: 1.0 - exceedance_rate })
    }

    /// An empirical quantile may have a share above it that is less than 1 - level, by up to one observation.
    pub(super) fn starting_at(self, level: Option<f64>) -> Self {
        Self { lowest_level: level.map_or(self.lowest_level, |level| level.min(self.lowest_level)), ..self }
    }

    pub(super) fn with_shape_error(self, shape_error: f64) -> Self {
        Self { shape_error, ..self }
    }

    /// Threshold u, in the unit of the data.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Share ζ of the values that exceed the threshold, in (0, 1\].
    #[must_use]
    pub fn exceedance_rate(&self) -> f64 {
        self.exceedance_rate
    }

    /// Distribution of the exceedances.
    #[must_use]
    pub fn pareto(&self) -> GeneralizedPareto {
        self.pareto
    }

    /// The largest possible value, u - β/ξ, in the unit of the data; `None` if there is no end (ξ >= 0).
    #[must_use]
    pub fn end_point(&self) -> Option<f64> {
        self.pareto.end_point().map(|end| self.threshold + end)
    }

    /// Level at which the tail starts; lower ones are refused.
    #[must_use]
    pub fn lowest_level(&self) -> f64 {
        self.lowest_level
    }

    /// P(X > `value`), for `value` at or above the threshold; below it the tail knows only "at least ζ" and says ζ.
    #[must_use]
    pub fn exceedance_probability(&self, value: f64) -> f64 {
        self.exceedance_rate * self.pareto.survival(value - self.threshold)
    }

    /// Value that stays unexceeded with probability p: u + β·(((1 - p)/ζ)^(-ξ) - 1)/ξ, in the unit of the data.
    ///
    /// # Errors
    /// `LevelBelowThreshold` if p < 1 - ζ; `Overflow`.
    pub fn value_at_risk(&self, level: Level) -> Result<f64, ExtremesError> {
        self.quantile(self.depth(level)?)
    }

    /// Mean of the values beyond the value at risk (expected shortfall), in the unit of the data:
    /// VaR + (β + ξ·(VaR - u))/(1 - ξ).
    ///
    /// # Errors
    /// `LevelBelowThreshold` if p < 1 - ζ; `Overflow`.
    pub fn conditional_value_at_risk(&self, level: Level) -> Result<ConditionalValueAtRisk, ExtremesError> {
        let (depth, shape) = (self.depth(level)?, self.pareto.shape());
        if shape >= 1.0 {
            return Ok(ConditionalValueAtRisk::Infinite { shape });
        }
        let excess = self.pareto.scale() * Excess::Mean(depth).ratio(shape);
        let value = finite(self.threshold + excess, "the conditional value at risk")?;
        Ok(ConditionalValueAtRisk::Finite { value, may_be_infinite: shape + 2.0 * self.shape_error >= 1.0 })
    }

    /// Value exceeded once in the period on average: the value at risk at 1 - 1/M for M observations, in the unit of
    /// the data.
    ///
    /// # Errors
    /// `LevelBelowThreshold` if the period is so short that its level lies below 1 - ζ; `Overflow`.
    pub fn return_level(&self, period: ReturnPeriod) -> Result<f64, ExtremesError> {
        self.quantile(self.period_depth(period)?)
    }

    /// [`return_level`](Self::return_level) of many periods, in their order.
    ///
    /// # Errors
    /// That of the first period which has none.
    pub fn return_levels(&self, periods: &[ReturnPeriod]) -> Result<Vec<f64>, ExtremesError> {
        periods.iter().map(|&period| self.return_level(period)).collect()
    }

    fn quantile(&self, depth: f64) -> Result<f64, ExtremesError> {
        let excess = self.pareto.scale() * power_ratio(self.pareto.shape(), depth);
        finite(self.threshold + excess, "the value at risk")
    }

    /// -ln((1 - p)/ζ) >= 0: how far a level lies into the tail.
    pub(super) fn depth(&self, level: Level) -> Result<f64, ExtremesError> {
        self.depth_of(1.0 - level.get(), level.get())
    }

    pub(super) fn period_depth(&self, period: ReturnPeriod) -> Result<f64, ExtremesError> {
        let tail = period.tail_probability();
        self.depth_of(tail, 1.0 - tail)
    }

    fn depth_of(&self, tail: f64, level: f64) -> Result<f64, ExtremesError> {
        // 1 - 0.9 is 0.09999999999999998: the level of the threshold itself must not fail for its last digit.
        if tail > (1.0 - self.lowest_level) * (1.0 + 1e-9) {
            return Err(ExtremesError::LevelBelowThreshold { level, lowest: self.lowest_level });
        }
        Ok(-(tail / self.exceedance_rate).min(1.0).ln())
    }
}

/// What an excess over the threshold is, as a multiple of the scale that depends on the shape alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Excess {
    /// The scale itself: 1.
    Scale,
    /// Of the value at this depth: (e^(ξ·depth) - 1)/ξ.
    Quantile(f64),
    /// Of the mean beyond this depth: (1 + (e^(ξ·depth) - 1)/ξ)/(1 - ξ), for ξ < 1.
    Mean(f64),
}

impl Excess {
    /// The multiple; infinite for a mean at ξ >= 1.
    pub(super) fn ratio(self, shape: f64) -> f64 {
        match self {
            Self::Scale => 1.0,
            Self::Quantile(depth) => power_ratio(shape, depth),
            Self::Mean(depth) if shape < 1.0 => (1.0 + power_ratio(shape, depth)) / (1.0 - shape),
            Self::Mean(_) => f64::INFINITY,
        }
    }

    /// Derivative of the multiple by ξ.
    pub(super) fn ratio_slope(self, shape: f64) -> f64 {
        match self {
            Self::Scale => 0.0,
            Self::Quantile(depth) => power_ratio_slope(shape, depth),
            Self::Mean(depth) => {
                let rest = 1.0 - shape;
                (power_ratio_slope(shape, depth) + (1.0 + power_ratio(shape, depth)) / rest) / rest
            }
        }
    }
}

pub(super) fn finite(value: f64, quantity: &'static str) -> Result<f64, ExtremesError> {
    if value.is_finite() { Ok(value) } else { Err(ExtremesError::Overflow { quantity }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(shape: f64) -> Tail {
        Tail::new(10.0, 0.1, GeneralizedPareto::new(shape, 2.0).unwrap()).unwrap()
    }
    fn level(level: f64) -> Level {
        Level::new(level).unwrap()
    }

    /// By hand: 0.001 is a hundredth of ζ = 0.1. ξ = 1/2: u + 4·(100^½ - 1) = 46 and (46 + 2 - 5)/(1/2) = 86;
    /// ξ = 0: u + 2·ln 100 and 2 more; ξ = -1/2: u + 4·(1 - 1/10) = 13.6 and (13.6 + 2 + 5)/(3/2).
    #[test]
    fn risk_measures_are_those_of_the_formulas() {
        for (shape, value, beyond) in [
            (0.5, 46.0, 86.0),
            (0.0, 10.0 + 2.0 * 100.0_f64.ln(), 12.0 + 2.0 * 100.0_f64.ln()),
            (-0.5, 13.6, 20.6 / 1.5),
        ] {
            let got = tail(shape).value_at_risk(level(0.999)).unwrap();
            assert!((got - value).abs() < 1e-11, "shape {shape}: {got}");
            let got = tail(shape).conditional_value_at_risk(level(0.999)).unwrap().finite().unwrap();
            assert!((got - beyond).abs() < 1e-11, "shape {shape}: {got}");
            let period = ReturnPeriod::new(10.0, 100.0).unwrap();
            let got = tail(shape).return_levels(&[period]).unwrap();
            assert!((got[0] - value).abs() < 1e-11, "shape {shape}: {got:?}");
        }
    }

    #[test]
    fn a_mean_that_does_not_exist_is_said_to_be_infinite() {
        let got = tail(1.0).conditional_value_at_risk(level(0.99)).unwrap();
        assert_eq!((got, got.finite()), (ConditionalValueAtRisk::Infinite { shape: 1.0 }, None));
        for (error, expected) in [(0.0, false), (0.19, false), (0.21, true)] {
            let got = tail(0.6).with_shape_error(error).conditional_value_at_risk(level(0.99)).unwrap();
            assert!(
                matches!(got, ConditionalValueAtRisk::Finite { may_be_infinite, .. } if may_be_infinite == expected)
            );
        }
    }

    #[test]
    fn a_level_below_the_threshold_is_refused_and_the_threshold_itself_is_not() {
        let refused = tail(0.5).value_at_risk(level(0.89)).unwrap_err();
        assert_eq!(refused, ExtremesError::LevelBelowThreshold { level: 0.89, lowest: 0.9 });
        assert!(tail(0.5).conditional_value_at_risk(level(0.5)).is_err());
        assert!(tail(0.5).return_level(ReturnPeriod::new(1.0, 5.0).unwrap()).is_err());
        assert!((tail(0.5).value_at_risk(level(0.9)).unwrap() - 10.0).abs() < 1e-12);
    }

    #[test]
    fn a_figure_beyond_the_largest_number_is_an_error_not_an_infinity() {
        let tail = Tail::new(0.0, 0.5, GeneralizedPareto::new(9.0, 1e300).unwrap()).unwrap();
        let refused = tail.value_at_risk(level(0.999)).unwrap_err();
        assert_eq!(refused, ExtremesError::Overflow { quantity: "the value at risk" });
    }

    #[test]
    fn slopes_of_the_ratios_are_their_difference_quotients() {
        for excess in [Excess::Scale, Excess::Quantile(3.0), Excess::Mean(3.0)] {
            for shape in [-0.4, 0.0, 1e-4, 0.5] {
                let h = 1e-5;
                let quotient = (excess.ratio(shape + h) - excess.ratio(shape - h)) / (2.0 * h);
                assert!((excess.ratio_slope(shape) - quotient).abs() < 1e-6, "{excess:?} at {shape}");
            }
        }
    }
}
