//! Bayesian online change point detection: after every sample, how probable is it that the current regime has lasted
//! for one sample, for two, and so on?
//!
//! Source: Adams and MacKay, "Bayesian Online Changepoint Detection", arXiv:0710.3742, 2007; retrospectively Fearnhead
//! and Liu, "On-line inference for multiple changepoint problems", JRSS B 69, 2007.
//!
//! A run length r is the number of samples since the last change; a run ends with a probability that the hazard tells
//! (`hazard`), and predicts its next sample by what it learned from its own (`predictive`). [`Detector`] keeps the K most
//! probable runs (`runs`), raises one alarm per change and says when the change began, which is earlier.
//!
//! ```
//! use bellwether_models::anomaly::bocpd::*;
//!
//! let mut detector = Detector::new(Options::default())?;
//! let noise = |row: u32| f64::from(row * 7919 % 101) / 101.0;
//! for row in 0..200 {
//!     detector.observe(Some(noise(row) + if row < 150 { 20.0 } else { 25.0 }));
//! }
//! let change = detector.last_change().ok_or("no change was found")?;
//! assert_eq!(change.start, 150);
//! assert!(change.lag() < 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod detector;
mod elementary;
mod error;
mod hazard;
mod moments;
mod observation_model;
mod options;
mod predictive;
mod recent;
mod runs;
mod scaling;
mod segmentation;
mod standardisation;
mod step;
mod surprise;

pub use detector::{Detector, WARM_UP};
pub use error::{OutOfRange, SegmentError, SnapshotError};
pub use hazard::Hazard;
pub use observation_model::{GaussianPrior, ObservationModel};
pub use options::{Options, Scaling};
pub use segmentation::{Segmentation, segment};
pub use step::{Change, Reading, Regime, Step};
pub use surprise::LARGEST_SCORE;
