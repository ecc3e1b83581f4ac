//! Thompson sampling of a share without context.
//!
//! Source: Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 2, with fractions of a
//! reward counted as such and a uniform prior.
use super::counted::Count;
use super::draw::Draws;

/// Parameters of the Beta law: 1 + wins / v², 1 + losses / v². A scale v above 1 widens it, one below narrows it.
fn parameters(count: Count, scale: f64) -> (f64, f64) {
    let known = 1.0 / (scale * scale).max(1e-9);
    (1.0 + count.sum() * known, 1.0 + (count.weight() - count.sum()) * known)
}

/// The posterior's mean.
pub(super) fn mean(count: Count, scale: f64) -> f64 {
    let (wins, losses) = parameters(count, scale);
    wins / (wins + losses)
}

/// A draw from the posterior.
pub(super) fn draw(count: Count, scale: f64, draws: &mut Draws) -> f64 {
    let (wins, losses) = parameters(count, scale);
    draws.beta(wins, losses)
}
