//! Confidence sequences: bounds that hold at every moment at once, so that one may look after each reward and stop.
use serde::{Deserialize, Serialize};

/// Bounds of a quantity, both in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Largest bet, as a share of what keeps the capital above 0.
const LARGEST_BET: f64 = 0.5;

/// How much is bet on a mean; fixed before the numbers come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Betting {
    /// ln(1/δ).
    pub(super) log_inverse: f64,
    /// Where the mean can be.
    pub(super) middle: (f64, f64),
    /// Variance assumed before anything is known. What is assumed makes bounds wider or narrower, never wrong.
    pub(super) variance: f64,
    /// Numbers that this assumption is worth.
    pub(super) worth: f64,
}

impl Betting {
    /// For numbers in \[0, 1\], whose variance is at most 1/4.
    pub(super) const fn on_shares(log_inverse: f64) -> Self {
        Self { log_inverse, middle: (0.0, 1.0), variance: 0.25, worth: 1.0 }
    }
}

/// Lower bound of the mean of numbers that never lie more than 1 below their mean so far.
///
/// Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024, theorem 2
/// (predictable plug-in empirical Bernstein); that numbers need no upper bound: Waudby-Smith et al., "Anytime-valid
/// off-policy inference for contextual bandits", 2022 (arXiv 2210.10768), section 3. With λ the bet, m and v mean and
/// variance before the number: (Σ λ x - ln(1/δ) - Σ (x - m)² ψ(λ)) / Σ λ, ψ(λ) = -ln(1 - λ) - λ.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct EmpiricalBernstein {
    count: u64,
    sum: f64,
    squares: f64,
    bets: f64,
    bet_sum: f64,
    cost: f64,
}

impl EmpiricalBernstein {
    pub(super) fn is_sound(&self) -> bool {
        let Self { sum, squares, bets, bet_sum, cost, .. } = *self;
        [sum, squares, bets, bet_sum, cost].iter().all(|number| number.is_finite()) && squares >= 0.0 && bets >= 0.0
    }

    pub(super) fn add(&mut self, value: f64, betting: &Betting) {
        let Betting { log_inverse, middle, variance, worth } = *betting;
        let seen = self.count as f64 + worth;
        let mean = (self.sum / seen).clamp(middle.0, middle.1);
        let variance = (variance * worth + self.squares) / seen;
        let bet = (2.0 * log_inverse / (variance * seen * seen.ln_1p())).sqrt().min(LARGEST_BET);
        let square = (value - mean) * (value - mean);
        self.bets += bet;
        self.bet_sum += bet * value;
        self.cost += square * (-(-bet).ln_1p() - bet);
        self.sum += value;
        self.squares += square;
        self.count = self.count.saturating_add(1);
    }

    /// `None` before the first number.
    pub(super) fn lower(&self, log_inverse: f64) -> Option<f64> {
        (self.bets > 0.0).then(|| (self.bet_sum - log_inverse - self.cost) / self.bets)
    }
}

/// Number of observations at which the asymptotic sequence is narrowest compared with a fixed-size interval.
const NARROWEST_AT: f64 = 1000.0;

/// Half-width of the asymptotic confidence sequence of a mean, in standard deviations of its numbers; `error` is δ, of both
/// sides together.
///
/// Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
/// sequences", Annals of Statistics 52, 2024, theorem 2.2 (normal mixture), with ρ as in their appendix B.2.
pub(super) fn asymptotic_half_width(count: u64, error: f64) -> f64 {
    let n = count as f64;
    let log = -2.0 * error.ln();
    let rho_squared = (log + log.ln() + 1.0) / NARROWEST_AT;
    let grown = n * rho_squared + 1.0;
    (2.0 * grown / (n * n * rho_squared) * (grown.sqrt() / error).ln()).sqrt()
}
