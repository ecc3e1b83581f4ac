//! Sums over the exceedances that every likelihood needs, and the exact maximum-likelihood fit.
//!
//! Source: Grimshaw, "Computing Maximum Likelihood Estimates for the Generalized Pareto Distribution",
//! Technometrics 35, 1993. With θ = ξ/β the best shape is ξ(θ) = mean ln(1 + θe), which leaves one dimension:
//! minimise g(θ) = ln(ξ(θ)/θ) + ξ(θ) + 1, the mean negative log-likelihood, over θ > -1/max(e).
//! Exceedances are divided by their mean first, so nothing here depends on their unit.

use super::error::ExtremesError;
use super::root::root;

/// Lowest shape that a fit may have. Below it the usual asymptotic theory does not hold (Smith 1985), and below -1
/// the likelihood has no maximum.
pub(super) const LOWEST_SHAPE: f64 = -0.5;

/// Below this |θ| logarithms of 1 + θe are taken one by one, above it in products.
const SMALL: f64 = 0.02;
/// Below this |θ| or |ξ| the distribution is the exponential, to the last bit.
const VANISHING: f64 = 1e-100;
/// Far above any θ of a sample that spans less than 250 orders of magnitude, far below overflow.
const HIGHEST_THETA: f64 = 1e270;
const LANES: usize = 4;

/// Exceedances in ascending order, divided by their mean.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    scaled: Vec<f64>,
    /// Mean exceedance, in the unit of the data.
    pub(super) unit: f64,
    /// Largest scaled exceedance, at least 1.
    pub(super) largest: f64,
}

/// Mean logarithm and its first derivatives at one θ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    pub(super) theta: f64,
    /// ξ(θ) = mean ln(1 + θe).
    pub(super) shape: f64,
    /// D = mean e/(1 + θe).
    pub(super) ratio: f64,
    /// mean (e/(1 + θe))².
    pub(super) squared_ratio: f64,
    /// g'(θ) = D·(1 + 1/ξ) - 1/θ.
    pub(super) slope: f64,
}

/// Parameters of the scaled sample with their mean negative log-likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Optimum {
    pub(super) shape: f64,
    pub(super) scale: f64,
    pub(super) cost: f64,
    pub(super) at_limit: bool,
}

impl Sample {
    /// `exceedances`: positive, finite, at least one, in any order.
    pub(super) fn new(mut exceedances: Vec<f64>) -> Self {
        exceedances.sort_unstable_by(f64::total_cmp);
        let m = exceedances.len() as f64;
        let maximum = exceedances.last().copied().unwrap_or(1.0);
        // Dividing by the maximum first keeps the sum finite. Two divisions, since 1/subnormal would overflow.
        exceedances.iter_mut().for_each(|e| *e /= maximum);
        let mean = exceedances.iter().sum::<f64>() / m;
        exceedances.iter_mut().for_each(|e| *e /= mean);
        Self { scaled: exceedances, unit: maximum * mean, largest: 1.0 / mean }
    }

    pub(super) fn len(&self) -> f64 {
        self.scaled.len() as f64
    }

    pub(super) fn scaled(&self) -> &[f64] {
        &self.scaled
    }

    pub(super) fn spread_too_wide(&self) -> ExtremesError {
        let smallest = self.scaled.first().copied().unwrap_or(0.0) * self.unit;
        ExtremesError::SpreadTooWide { smallest, largest: self.largest * self.unit }
    }

    /// mean ln(1 + θe); NaN or -∞ for θ <= -1/largest.
    pub(super) fn mean_ln_1p(&self, theta: f64) -> f64 {
        if theta.abs() < SMALL {
            return self.scaled.iter().map(|&e| (theta * e).ln_1p()).sum::<f64>() / self.len();
        }
        let mut sum = 0.0;
        for block in self.scaled.chunks(self.block_length(theta)) {
            let mut products = [1.0; LANES];
            let (lanes, rest) = block.as_chunks::<LANES>();
            for e in lanes {
                for k in 0..LANES {
                    products[k] *= 1.0 + theta * e[k];
                }
            }
            for e in rest {
                products[0] *= 1.0 + theta * e;
            }
            sum += products.iter().product::<f64>().ln();
        }
        sum / self.len()
    }

    /// How many factors 1 + θe can be multiplied without leaving [1e-260, 1e260]: all lie between 1 and the largest's.
    fn block_length(&self, theta: f64) -> usize {
        let extreme = (theta * self.largest).ln_1p().abs();
        ((600.0 / extreme) as usize).clamp(1, 512)
    }

