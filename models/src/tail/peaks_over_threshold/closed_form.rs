//! Estimates without a search: a fallback for streams and a check on the maximum-likelihood fit.

use super::error::ExtremesError;
use super::generalized_pareto::GeneralizedPareto;
use super::likelihood::Sample;

/// Estimate of Zhang and Stephens, "A New and Efficient Estimation Method for the Generalized Pareto Distribution",
/// Technometrics 51, 2009: a posterior mean of θ over M = 20 + ⌊√m⌋ points, nearly as good as maximum likelihood.
///
/// - `exceedances`: values minus threshold, positive and finite, in any order and unit, at least 10.
///
/// # Errors
/// `NonFinite`, `Option` (an exceedance not above 0), `TooFewExceedances`, `AllEqual`; `Overflow` of the scale.
pub fn zhang_stephens(exceedances: &[f64]) -> Result<GeneralizedPareto, ExtremesError> {
    zhang_stephens_of(&checked(exceedances)?)
}

/// Estimate by probability-weighted moments (Hosking and Wallis, "Parameter and Quantile Estimation for the Generalized
/// Pareto Distribution", Technometrics 29, 1987) with plotting positions (i - 0.35)/m; biased for shapes above 0.5.
///
/// - `exceedances`: values minus threshold, positive and finite, in any order and unit, at least 10.
///
/// # Errors
/// As [`zhang_stephens`].
pub fn probability_weighted_moments(exceedances: &[f64]) -> Result<GeneralizedPareto, ExtremesError> {
    probability_weighted_moments_of(&checked(exceedances)?)
}

pub(super) fn zhang_stephens_of(sample: &Sample) -> Result<GeneralizedPareto, ExtremesError> {
    let (m, sorted) = (sample.len(), sample.scaled());
    let points = 20.0 + m.sqrt().floor();
    let quartile = sorted[((m / 4.0 + 0.5).floor() as usize).clamp(1, sorted.len()) - 1].max(1e-260);
    // Our θ is minus the paper's.
    let theta = |j: f64| -1.0 / sample.largest - (1.0 - (points / (j - 0.5)).sqrt()) / (3.0 * quartile);
    // Weights proportional to the profile likelihood, relative to the best so that none overflows: one pass, since a
    // better one found later only rescales the sums so far.
    let (mut best, mut weights, mut weighted) = (f64::INFINITY, 0.0, 0.0);
    for j in 1..=points as usize {
        let theta = theta(j as f64);
        let cost = m * sample.profile_cost(theta);
        if cost < best {
            let rescale = (cost - best).exp();
            (best, weights, weighted) = (cost, weights * rescale, weighted * rescale);
        }
        let weight = (best - cost).exp();
        weights += weight;
        weighted += weight * theta;
    }
    let theta = weighted / weights;
    let shape = sample.mean_ln_1p(theta);
    let scale = if shape == 0.0 || theta == 0.0 { 1.0 } else { shape / theta };
    rescaled(sample, shape, scale)
}

pub(super) fn probability_weighted_moments_of(sample: &Sample) -> Result<GeneralizedPareto, ExtremesError> {
    let m = sample.len();
    let weighted = |(i, &e): (usize, &f64)| (1.0 - (i as f64 + 0.65) / m) * e;
    let a0 = 1.0; // the scaled sample's mean
    let a1 = sample.scaled().iter().enumerate().map(weighted).sum::<f64>() / m;
    // a1 <= a0·(1/2 - 0.15/m), because the weights fall while the exceedances rise: the difference is positive.
    let difference = a0 - 2.0 * a1;
    rescaled(sample, 2.0 - a0 / difference, 2.0 * a0 * a1 / difference)
}

fn rescaled(sample: &Sample, shape: f64, scale: f64) -> Result<GeneralizedPareto, ExtremesError> {
    GeneralizedPareto::new(shape, scale * sample.unit).map_err(|_| ExtremesError::Overflow { quantity: "the scale" })
}

fn checked(exceedances: &[f64]) -> Result<Sample, ExtremesError> {
    if let Some(index) = exceedances.iter().position(|e| !e.is_finite()) {
        return Err(ExtremesError::NonFinite { index, value: exceedances[index] });
    }
    if let Some(&value) = exceedances.iter().find(|e| **e <= 0.0) {
        return Err(super::OutOfRange { name: "exceedance", value, range: "(0, inf)" }.into());
    }
    super::threshold::sample(exceedances.to_vec(), 0.0, super::MINIMUM_EXCEEDANCES)
}
