//! Linear Thompson sampling: each arm as often as it is the best by what is known.
//!
//! Source: Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs", ICML 2013. As every arm has
//! a model of its own, the score θ~'x of a draw θ~ ~ N(θ, v² A⁻¹) is exactly normal: one number an arm is drawn, not d.
use super::linear::Estimate;

/// The score N(θ'x, v² x'A⁻¹x) that belongs to a standard normal draw.
pub(super) fn score(estimate: Estimate, scale: f64, normal: f64) -> f64 {
    estimate.mean + scale * estimate.width * normal
}
