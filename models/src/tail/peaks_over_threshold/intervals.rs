//! Confidence intervals of a fit, by the delta method or by profile likelihood.
//!
//! Source: Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001, sections 2.6 and 4.3.3. The share ζ
//! of exceedances is taken as known in both, as it is when the threshold is an empirical quantile.

use super::error::ExtremesError;
use super::options::{Coverage, Level, ReturnPeriod};
use super::risk::{Excess, finite};
use super::{Fitted, profile};

/// What an interval is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// Shape ξ, without unit.
    Shape,
    /// Scale β, in the unit of the data.
    Scale,
    /// Value at risk at a level, in the unit of the data.
    ValueAtRisk(Level),
    /// Mean beyond the value at risk at a level, in the unit of the data.
    ConditionalValueAtRisk(Level),
    /// Return level of a period, in the unit of the data.
    ReturnLevel(ReturnPeriod),
}

/// How an interval is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalMethod {
    /// Estimate ± z·standard error: symmetric and cheap, but for risk measures too short on the upper side.
    #[default]
    Delta,
    /// All values whose profile log-likelihood lies within half a chi-square quantile of the maximum: asymmetric, as
    /// uncertainty about a tail is. Costs up to some hundred times more.
    ProfileLikelihood,
}

/// Range that contains the truth with the given coverage, asymptotically.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower limit; `None` if the likelihood does not fall far enough before the shape's limit of -0.5 is reached.
    pub lower: Option<f64>,
    /// Upper limit; `None` if there is none (a mean that may be infinite) or it exceeds the largest 64-bit number.
    pub upper: Option<f64>,
    /// The coverage asked for.
    pub coverage: Coverage,
    /// How it was found.
    pub method: IntervalMethod,
}

impl Interval {
    /// Whether `value` lies inside; a limit of `None` excludes nothing.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.lower.is_none_or(|lower| lower <= value) && self.upper.is_none_or(|upper| value <= upper)
    }
}

impl Fitted {
    /// Confidence interval of a quantity.
    ///
    /// # Errors
    /// `NoStandardErrors` (delta method), `LevelBelowThreshold`, `InfiniteMean` (conditional value at risk at ξ >= 1),
    /// `Overflow`.
    pub fn interval(
        &self,
        quantity: Quantity,
        method: IntervalMethod,
        coverage: Coverage,
    ) -> Result<Interval, ExtremesError> {
        let excess = match quantity {
            Quantity::Shape => None,
            Quantity::Scale => Some(Excess::Scale),
            Quantity::ValueAtRisk(level) => Some(Excess::Quantile(self.tail().depth(level)?)),
            Quantity::ReturnLevel(period) => Some(Excess::Quantile(self.tail().period_depth(period)?)),
            Quantity::ConditionalValueAtRisk(level) => Some(Excess::Mean(self.tail().depth(level)?)),
        };
        if matches!(excess, Some(Excess::Mean(_))) && self.shape() >= 1.0 {
            return Err(ExtremesError::InfiniteMean { shape: self.shape() });
        }
        let offset = if quantity == Quantity::Scale { 0.0 } else { self.threshold() };
        let (lower, upper) = match (method, excess) {
            (IntervalMethod::Delta, excess) => self.delta(excess, offset, coverage)?,
            (IntervalMethod::ProfileLikelihood, None) => {
                profile::shape_limits(&self.sample, &self.optimum, half_chi_square(coverage))
            }
            (IntervalMethod::ProfileLikelihood, Some(excess)) => {
                let limits = profile::excess_limits(&self.sample, &self.optimum, excess, half_chi_square(coverage));
                let restored = |limit: f64| Some(offset + limit * self.sample.unit).filter(|limit| limit.is_finite());
                (limits.0.and_then(restored), limits.1.and_then(restored))
            }
        };
        Ok(Interval { lower, upper, coverage, method })
    }

    fn delta(
        &self,
        excess: Option<Excess>,
        offset: f64,
        coverage: Coverage,
    ) -> Result<(Option<f64>, Option<f64>), ExtremesError> {
        let covariance = self.scaled_covariance?;
        let half_width = |variance: f64| normal_quantile(coverage) * variance.sqrt();
        let (estimate, half_width) = match excess {
            None => (self.shape(), half_width(covariance.shape)),
            Some(excess) => {
                let (shape, scale) = (self.optimum.shape, self.optimum.scale);
                let (by_scale, by_shape) = (excess.ratio(shape), scale * excess.ratio_slope(shape));
                let variance = by_shape * by_shape * covariance.shape
                    + 2.0 * by_shape * by_scale * covariance.shape_scale
                    + by_scale * by_scale * covariance.scale;
                let unit = self.sample.unit;
                (offset + scale * by_scale * unit, half_width(variance.max(0.0)) * unit)
            }
        };
        let limit = |limit: f64| finite(limit, "a limit of the interval").map(Some);
        Ok((limit(estimate - half_width)?, limit(estimate + half_width)?))
    }
}

/// z with P(|Z| <= z) = coverage for a standard normal Z.
fn normal_quantile(coverage: Coverage) -> f64 {
    std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(1.0 - coverage.get())
}

/// Half the chi-square quantile with one degree of freedom, which is the square of the normal's.
fn half_chi_square(coverage: Coverage) -> f64 {
    0.5 * normal_quantile(coverage).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.chi2(1).ppf(coverage) / 2` of scipy 1.17.1.
    #[test]
    fn the_cut_of_the_likelihood_is_half_the_chi_square_quantile() {
        for (coverage, cut) in [(0.5, 0.227468211559786), (0.95, 1.920729410347062), (0.999, 5.413783085331366)] {
            let got = half_chi_square(Coverage::new(coverage).unwrap());
            assert!((got / cut - 1.0).abs() < 1e-12, "{coverage}: {got}");
        }
    }
}
