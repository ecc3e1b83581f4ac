//! Limits of profile-likelihood intervals, on the scaled sample.
//!
//! Source: Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001, sections 2.6.6 and 4.3.3: fix the
//! quantity, maximise the likelihood over what remains, keep the values within `cut` of the maximum.

use super::likelihood::{LOWEST_SHAPE, Optimum, Sample};
use super::risk::Excess;
use super::root::{minimum, root};

const HIGHEST_SHAPE: f64 = 1e4;

/// Lower and upper limit of the shape. The best scale for a fixed shape is the root of a monotone function.
pub(super) fn shape_limits(sample: &Sample, optimum: &Optimum, cut: f64) -> (Option<f64>, Option<f64>) {
    let mut scale = optimum.scale;
    let mut shortfall = |shape: f64| {
        scale = sample.best_scale(shape, scale);
        sample.len() * (sample.cost(shape, scale) - optimum.cost) - cut
    };
    let step = (1.0 + optimum.shape) / sample.len().sqrt(); // the asymptotic standard error
    let upper = crossing(optimum.shape, step, HIGHEST_SHAPE, cut, &mut shortfall);
    let lower = crossing(optimum.shape, -step, LOWEST_SHAPE, cut, &mut shortfall);
    (lower, upper)
}

/// Lower and upper limit of an excess w = β·ratio(ξ). For a fixed w the likelihood is a function of the shape alone.
pub(super) fn excess_limits(
    sample: &Sample,
    optimum: &Optimum,
    excess: Excess,
    cut: f64,
) -> (Option<f64>, Option<f64>) {
    let estimate = optimum.scale * excess.ratio(optimum.shape);
    if estimate <= 0.0 {
        return (Some(0.0), Some(0.0)); // the threshold itself, which is known
    }
    let unbounded = match excess {
        // Shapes just below 1 reach every mean, at the likelihood of shape 1.
        Excess::Mean(_) => {
            sample.len() * (sample.cost(1.0, sample.best_scale(1.0, optimum.scale)) - optimum.cost) < cut
        }
        Excess::Scale | Excess::Quantile(_) => false,
    };
    let side = |step: f64| {
        let mut shape = optimum.shape;
        let mut shortfall = |ln_excess: f64| {
            let excess_value = ln_excess.exp();
            let cost = |shape: f64| sample.cost(shape, excess_value / excess.ratio(shape));
            let best = best_shape(shape, cost);
            shape = best.0;
            sample.len() * (best.1 - optimum.cost) - cut
        };
        let end = if step > 0.0 { 700.0 } else { -700.0 };
        crossing(estimate.ln(), step, end, cut, &mut shortfall).map(f64::exp)
    };
    let step = 1.0 / sample.len().sqrt();
    (side(-step), if unbounded { None } else { side(step) })
}

/// Where `shortfall`, which is -`cut` at `start`, first reaches 0 in the direction of `step`; `None` if not before `end`.
fn crossing(start: f64, mut step: f64, end: f64, cut: f64, mut shortfall: impl FnMut(f64) -> f64) -> Option<f64> {
    let (mut inside, mut at_inside) = (start, -cut);
    loop {
        let outside = if step > 0.0 { (inside + step).min(end) } else { (inside + step).max(end) };
        let at_outside = shortfall(outside);
        if at_outside >= 0.0 {
            let capped = at_outside.min(1e3); // an infinite end would spoil the interpolation
            return Some(root(inside, at_inside, outside, capped, 1e-11, |x| shortfall(x).min(1e3)));
        }
        if outside == end {
            return None;
        }
        (inside, at_inside) = (outside, at_outside);
        step *= 1.5;
    }
}

/// Shapes tried before the search narrows: with few exceedances the cost along them can have two minima.
const GRID: [f64; 17] =
    [LOWEST_SHAPE, -0.4, -0.3, -0.2, -0.1, 0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.4, 2.0, 3.5, 6.0, 10.0];

/// The shape >= -0.5 of the lowest cost, and that cost. The exponential, shape 0, always has a finite one.
///
/// `start`: where the minimum is expected; it competes with the grid, so that an answer is never worse than near it.
fn best_shape(start: f64, mut cost: impl FnMut(f64) -> f64) -> (f64, f64) {
    let mut best = (start, cost(start));
    for shape in GRID {
        let at_shape = cost(shape);
        if at_shape < best.1 || !best.1.is_finite() {
            best = (shape, at_shape);
        }
    }
    let lower = GRID.iter().copied().rfind(|&shape| shape < best.0).unwrap_or(LOWEST_SHAPE);
    let upper = GRID.iter().copied().find(|&shape| shape > best.0).unwrap_or_else(|| {
        let mut upper = 2.0 * best.0;
        while upper < HIGHEST_SHAPE && cost(upper) < best.1 {
            upper *= 2.0;
        }
        upper
    });
    let found = minimum(lower, upper, 1e-10, &mut cost);
    if found.1 <= best.1 { found } else { best }
}
