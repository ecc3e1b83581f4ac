//! Conformal calibration: corrects the quantiles of any model until they cover what they claim.
//!
//! Source: Romano, Patterson and Candès, "Conformalized Quantile Regression", NeurIPS 2019. What it guarantees: if
//! calibration and new data are exchangeable, a new target lies in the corrected interval with at least the coverage
//! asked for, whatever the model and the data. Given one set of n calibration rows the coverage itself is
//! Beta(k, n + 1 - k) distributed, k the rank of the order statistic ([`rank`]), so it scatters by about √(c(1 - c)/n).
//!
//! The way through: [`SplitConformal`] says what is wanted, takes intervals and targets that the model has not seen in
//! training, and gives a [`Calibrated`] that corrects new intervals; with a group per row it is a [`CalibratedByGroup`].
//! Where data drift no such set stays valid: see [`online`].
//!
//!
//! ```
//! use bellwether_models::tail::conformal::*;
//!
//! let quantiles = [Interval::new(9.0, 11.0); 99];
//! let latencies_ms: Vec<f64> = (0..99).map(|i| 7.0 + f64::from(i) / 16.0).collect();
//! let wanted = SplitConformal::new(Coverage::new(0.9)?);
//! let calibrated = wanted.calibrate(&quantiles, &latencies_ms)?;
//! let corrected = calibrated.correct(Interval::new(20.0, 24.0));
//! assert!(corrected.interval.lower < 20.0 && corrected.interval.upper > 24.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by_group;
mod calibrated;
mod error;
mod interval;
pub mod online;
mod rank;
mod split;

pub use super::peaks_over_threshold::Coverage;
pub use by_group::{CalibratedByGroup, GroupCorrection};
pub use calibrated::{Calibrated, Corrected, Correction};
pub use error::ConformalError;
pub use interval::Interval;
pub(crate) use rank::Fraction;
pub use rank::{minimum_size, rank};
pub use split::{Sides, SplitConformal};