    /// mean e/(1 + θe).
    pub(super) fn mean_ratio(&self, theta: f64) -> f64 {
        let mut sums = [0.0; LANES];
        let (lanes, rest) = self.scaled.as_chunks::<LANES>();
        for e in lanes {
            for k in 0..LANES {
                sums[k] += e[k] / (1.0 + theta * e[k]);
            }
        }
        let rest: f64 = rest.iter().map(|&e| e / (1.0 + theta * e)).sum();
        (sums.iter().sum::<f64>() + rest) / self.len()
    }

    /// Everything at one θ > -1/largest, in one pass.
    pub(super) fn profile(&self, theta: f64) -> Profile {
        if theta.abs() < SMALL {
            return self.profile_near_zero(theta);
        }
        let (mut sum, mut ratios, mut squares) = (0.0, [0.0; LANES], [0.0; LANES]);
        for block in self.scaled.chunks(self.block_length(theta)) {
            let mut products = [1.0; LANES];
            let (lanes, rest) = block.as_chunks::<LANES>();
            for e in lanes {
                for k in 0..LANES {
                    let z = 1.0 + theta * e[k];
                    let ratio = e[k] / z;
                    products[k] *= z;
                    ratios[k] += ratio;
                    squares[k] += ratio * ratio;
                }
            }
            for e in rest {
                let z = 1.0 + theta * e;
                let ratio = e / z;
                products[0] *= z;
                ratios[0] += ratio;
                squares[0] += ratio * ratio;
            }
            sum += products.iter().product::<f64>().ln();
        }
        let shape = sum / self.len();
        let ratio = ratios.iter().sum::<f64>() / self.len();
        let squared_ratio = squares.iter().sum::<f64>() / self.len();
        let slope = (theta * ratio * (1.0 + shape) - shape) / (theta * shape);
        Profile { theta, shape, ratio, squared_ratio, slope }
    }

    /// The same without cancellation: ξ - θD = mean ψ(θe) with ψ(a) = ln(1 + a) - a/(1 + a), of order a².
    fn profile_near_zero(&self, theta: f64) -> Profile {
        let (mut logs, mut ratios, mut squares, mut psi) = (0.0, 0.0, 0.0, 0.0);
        for &e in &self.scaled {
            let inner = theta * e;
            let log = inner.ln_1p();
            let ratio = e / (1.0 + inner);
            logs += log;
            ratios += ratio;
            squares += ratio * ratio;
            psi += ln_1p_less_ratio(inner, log);
        }
        let m = self.len();
        let (shape, ratio, squared_ratio) = (logs / m, ratios / m, squares / m);
        let slope = if theta.abs() < VANISHING {
            1.0 - squared_ratio / 2.0
        } else {
            (shape * theta * ratio - psi / m) / (theta * shape)
        };
        Profile { theta, shape, ratio, squared_ratio, slope }
    }

    /// Mean negative log-likelihood of the scaled sample; infinite outside of the support.
    pub(super) fn cost(&self, shape: f64, scale: f64) -> f64 {
        let theta = shape / scale;
        let in_support = theta * self.largest > -1.0 && theta < 1e280; // false for NaN
        if !in_support || scale <= 0.0 || scale.is_infinite() {
            return f64::INFINITY;
        }
        if shape.abs() < VANISHING || theta.abs() < VANISHING {
            return scale.ln() + 1.0 / scale;
        }
        scale.ln() + (1.0 + 1.0 / shape) * self.mean_ln_1p(theta)
    }

    /// g(θ), the mean negative log-likelihood along the profile.
    pub(super) fn profile_cost(&self, theta: f64) -> f64 {
        if theta.abs() < VANISHING {
            return 1.0;
        }
        let shape = self.mean_ln_1p(theta);
        (shape / theta).ln() + shape + 1.0
    }

