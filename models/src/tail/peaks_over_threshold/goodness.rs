//! How well the fitted tail describes its exceedances.
//! Source: Choulakian and Stephens, "Goodness-of-Fit Tests for the Generalized Pareto Distribution", Technometrics 43,
//! 2001.

use super::{Fitted, anderson_darling};

/// Distances between the exceedances and the fitted distribution; smaller is better, without unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoodnessOfFit {
    /// A² = -m - (1/m)·Σ (2i - 1)·(ln F(e_i) + ln S(e_(m+1-i))), sensitive to the far tail.
    pub anderson_darling: f64,
    /// W² = 1/(12m) + Σ (F(e_i) - (2i - 1)/(2m))².
    pub cramer_von_mises: f64,
    /// Probability of an A² at least this large if the exceedances follow a generalized Pareto, both of whose parameters
    /// were estimated from them; between 0.0001 and 0.999. It is that of large samples: close from 50 exceedances on, while
    /// with ten it is too large (0.05 should be 0.03).
    pub p_value: f64,
}

impl GoodnessOfFit {
    /// A p-value below 0.05: one good fit in twenty looks as bad.
    #[must_use]
    pub fn is_poor(&self) -> bool {
        self.p_value < 0.05
    }
}

impl Fitted {
    /// Anderson-Darling and Cramér-von Mises statistics of the fit. A² is infinite if a probability underflows.
    #[must_use]
    pub fn goodness_of_fit(&self) -> GoodnessOfFit {
        let (m, sorted) = (self.sample.len(), self.sample.scaled());
        let (shape, scale) = (self.optimum.shape, self.optimum.scale);
        // -ln S of each exceedance: with it both ln S and F are exact where the other is near 1.
        let hazard = |e: &f64| super::generalized_pareto::cumulative_hazard(shape, e / scale);
        let hazards: Vec<f64> = sorted.iter().map(hazard).collect();
        let (mut sum, mut cramer_von_mises) = (0.0, 0.0);
        for (i, (&low, &high)) in hazards.iter().zip(hazards.iter().rev()).enumerate() {
            let rank = 2.0 * i as f64 + 1.0;
            let below = -(-low).exp_m1();
            sum += rank * (below.ln() - high);
            cramer_von_mises += (below - rank / (2.0 * m)).powi(2);
        }
        let anderson_darling = -m - sum / m;
        GoodnessOfFit {
            anderson_darling,
            cramer_von_mises: 1.0 / (12.0 * m) + cramer_von_mises,
            p_value: anderson_darling::p_value(anderson_darling, shape),
        }
    }
}
