//! The best mean, but with a small probability any arm.
//!
//! Source: Sutton and Barto, "Reinforcement Learning", 2nd edition 2018, section 2.2.

/// Spreads the probability `epsilon` over the arms that may be chosen; `shares` holds those of the best ones and sums to 1.
pub(super) fn explore(epsilon: f64, eligible: &[bool], shares: &mut [f64]) {
    let choices = eligible.iter().filter(|is_eligible| **is_eligible).count() as f64;
    for (share, _) in shares.iter_mut().zip(eligible).filter(|(_, is_eligible)| **is_eligible) {
        *share = (1.0 - epsilon) * *share + epsilon / choices;
    }
}
