//! What the samples of one regime look like, and what is believed of a regime before its first sample.

use super::error::{OutOfRange, above};
use serde::{Deserialize, Serialize};

/// Distribution of the samples within a regime, with the conjugate prior of its parameters.
///
/// Priors are in standardised units: of the centre and spread that [`Scaling`](super::Scaling) finds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ObservationModel {
    /// Normal with unknown mean and variance; Normal-Inverse-Gamma prior.
    Gaussian(GaussianPrior),
    /// Normal with unknown mean around a known variance.
    KnownVariance {
        /// The standard deviation within every regime, in the unit of the data.
        standard_deviation: f64,
        /// Samples that the prior of the mean is worth.
        mean_weight: f64,
    },
    /// Normal around a mean of zero with unknown variance, as log returns are; Inverse-Gamma prior.
    Variance {
        /// Shape of the prior: half the samples that it is worth.
        shape: f64,
        /// Scale of the prior, in squared standardised units; scale / shape is about the variance expected.
        scale: f64,
    },
    /// Counts per sample; Gamma prior of the rate, in multiples of the rate of the warm-up.
    Poisson {
        /// Shape of the prior: events that it is worth.
        shape: f64,
    },
    /// Successes of trials; Beta prior of the probability. A value is a single trial, 0 or 1;
    /// [`Detector::observe_trials`](super::Detector::observe_trials) takes more at once.
    Binomial {
        /// Successes that the prior is worth.
        successes: f64,
        /// Failures that the prior is worth.
        failures: f64,
    },
}

/// Normal-Inverse-Gamma prior of a regime's mean and variance, in standardised units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussianPrior {
    /// κ: samples that the prior of the mean is worth.
    pub mean_weight: f64,
    /// α: half the samples that the prior of the variance is worth.
    pub shape: f64,
    /// β, in squared standardised units; β / α is about the variance expected within a regime.
    pub scale: f64,
}

impl Default for GaussianPrior {
    /// Worth one sample for the mean and two for the variance, whose likeliest value β / (α + 1) is that of the data: a
    /// regime must show that it differs.
    fn default() -> Self {
        Self { mean_weight: 1.0, shape: 1.0, scale: 2.0 }
    }
}

impl Default for ObservationModel {
    fn default() -> Self {
        Self::Gaussian(GaussianPrior::default())
    }
}

/// Largest magnitude of a standardised value: its square, summed over any series, stays a finite number.
pub(super) const LARGEST: f64 = 1e120;

impl ObservationModel {
    /// Log returns with the default prior.
    #[must_use]
    pub fn variance() -> Self {
        Self::Variance { shape: 1.0, scale: 2.0 }
    }

    /// Counts with the default prior.
    #[must_use]
    pub fn poisson() -> Self {
        Self::Poisson { shape: 1.0 }
    }

    /// Successes with the prior of Jeffreys.
    #[must_use]
    pub fn binomial() -> Self {
        Self::Binomial { successes: 0.5, failures: 0.5 }
    }

    pub(super) fn check(self) -> Result<Self, OutOfRange> {
        let positive = |name, value| above(name, value, (0.0, 1e6), "(0, 1e6]");
        match self {
            Self::Gaussian(GaussianPrior { mean_weight, shape, scale }) => {
                positive("mean weight", mean_weight)?;
                positive("prior shape", shape)?;
                positive("prior scale", scale)?;
            }
            Self::KnownVariance { standard_deviation, mean_weight } => {
                above("standard deviation", standard_deviation, (0.0, f64::MAX), "(0, 1.8e308]")?;
                positive("mean weight", mean_weight)?;
            }
            Self::Variance { shape, scale } => {
                positive("prior shape", shape)?;
                positive("prior scale", scale)?;
            }
            Self::Poisson { shape } => {
                positive("prior shape", shape)?;
            }
            Self::Binomial { successes, failures } => {
                positive("prior successes", successes)?;
                positive("prior failures", failures)?;
            }
        }
        Ok(self)
    }

    /// Whether the model can explain the value at all; a value that it cannot is treated as missing online.
    #[must_use]
    pub fn supports(self, value: f64) -> bool {
        match self {
            Self::Gaussian(_) | Self::KnownVariance { .. } | Self::Variance { .. } => value.is_finite(),
            Self::Poisson { .. } => (0.0..=1e15).contains(&value) && value.fract() == 0.0,
            Self::Binomial { .. } => value == 0.0 || value == 1.0,
        }
    }

    /// What values it can explain, for messages.
    #[must_use]
    pub fn support(self) -> &'static str {
        match self {
            Self::Gaussian(_) | Self::KnownVariance { .. } | Self::Variance { .. } => "finite numbers",
            Self::Poisson { .. } => "whole numbers from 0 to 1e15",
            Self::Binomial { .. } => "0 or 1",
        }
    }
}
