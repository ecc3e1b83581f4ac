//! Extremes by peaks over threshold: what lies above a high threshold follows a generalized Pareto distribution.
//!
//! Source: Pickands, "Statistical Inference Using Extreme Order Statistics", Annals of Statistics 3, 1975; Davison and
//! Smith, "Models for Exceedances over High Thresholds", JRSS B 52, 1990. The tail meant is the upper one: negate
//! returns to study losses.
//!
//! The way through: [`PeaksOverThreshold`] chooses the exceedances (`threshold`, `threshold_selection`), finds the exact likelihood maximum
//! (`likelihood`) and its standard errors (`information`); the [`Fitted`] tail answers with values at risk and return
//! levels (`risk`), intervals (`intervals`, `profile`), tests of the fit (`goodness`) and a judgement of single values
//! (`black_swan`). Extremes that come in bursts are gathered first (`clusters`); [`StreamingTail`] follows a stream in
//! bounded memory (`streaming`).
//!
//! ```
//! use bellwether_models::tail::peaks_over_threshold::*;
//!
//! let latencies_ms: Vec<f64> = (1..=500).map(|i| 20.0 / (f64::from(i) / 500.0).sqrt()).collect();
//! let options = Options::default().with_threshold(Threshold::Quantile(Level::new(0.9)?));
//! let fit = PeaksOverThreshold::new(options)?.fit(&latencies_ms)?;
//!
//! let level = Level::new(0.999)?;
//! let at_risk = fit.value_at_risk(level)?;
//! let interval = fit.interval(Quantity::ValueAtRisk(level), IntervalMethod::ProfileLikelihood, Coverage::default())?;
//! assert!(interval.contains(at_risk));
//! let judged = fit.judge(1e6, ReturnPeriod::new(10.0, 500.0)?, Coverage::default())?;
//! assert!(judged.is_black_swan());
//! # Ok::<(), ExtremesError>(())
//! ```

mod anderson_darling;
mod black_swan;
mod closed_form;
mod clusters;
mod error;
mod extremal_index;
mod generalized_pareto;
mod goodness;
mod information;
mod intervals;
mod likelihood;
mod options;
mod profile;
mod risk;
mod root;
mod streaming;
mod threshold;
mod threshold_selection;

pub use black_swan::{BlackSwan, PROBABILITY_LIMIT, UpperLimit};
pub use closed_form::{probability_weighted_moments, zhang_stephens};
pub use clusters::{Clusters, Declustering, decluster};
pub use error::{ExtremesError, NoStandardErrors, OutOfRange};
pub use extremal_index::extremal_index;
pub use generalized_pareto::GeneralizedPareto;
pub use goodness::GoodnessOfFit;
pub use information::{Covariance, StandardErrors};
pub use intervals::{Interval, IntervalMethod, Quantity};
pub use options::{Coverage, Level, Options, ReturnPeriod, Threshold};
pub use risk::{ConditionalValueAtRisk, Tail};
pub use streaming::{Observed, StreamingOptions, StreamingTail};
pub use threshold::Stability;
pub use threshold_selection::{FalseDiscoveryRate, ThresholdCandidate, ThresholdSelection};

use likelihood::{Optimum, Sample};

/// The fewest exceedances a fit accepts. Ten leave a standard error of the shape near 0.3; three say nothing.
pub const MINIMUM_EXCEEDANCES: usize = 10;

/// A fit to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeaksOverThreshold {
    options: Options,
}

/// What a caller should know about a fit before relying on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FitWarning {
    /// Many exceedances equal another one, as rounded measurements do: the errors are larger than they say.
    TiedExceedances {
        /// Share of the exceedances that equal another one, in \[0, 1\].
        share: f64,
    },
    /// The shape lies on its limit of -0.5: the data end abruptly, as censored or capped measurements do.
    ShapeAtLimit,
    /// Shape + 2 standard errors reaches 1: the mean beyond any level may be infinite.
    MeanMayBeInfinite,
}

/// A fitted tail.
#[derive(Debug, Clone)]
pub struct Fitted {
    sample: Sample,
    optimum: Optimum,
    scaled_covariance: Result<Covariance, NoStandardErrors>,
    tail: Tail,
    observations: usize,
    tied_share: f64,
    tied_share_limit: f64,
}

impl PeaksOverThreshold {
    /// # Errors
    /// `Option` if a threshold value is not finite, the minimum of exceedances is below 10, or the tied share limit
    /// lies outside of \[0, 1\].
    pub fn new(options: Options) -> Result<Self, ExtremesError> {
        Ok(Self { options: options.check()? })
    }

    /// Fits the upper tail by maximum likelihood, over shapes ξ >= -0.5.
    ///
    /// - `values`: in one unit of any magnitude, in any order; leave missing ones out. n values cost one selection and a
    ///   sort of the exceedances; memory for n values while fitting, for the exceedances afterwards.
    /// - The result does not depend on the order of the values, and scales with their unit.
    ///
    /// # Errors
    /// `Empty`; `NonFinite` names the first bad value; `ThresholdAboveAll`; `TooFewExceedances` below 10 or the minimum
    /// set; `AllEqual` if the exceedances do not differ; `RangeTooWide`, `SpreadTooWide`,
    /// `Underflow` at the ends of 64-bit numbers.
    pub fn fit(&self, values: &[f64]) -> Result<Fitted, ExtremesError> {
        let Options { threshold, minimum_exceedances, tied_share_limit } = self.options;
        let threshold::Selection { threshold: threshold_value, exceedances } = threshold::select(values, threshold)?;
        let exceedance_rate = exceedances.len() as f64 / values.len() as f64;
        let sample = threshold::sample(exceedances, threshold_value, minimum_exceedances)?;
        let fitted = Fitted::of_sample(sample, threshold_value, exceedance_rate, values.len(), tied_share_limit)?;
        Ok(Fitted { tail: fitted.tail.starting_at(threshold.level(values.len())), ..fitted })
    }
}