    /// The best scale for a fixed shape > -1.
    ///
    /// (1 + ξ)·mean (e/β)/(1 + ξe/β) falls as β grows, for either sign of ξ; the optimum is where it is 1.
    pub(super) fn best_scale(&self, shape: f64, start: f64) -> f64 {
        let score = |scale: f64| (1.0 + shape) * self.mean_ratio(shape / scale) / scale - 1.0;
        // Support needs β > -ξ·largest. With z = 1 - (-ξ)·largest/β the largest term alone, (1 - z)/(-ξ·m·z), brings
        // the score to 0 at z = c/(1 + c), c = (1 + ξ)/(-ξ·m), so the root lies at or above that scale.
        let floor = if shape < 0.0 {
            let c = (1.0 + shape) / (-shape * self.len());
            -shape * self.largest * (1.0 + c)
        } else {
            f64::MIN_POSITIVE
        };
        let mut lower = start.max(floor);
        let mut at_lower = score(lower);
        let (mut upper, mut at_upper) = (lower, at_lower);
        while at_upper > 0.0 && upper < 1e290 {
            (lower, at_lower) = (upper, at_upper);
            upper *= 2.0;
            at_upper = score(upper);
        }
        while at_lower < 0.0 && lower > floor {
            (upper, at_upper) = (lower, at_lower);
            lower = (lower / 2.0).max(floor);
            at_lower = score(lower);
        }
        root(lower, at_lower, upper, at_upper, 1e-15, score)
    }

    /// The likelihood's highest point among shapes >= -0.5; `None` if it lies beyond the θ that 64-bit numbers reach.
    pub(super) fn maximize(&self) -> Option<Optimum> {
        let mut best = Optimum { shape: 0.0, scale: 1.0, cost: f64::INFINITY, at_limit: false };
        let mut consider = |theta: f64| {
            let shape = self.mean_ln_1p(theta);
            let vanishing = theta.abs() < VANISHING;
            let (shape, scale) = if vanishing { (0.0, 1.0) } else { (shape, shape / theta) };
            let cost = scale.ln() + shape + 1.0; // g(θ)
            if shape > LOWEST_SHAPE && cost < best.cost {
                best = Optimum { shape, scale, cost, at_limit: false };
            }
        };
        let mut before = None::<Profile>;
        self.scan(|theta| {
            let here = self.profile(theta);
            if let Some(before) = before
                && before.slope < 0.0
                && here.slope >= 0.0
            {
                let slope = |theta: f64| self.profile(theta).slope;
                consider(root(before.theta, before.slope, theta, here.slope, 1e-15, slope));
            }
            before = Some(here);
        });
        let still_falling = before.is_some_and(|last| last.slope < 0.0 && last.theta >= HIGHEST_THETA);
        if still_falling {
            return None;
        }
        // On the limit the cost is ln β - mean ln(1 - e/(2β)) >= ln β + 1/(2β), which grows from β = largest/2 on.
        if (self.largest / 2.0).ln() + 1.0 / self.largest < best.cost {
            let (shape, scale) = (LOWEST_SHAPE, self.best_scale(LOWEST_SHAPE, 1.0));
            let cost = self.cost(shape, scale);
            if cost < best.cost {
                best = Optimum { shape, scale, cost, at_limit: true };
            }
        }
        Some(best)
    }

    /// Visits increasing θ, dense enough to separate the stationary points, over the whole range that can hold one.
    ///
    /// - Negative side, in s = 1 + θ·largest: a stationary point with ξ in [-0.5, 0) needs D <= -1/θ, and the largest
    ///   exceedance alone makes D >= largest/(m·s); together s >= 1/(m + 1).
    /// - Positive side: none lies above 2·(mean - smallest)/smallest² (Grimshaw 1993, section 3).
    fn scan(&self, mut visit: impl FnMut(f64)) {
        const NEGATIVE_POINTS: i32 = 10;
        let start = -(self.len() + 1.0).ln();
        for j in 0..NEGATIVE_POINTS {
            let s = (start * (1.0 - f64::from(j) / f64::from(NEGATIVE_POINTS))).exp();
            visit((s - 1.0) / self.largest);
        }
        visit(0.0);
        let smallest = self.scaled.first().copied().unwrap_or(1.0);
        let end = (2.0 * (1.0 - smallest) / smallest / smallest).clamp(1.0, HIGHEST_THETA);
        let mut theta = 0.05;
        while theta < end {
            visit(theta);
            theta *= if theta < 1e3 { 4.0 } else { 100.0 };
        }
        visit(end);
    }
}

/// ln(1 + a) - a/(1 + a), given ln(1 + a); for small a by its series Σ w^k/k from k = 2 in w = a/(1 + a).
fn ln_1p_less_ratio(a: f64, ln_1p: f64) -> f64 {
    let w = a / (1.0 + a);
    if a.abs() > 0.1 {
        return ln_1p - w;
    }
    let mut series = 1.0 / 17.0;
    for k in (2..=16).rev() {
        series = 1.0 / f64::from(k) + w * series;
    }
    w * w * series
}
