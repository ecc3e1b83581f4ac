//! Models of the tail: what happens rarely and costs most.
pub mod boosting;
pub mod conformal;
pub mod peaks_over_threshold;