impl Fitted {
    /// The likelihood's maximum with its standard errors.
    fn of_sample(
        sample: Sample,
        threshold: f64,
        exceedance_rate: f64,
        observations: usize,
        tied_share_limit: f64,
    ) -> Result<Self, ExtremesError> {
        let optimum = sample.maximize().ok_or_else(|| sample.spread_too_wide())?;
        let scaled_covariance = information::covariance(&sample, &optimum);
        let pareto = GeneralizedPareto::new(optimum.shape, optimum.scale * sample.unit)
            .map_err(|_| ExtremesError::Overflow { quantity: "the scale" })?;
        let shape_error = scaled_covariance.map_or(0.0, |covariance| covariance.shape.sqrt());
        let tail = Tail::new(threshold, exceedance_rate, pareto)?.with_shape_error(shape_error);
        let tied_share = threshold::tied_share(sample.scaled());
        Ok(Self { sample, optimum, scaled_covariance, tail, observations, tied_share, tied_share_limit })
    }

    /// The tail alone: threshold, exceedance rate and distribution, without the data.
    #[must_use]
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Threshold u, in the unit of the data.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.tail.threshold()
    }

    /// Shape ξ >= -0.5, without unit.
    #[must_use]
    pub fn shape(&self) -> f64 {
        self.optimum.shape
    }

    /// Scale β, in the unit of the data.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.tail.pareto().scale()
    }

    /// Number n of values given.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.observations
    }

    /// Number m of values above the threshold.
    #[must_use]
    pub fn exceedances(&self) -> usize {
        self.sample.scaled().len()
    }

    /// Mean of value minus threshold among the exceedances, in the unit of the data.
    #[must_use]
    pub fn mean_excess(&self) -> f64 {
        self.sample.unit
    }

    /// Modified scale β - ξu, in the unit of the data: the same at every threshold above a good one.
    #[must_use]
    pub fn modified_scale(&self) -> f64 {
        self.scale() - self.shape() * self.threshold()
    }

    /// Log-likelihood of the exceedances at the fit, with their density in the inverse unit of the data.
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        -self.sample.len() * (self.optimum.cost + self.sample.unit.ln())
    }

    /// Standard errors from the observed information.
    ///
    /// # Errors
    /// `ShapeAtLimit`, `FlatLikelihood`.
    pub fn standard_errors(&self) -> Result<StandardErrors, NoStandardErrors> {
        let covariance = self.scaled_covariance?;
        Ok(StandardErrors { shape: covariance.shape.sqrt(), scale: covariance.scale.sqrt() * self.sample.unit })
    }

    /// Covariance matrix of shape and scale, the inverse of the observed information.
    ///
    /// # Errors
    /// As [`standard_errors`](Self::standard_errors).
    pub fn covariance(&self) -> Result<Covariance, NoStandardErrors> {
        let Covariance { shape, shape_scale, scale } = self.scaled_covariance?;
        let unit = self.sample.unit;
        Ok(Covariance { shape, shape_scale: shape_scale * unit, scale: scale * unit * unit })
    }

    /// What to know before relying on the fit, beside [`goodness_of_fit`](Self::goodness_of_fit); empty if nothing.
    #[must_use]
    pub fn warnings(&self) -> Vec<FitWarning> {
        let tied = self.tied_share > self.tied_share_limit;
        let infinite = self.standard_errors().is_ok_and(|errors| self.shape() + 2.0 * errors.shape >= 1.0);
        let warnings = [
            tied.then_some(FitWarning::TiedExceedances { share: self.tied_share }),
            self.optimum.at_limit.then_some(FitWarning::ShapeAtLimit),
            infinite.then_some(FitWarning::MeanMayBeInfinite),
        ];
        warnings.into_iter().flatten().collect()
    }

    /// See [`Tail::value_at_risk`].
    ///
    /// # Errors
    /// `LevelBelowThreshold`, `Overflow`.
    pub fn value_at_risk(&self, level: Level) -> Result<f64, ExtremesError> {
        self.tail.value_at_risk(level)
    }

    /// See [`Tail::conditional_value_at_risk`].
    ///
    /// # Errors
    /// `LevelBelowThreshold`, `Overflow`.
    pub fn conditional_value_at_risk(&self, level: Level) -> Result<ConditionalValueAtRisk, ExtremesError> {
        self.tail.conditional_value_at_risk(level)
    }

    /// See [`Tail::return_level`].
    ///
    /// # Errors
    /// `LevelBelowThreshold`, `Overflow`.
    pub fn return_level(&self, period: ReturnPeriod) -> Result<f64, ExtremesError> {
        self.tail.return_level(period)
    }

    /// The estimate of [`zhang_stephens`] on the same exceedances.
    ///
    /// # Errors
    /// `Overflow` if its scale is no positive 64-bit number.
    pub fn zhang_stephens(&self) -> Result<GeneralizedPareto, ExtremesError> {
        closed_form::zhang_stephens_of(&self.sample)
    }

    /// The estimate of [`probability_weighted_moments`] on the same exceedances.
    ///
    /// # Errors
    /// `Overflow` if its scale is no positive 64-bit number.
    pub fn probability_weighted_moments(&self) -> Result<GeneralizedPareto, ExtremesError> {
        closed_form::probability_weighted_moments_of(&self.sample)
    }
}
