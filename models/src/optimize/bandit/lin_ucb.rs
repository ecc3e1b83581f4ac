//! Linear upper confidence bound: what an arm may plausibly pay.
//!
//! Source: Li, Chu, Langford and Schapire, "A Contextual-Bandit Approach to Personalized News Article Recommendation",
//! WWW 2010, algorithm 1, line 9.
use super::linear::Estimate;

/// θ'x + α √(x'A⁻¹x), in units of the reward.
pub(super) fn upper_bound(estimate: Estimate, alpha: f64) -> f64 {
    estimate.mean + alpha * estimate.width
}
