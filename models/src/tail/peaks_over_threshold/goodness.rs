//! How well the fitted tail describes its exceedances.
//! Source: Choulakian and Stephens, "Goodness-of-Fit Tests for the Generalized Pareto Distribution", Technometrics 43,
//! 2001, which tabulates critical values of both statistics by shape.

use super::Fitted;

/// Distances between the exceedances and the fitted distribution; smaller is better, without unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoodnessOfFit {
    /// A² = -m - (1/m)·Σ (2i - 1)·(ln F(e_i) + ln S(e_(m+1-i))), sensitive to the far tail.
    pub anderson_darling: f64,
    /// W² = 1/(12m) + Σ (F(e_i) - (2i - 1)/(2m))².
    pub cramer_von_mises: f64,
}

impl Fitted {
    /// Anderson-Darling and Cramér-von Mises statistics of the fit. A² is infinite if a probability underflows.
    #[must_use]
    pub fn goodness_of_fit(&self) -> GoodnessOfFit {
        let (m, sorted) = (self.sample.len(), self.sample.scaled());
        let (shape, scale) = (self.optimum.shape, self.optimum.scale);
        let ln_survival = |e: f64| -super::generalized_pareto::cumulative_hazard(shape, e / scale);
        let (mut anderson_darling, mut cramer_von_mises) = (0.0, 0.0);
        for (i, (&low, &high)) in sorted.iter().zip(sorted.iter().rev()).enumerate() {
            let rank = 2.0 * i as f64 + 1.0;
            let below = -ln_survival(low).exp_m1();
            anderson_darling += rank * (below.ln() + ln_survival(high));
            cramer_von_mises += (below - rank / (2.0 * m)).powi(2);
        }
        GoodnessOfFit {
            anderson_darling: -m - anderson_darling / m,
            cramer_von_mises: 1.0 / (12.0 * m) + cramer_von_mises,
        }
    }
}
