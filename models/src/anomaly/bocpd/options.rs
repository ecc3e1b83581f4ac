//! What a caller chooses. [`Detector::new`](super::Detector::new) and [`segment`](super::segment) check it.

use super::error::{OutOfRange, above};
use super::hazard::Hazard;
use super::observation_model::ObservationModel;
use serde::{Deserialize, Serialize};

/// Where the unit of the priors comes from.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Scaling {
    /// Found in the data. Online: median and median absolute deviation of the first values, then of the latest ones, so
    /// that the future is never looked at. Retrospectively: mean and standard deviation of the whole series.
    #[default]
    Automatic,
    /// Known beforehand, in the unit of the data.
    Known {
        /// Where values lie; any finite number.
        centre: f64,
        /// How far they spread; positive.
        spread: f64,
    },
}

/// Options of a detector or a segmentation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub(super) model: ObservationModel,
    pub(super) hazard: Hazard,
    pub(super) scaling: Scaling,
    pub(super) outlier_share: f64,
    pub(super) most_run_lengths: usize,
    pub(super) negligible: f64,
    pub(super) change_window: u64,
    pub(super) alarm_probability: f64,
    pub(super) alarm_samples: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: ObservationModel::default(),
            hazard: Hazard::default(),
            scaling: Scaling::default(),
            outlier_share: 1e-3,
            most_run_lengths: 100,
            negligible: 1e-12,
            change_window: 10,
            alarm_probability: 0.9,
            alarm_samples: 2,
        }
    }
}

impl Options {
    /// What samples of one regime look like; Gaussian with unknown mean and variance by default.
    #[must_use]
    pub fn with_model(self, model: ObservationModel) -> Self {
        Self { model, ..self }
    }

    /// How soon regimes end; by default negative binomial of shape 2 with a mean run length of 100,000 samples.
    #[must_use]
    pub fn with_hazard(self, hazard: Hazard) -> Self {
        Self { hazard, ..self }
    }

    /// Where the unit of the priors comes from; found in the data by default.
    #[must_use]
    pub fn with_scaling(self, scaling: Scaling) -> Self {
        Self { scaling, ..self }
    }

    /// Share of the values that belong to no regime, such as single spikes; in \[0, 0.1\], by default 1e-3. A value that
    /// a regime explains worse than such an outlier is not held against it, and teaches it nothing, so that it takes two
    /// such values in a row to end it. With 0 the recursion is that of the paper. For the Gaussian and variance models.
    #[must_use]
    pub fn with_outlier_share(self, outlier_share: f64) -> Self {
        Self { outlier_share, ..self }
    }

    /// Number K of run lengths kept; from 2 to 1,000,000, by default 100. Time per sample and memory grow with it.
    #[must_use]
    pub fn with_most_run_lengths(self, most_run_lengths: usize) -> Self {
        Self { most_run_lengths, ..self }
    }

    /// Probability below which a run length is dropped even if there is room; in \[0, 0.01\], by default 1e-12.
    #[must_use]
    pub fn with_negligible(self, negligible: f64) -> Self {
        Self { negligible, ..self }
    }

    /// L of the change probability P(run length <= L), in samples; at least 1, by default 10.
    #[must_use]
    pub fn with_change_window(self, change_window: u64) -> Self {
        Self { change_window, ..self }
    }

    /// An alarm is raised once the probability that the regime has ended exceeds `probability` for `samples` samples in
    /// a row; by default 0.9 and 2. Range: \[0.01, 1) and 1 to 1000.
    #[must_use]
    pub fn with_alarm(self, probability: f64, samples: u32) -> Self {
        Self { alarm_probability: probability, alarm_samples: samples, ..self }
    }

    /// The observation model chosen.
    #[must_use]
    pub fn model(&self) -> ObservationModel {
        self.model
    }

    /// # Errors
    /// `OutOfRange` names the first number that its meaning forbids.
    pub fn check(self) -> Result<Self, OutOfRange> {
        self.model.check()?;
        self.hazard.check()?;
        if let Scaling::Known { centre, spread } = self.scaling {
            above("centre", centre, (f64::NEG_INFINITY, f64::MAX), "(-inf, inf)")?;
            above("spread", spread, (0.0, f64::MAX), "(0, inf)")?;
        }
        if !(0.0..=0.1).contains(&self.outlier_share) {
            return Err(OutOfRange { name: "outlier share", value: self.outlier_share, range: "[0, 0.1]" });
        }
        above("number of run lengths", self.most_run_lengths as f64, (1.0, 1e6), "[2, 1000000]")?;
        if !(0.0..=0.01).contains(&self.negligible) {
            return Err(OutOfRange { name: "negligible probability", value: self.negligible, range: "[0, 0.01]" });
        }
        above("change window", self.change_window as f64, (0.0, f64::MAX), "[1, inf)")?;
        if !(0.01..1.0).contains(&self.alarm_probability) {
            return Err(OutOfRange { name: "alarm probability", value: self.alarm_probability, range: "[0.01, 1)" });
        }
        above("alarm samples", f64::from(self.alarm_samples), (0.0, 1000.0), "[1, 1000]")?;
        Ok(self)
    }
}
