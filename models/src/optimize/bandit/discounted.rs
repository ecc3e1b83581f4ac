//! One arm's model whose rewards fade: V = Σ γ^age x x', b = Σ γ^age r x, θ = (V + λ I)⁻¹ b.
//!
//! Source: Russac, Vernade and Cappé, "Weighted Linear Bandits for Non-Stationary Environments", NeurIPS 2019, in the
//! simpler form that leaves λ undiscounted and takes the width from V alone. V and b are scaled when they are used, so
//! that a round touches one arm; as λ is not scaled with them, the factors are made anew at each use.
use super::factor::Factor;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Discounted {
    /// Diagonal of V as of the round `touched`.
    diagonal: Vec<f64>,
    /// V below its diagonal, column after column.
    below: Vec<f64>,
    moments: Vec<f64>,
    touched: u64,
}

impl Discounted {
    pub(super) fn new(dimension: usize) -> Self {
        let (zeros, below) = (vec![0.0; dimension], vec![0.0; super::factor::below_diagonal(dimension)]);
        Self { diagonal: zeros.clone(), below, moments: zeros, touched: 0 }
    }

    pub(super) fn is_sound(&self, dimension: usize) -> bool {
        let is_finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        self.diagonal.len() == dimension
            && self.moments.len() == dimension
            && self.below.len() == super::factor::below_diagonal(dimension)
            && self.diagonal.iter().all(|value| *value >= 0.0)
            && [&self.diagonal, &self.below, &self.moments].into_iter().all(|values| is_finite(values))
    }

    /// Learns a reward that was decided `age` rounds before `round`.
    pub(super) fn add(&mut self, context: &[f64], reward: f64, gamma: f64, round: u64, age: u64) {
        self.fade(gamma, round);
        let weight = power(gamma, age);
        let (mut below, mut rest) = (self.below.as_mut_slice(), context);
        for (index, feature) in context.iter().enumerate() {
            let scaled = weight * feature;
            self.diagonal[index] += scaled * feature;
            self.moments[index] += scaled * reward;
            rest = &rest[1..];
            let (column, others) = std::mem::take(&mut below).split_at_mut(rest.len());
            for (entry, other) in column.iter_mut().zip(rest) {
                *entry += scaled * other;
            }
            below = others;
        }
    }

    fn fade(&mut self, gamma: f64, round: u64) {
        let faded = power(gamma, round.saturating_sub(self.touched));
        self.touched = self.touched.max(round);
        if faded != 1.0 {
            self.rescale_all(faded);
        }
    }

    fn rescale_all(&mut self, by: f64) {
        self.diagonal.iter_mut().chain(&mut self.below).chain(&mut self.moments).for_each(|value| *value *= by);
    }

    /// Rewards are from now on counted in another unit.
    pub(super) fn rescale(&mut self, by: f64) {
        self.moments.iter_mut().for_each(|moment| *moment *= by);
    }

    /// Factors of γ^age V + λ I, and θ.
    pub(super) fn solve(&self, gamma: f64, round: u64, ridge: f64, factor: &mut Factor, coefficients: &mut Vec<f64>) {
        let faded = power(gamma, round.saturating_sub(self.touched));
        factor.make(&self.diagonal, &self.below, faded, ridge);
        coefficients.clear();
        coefficients.extend(self.moments.iter().map(|moment| faded * moment));
        factor.solve(coefficients);
    }
}

/// `base`^`exponent` by squaring: the same digits on every machine.
pub(super) fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}
