//! Upper confidence bound without context.
//!
//! Source: Auer, Cesa-Bianchi and Fischer, "Finite-Time Analysis of the Multiarmed Bandit Problem", Machine Learning 47,
//! 2002, figure 1; with a discount or a window as in Garivier and Moulines, ALT 2011.
use super::counted::Count;

/// Weight below which an arm counts as untried: its bound then exceeds that of any arm with a reward.
const UNTRIED: f64 = 0.01;

/// Mean + α √(2 ln(total) / n), `total` being the sum of all arms' n; the mean of an untried arm is 1.
pub(super) fn upper_bound(count: Count, total: f64, alpha: f64) -> f64 {
    let mean = if count.weight() < UNTRIED { 1.0 } else { count.sum() / count.weight() };
    mean + alpha * (2.0 * total.max(std::f64::consts::E).ln() / count.weight().max(UNTRIED)).sqrt()
}
