//! The generalized Pareto distribution of exceedances.
//! Source: Pickands, "Statistical Inference Using Extreme Order Statistics", Annals of Statistics 3, 1975.

use super::error::OutOfRange;

/// Distribution of exceedances e >= 0 with P(E > e) = (1 + ξe/β)^(-1/ξ), for ξ = 0 its limit exp(-e/β).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralizedPareto {
    shape: f64,
    scale: f64,
}

impl GeneralizedPareto {
    /// - `shape`: ξ, without unit; above 0 a power tail, 0 exponential, below 0 a finite end.
    /// - `scale`: β, in the unit of the exceedances.
    ///
    /// # Errors
    /// `OutOfRange` unless the shape is finite and the scale positive and finite.
    pub fn new(shape: f64, scale: f64) -> Result<Self, OutOfRange> {
        if !shape.is_finite() {
            return Err(OutOfRange { name: "shape", value: shape, range: "(-inf, inf)" });
        }
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(OutOfRange { name: "scale", value: scale, range: "(0, inf)" });
        }
        Ok(Self { shape, scale })
    }

    /// Shape ξ.
    #[must_use]
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// Scale β, in the unit of the exceedances.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The largest possible exceedance, -β/ξ, in their unit; `None` if there is no end (ξ >= 0).
    #[must_use]
    pub fn end_point(&self) -> Option<f64> {
        (self.shape < 0.0).then(|| -self.scale / self.shape).filter(|end| end.is_finite())
    }

    /// P(E > `exceedance`), in \[0, 1\]: 1 below zero, 0 beyond the end point and for infinity, NaN for NaN.
    #[must_use]
    pub fn survival(&self, exceedance: f64) -> f64 {
        if exceedance.is_nan() || exceedance <= 0.0 {
            return if exceedance.is_nan() { f64::NAN } else { 1.0 };
        }
        (-cumulative_hazard(self.shape, exceedance / self.scale)).exp()
    }

    /// The exceedance that is itself exceeded with probability `tail`, β·(tail^(-ξ) - 1)/ξ, in the unit of the scale.
    ///
    /// `tail` in (0, 1\]; anything else gives NaN. May be infinite where the result exceeds the largest number.
    #[must_use]
    pub fn exceeded_with(&self, tail: f64) -> f64 {
        if tail > 0.0 && tail <= 1.0 { self.scale * power_ratio(self.shape, -tail.ln()) } else { f64::NAN }
    }

    /// Sum over the exceedances of ln density, -ln β - (1 + 1/ξ)·ln(1 + ξe/β); -∞ if one lies outside of the support.
    #[must_use]
    pub fn log_likelihood(&self, exceedances: &[f64]) -> f64 {
        let ln_scale = self.scale.ln();
        let density = |&e: &f64| {
            let t = e / self.scale;
            let inner = self.shape * t;
            match () {
                () if e.is_nan() || e < 0.0 || inner <= -1.0 => f64::NEG_INFINITY,
                () if inner.abs() < 1e-150 => -ln_scale - t,
                () => -ln_scale - (1.0 + 1.0 / self.shape) * inner.ln_1p(),
            }
        };
        exceedances.iter().map(density).sum()
    }
}

/// -ln P(E > t) for scale 1, ln(1 + ξt)/ξ, whose limit at ξ = 0 is t; infinite beyond the end point.
pub(super) fn cumulative_hazard(shape: f64, t: f64) -> f64 {
    let inner = shape * t;
    match () {
        () if inner <= -1.0 || t == f64::INFINITY => f64::INFINITY,
        () if inner.abs() < 1e-150 => t,
        () => inner.ln_1p() / shape,
    }
}

/// (e^(ξx) - 1)/ξ, whose limit at ξ = 0 is x; exact at every ξ because nothing cancels in `exp_m1`.
pub(super) fn power_ratio(shape: f64, x: f64) -> f64 {
    let inner = shape * x;
    if inner.abs() < 1e-150 { x } else { inner.exp_m1() / shape }
}

