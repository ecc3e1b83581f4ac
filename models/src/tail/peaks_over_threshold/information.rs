//! Standard errors from the observed information, the second derivatives of the negative log-likelihood at its optimum.
//! Source: Smith, "Maximum Likelihood Estimation in a Class of Nonregular Cases", Biometrika 72, 1985 (theory, ξ > -0.5).

use super::error::NoStandardErrors;
use super::likelihood::{Optimum, Sample};

/// Standard errors of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StandardErrors {
    /// Of the shape, without unit.
    pub shape: f64,
    /// Of the scale, in the unit of the data.
    pub scale: f64,
}

/// Covariance matrix of shape and scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covariance {
    /// Variance of the shape, without unit.
    pub shape: f64,
    /// Covariance of shape and scale, in the unit of the data.
    pub shape_scale: f64,
    /// Variance of the scale, in the squared unit of the data; over- or underflows for units beyond 1e±150.
    pub scale: f64,
}

/// Covariance of the scaled sample's parameters: the inverse of the observed information
/// (`z = 1 + ξt`, `t = e/β`, sums over the m exceedances)
///
/// - I_ξξ = 2·Σ ln z/ξ³ - 2·Σ (t/z)/ξ² - (1 + 1/ξ)·Σ (t/z)²
/// - I_ββ·β² = -m + (1 + ξ)·(2·Σ t/z - ξ·Σ (t/z)²)
/// - I_ξβ·β = -Σ t/z + (1 + ξ)·Σ (t/z)²
pub(super) fn covariance(sample: &Sample, optimum: &Optimum) -> Result<Covariance, NoStandardErrors> {
    if optimum.at_limit {
        return Err(NoStandardErrors::ShapeAtLimit);
    }
    let Optimum { shape, scale, .. } = *optimum;
    let m = sample.len();
    let at = sample.profile(shape / scale);
    let (first, second) = (at.ratio / scale, at.squared_ratio / scale / scale);
    let shape_shape = if shape.abs() < 0.01 {
        sample.scaled().iter().map(|&e| third_order(shape, e / scale)).sum::<f64>() / m - second
    } else {
        2.0 * (at.shape / shape - first) / (shape * shape) - (1.0 + 1.0 / shape) * second
    };
    let scale_scale = -1.0 + (1.0 + shape) * (2.0 * first - shape * second);
    let shape_scale = -first + (1.0 + shape) * second;
    let determinant = shape_shape * scale_scale - shape_scale * shape_scale;
    let positive_definite = determinant > 1e-12 * shape_shape * scale_scale && scale_scale > 0.0;
    if !positive_definite {
        return Err(NoStandardErrors::FlatLikelihood);
    }
    Ok(Covariance {
        shape: scale_scale / determinant / m,
        shape_scale: -shape_scale / determinant / m * scale,
        scale: shape_shape / determinant / m * scale * scale,
    })
}

/// 2·ln z/ξ³ - 2·(t/z)/ξ² - (t/z)²/ξ, whose leading terms cancel: by the series Σ (-1)^(j+1)·(j-1)(j-2)/j·ξ^(j-3)·t^j
/// from j = 3, which converges to the last bit for |ξt| <= 0.1.
fn third_order(shape: f64, t: f64) -> f64 {
    let inner = shape * t;
    if inner.abs() > 0.1 {
        let w = inner / (1.0 + inner);
        return (2.0 * inner.ln_1p() - 2.0 * w - w * w) / (shape * shape * shape);
    }
    let (mut sum, mut power) = (0.0, t * t * t);
    for j in 3..=20 {
        let j = f64::from(j);
        sum += (j - 1.0) * (j - 2.0) / j * power;
        power *= -inner;
    }
    sum
}