/// Derivative of [`power_ratio`] by ξ, (x·e^(ξx) - ratio)/ξ; by its series x²·Σ n·(ξx)^(n-1)/(n+1)! where that cancels.
pub(super) fn power_ratio_slope(shape: f64, x: f64) -> f64 {
    let inner = shape * x;
    if inner.abs() > 0.1 {
        return (x * inner.exp() - power_ratio(shape, x)) / shape;
    }
    let (mut sum, mut power_over_factorial) = (0.0, 0.5);
    for n in 1..=12 {
        sum += f64::from(n) * power_over_factorial;
        power_over_factorial *= inner / f64::from(n + 2);
    }
    x * x * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.genpareto(c = shape, scale = 2)` of scipy 1.17.1: sf(3), isf(1e-3).
    #[test]
    fn survival_and_quantile_are_those_of_scipy() {
        for (shape, survival, quantile) in SCIPY {
            let pareto = GeneralizedPareto::new(shape, 2.0).unwrap();
            assert!((pareto.survival(3.0) - survival).abs() <= 1e-14 * survival, "shape {shape}");
            assert!((pareto.exceeded_with(1e-3) / quantile - 1.0).abs() < 1e-13, "shape {shape}");
        }
    }
    const SCIPY: [(f64, f64, f64); 5] = [
        (-0.4, 0.10119288512538809, 4.684521327759903),
        (-1e-6, 0.22312990912688982, 13.81546284099115),
        (1e-9, 0.22313016039945124, 13.815510605681357),
        (0.3, 0.28980552392675885, 46.28854898161876),
        (1.5, 0.4557686259088262, 42162.368802245044),
    ];

    #[test]
    fn a_vanishing_shape_is_the_exponential() {
        for shape in [0.0, 1e-320, 1e-200, -1e-200, 1e-17, -1e-17] {
            let pareto = GeneralizedPareto::new(shape, 2.0).unwrap();
            assert!((pareto.survival(3.0) - (-1.5_f64).exp()).abs() < 1e-15, "shape {shape}");
            assert!((pareto.exceeded_with(0.01) / (2.0 * 100.0_f64.ln()) - 1.0).abs() < 1e-14, "shape {shape}");
            assert!((pareto.log_likelihood(&[3.0]) + 2.0_f64.ln() + 1.5).abs() < 1e-14, "shape {shape}");
        }
    }

    /// Shape -1 is uniform on (0, β): nothing beyond β, and the support ends there.
    #[test]
    fn beyond_a_finite_end_there_is_nothing() {
        let pareto = GeneralizedPareto::new(-1.0, 2.0).unwrap();
        assert_eq!(pareto.end_point(), Some(2.0));
        assert_eq!((pareto.survival(2.5), pareto.survival(-1.0)), (0.0, 1.0));
        for shape in [-0.2, 0.0, 0.2] {
            assert_eq!(GeneralizedPareto::new(shape, 2.0).unwrap().survival(f64::INFINITY), 0.0, "shape {shape}");
        }
        assert!((pareto.survival(0.5) - 0.75).abs() < 1e-15);
        assert_eq!(pareto.log_likelihood(&[1.0, 2.5]), f64::NEG_INFINITY);
        assert!(pareto.exceeded_with(0.0).is_nan() && pareto.exceeded_with(1.5).is_nan());
    }

    #[test]
    fn the_slope_of_the_ratio_is_its_difference_quotient_on_both_sides_of_the_series() {
        for (shape, x) in [(0.5, 4.0), (-0.3, 4.0), (0.02, 4.0), (-0.02, 4.0), (0.024, 4.2), (0.0, 3.0), (1e-12, 2.0)] {
            let h = 1e-5;
            let quotient = (power_ratio(shape + h, x) - power_ratio(shape - h, x)) / (2.0 * h);
            assert!((power_ratio_slope(shape, x) / quotient - 1.0).abs() < 1e-8, "{shape} {x}");
        }
    }
}
