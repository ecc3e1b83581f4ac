//! The optimum, its errors and its intervals against independent programs and against the derivatives' formulas.

use super::*;
use bellwether_models::tail::peaks_over_threshold::{FitWarning, NoStandardErrors};

/// Quantiles of a generalized Pareto (shape 0.4, scale 2) above 10, moved by up to 0.2 and shuffled.
const LITERAL: [f64; 40] = [
    12.103, 12.163, 10.025, 10.436, 10.191, 13.942, 11.44, 16.864, 13.089, 11.855, 12.644, 10.316, 10.778, 11.473,
    12.35, 10.077, 11.625, 15.881, 10.259, 33.888, 15.168, 11.026, 11.236, 10.016, 10.191, 14.786, 10.546, 10.836,
    23.519, 10.476, 13.104, 14.239, 20.128, 10.251, 18.321, 10.562, 10.972, 11.491, 12.041, 13.57,
];

/// The literals after 360 values below the threshold, so that a tenth exceeds it.
fn literal_fit() -> Fitted {
    let values = [vec![9.0; 360], LITERAL.to_vec()].concat();
    fit_above(10.0, &values)
}

/// Derivatives of the log-likelihood by shape and scale, each relative to the size of its terms.
fn scores(fit: &Fitted, exceedances: &[f64]) -> [f64; 2] {
    let (shape, scale, m) = (fit.shape(), fit.scale(), exceedances.len() as f64);
    let ratio: f64 = exceedances.iter().map(|e| e / scale / (1.0 + shape * e / scale)).sum();
    let logs: f64 = exceedances.iter().map(|e| (shape * e / scale).ln_1p()).sum();
    let by_shape = logs / (shape * shape) - (1.0 + 1.0 / shape) * ratio;
    [by_shape * shape * shape / logs.abs(), ((1.0 + shape) * ratio - m) / m]
}

/// Both score equations by Newton's method with 40 digits (mpmath 1.3), second derivatives by differences of 1e-12.
/// `scipy.stats.genpareto.fit` of scipy 1.17.1 stops at 0.39826, 1.93945 for the literals.
#[test]
fn the_optimum_is_that_of_forty_digit_arithmetic_for_either_sign_of_the_shape() {
    let literal: Vec<f64> = LITERAL.iter().map(|value| value - 10.0).collect();
    let quantiles = |shape| pareto_quantiles(shape, 2.0, 50);
    for (exceedances, shape, scale, log_likelihood, errors, covariance) in [
        (
            literal,
            0.39824660872189,
            1.9394167302886,
            -82.425355284044,
            [0.23708448300554, 0.53901845677566],
            -0.082013817751892,
        ),
        (
            quantiles(0.8),
            0.77159472112133,
            2.031924279281,
            -124.02889930049,
            [0.25317954870198, 0.54595168283551],
            -0.074695205092646,
        ),
        (
            quantiles(0.3),
            0.26829539782407,
            2.0453805172233,
            -99.193962100072,
            [0.18626458181838, 0.47201269741323],
            -0.057043490581839,
        ),
        (
            quantiles(0.0371),
            0.0013981428350089,
            2.0568230092785,
            -86.12803533362,
            [0.15512848445691, 0.43176045338302],
            -0.049439535325784,
        ),
        (
            quantiles(0.036),
            0.00027792020906301,
            2.0568772756388,
            -86.073343364063,
            [0.15501070886459, 0.43159303649029],
            -0.049411868964674,
        ),
        (
            quantiles(1e-4),
            -0.036297266592433,
            2.0586746112373,
            -84.288255826997,
            [0.15124463306871, 0.42614360176327],
            -0.048532295714195,
        ),
        (
            quantiles(-0.2),
            -0.24066618843049,
            2.0695003577737,
            -74.332050832773,
            [0.13379439706338, 0.3966889219111],
            -0.044609860332051,
        ),
        (
            quantiles(-0.35),
            -0.39440910073199,
            2.0783358491936,
            -66.857920012466,
            [0.12628838161574, 0.37661822383238],
            -0.04307510366644,
        ),
    ] {
        let fit = fit_above(0.0, &exceedances);
        let got = fit.standard_errors().unwrap();
        assert_close("shape", fit.shape(), shape, (1e-13 / shape.abs()).max(1e-12));
        assert_close("scale", fit.scale(), scale, 1e-12);
        assert_close("log-likelihood", fit.log_likelihood(), log_likelihood, 1e-12);
        assert_close("error of shape", got.shape, errors[0], 1e-10);
        assert_close("error of scale", got.scale, errors[1], 1e-10);
        assert_close("covariance", fit.covariance().unwrap().shape_scale, covariance, 1e-10);
        let [by_shape, by_scale] = scores(&fit, &exceedances);
        assert!(by_shape.abs() < 1e-10 && by_scale.abs() < 1e-12, "shape {shape}: {by_shape}, {by_scale}");
    }
}

/// g'(0) = 1 - mean e²/2 for a mean of 1: it vanishes where the mean square is twice the squared mean. Ninety values of 1
/// and ten of x: 100·(90 + 10x²) = 2·(90 + 10x)², that is 800x² - 3600x - 7200 = 0.
#[test]
fn a_mean_square_of_twice_the_squared_mean_gives_the_exponential() {
    let x = (3600.0 + f64::sqrt(3600.0 * 3600.0 + 4.0 * 800.0 * 7200.0)) / 1600.0;
    let fit = fit_above(0.0, &[vec![1.0; 90], vec![x; 10]].concat());
    let mean = (90.0 + 10.0 * x) / 100.0;
    assert!(fit.shape().abs() < 1e-13, "{}", fit.shape());
    assert_close("scale", fit.scale(), mean, 1e-13);
    assert_close("log-likelihood", fit.log_likelihood(), -100.0 * (mean.ln() + 1.0), 1e-13);
    assert_close("value at risk", fit.value_at_risk(level(0.99)).unwrap(), mean * 100_f64.ln(), 1e-12);
}

/// A uniform's end is abrupt (shape -1): the fit stops at -0.5 and says that it has no standard errors. There the scale
/// alone solves its score equation, (1 + ξ)·Σ (e/β)/(1 + ξe/β) = m.
#[test]
fn an_abrupt_end_puts_the_shape_on_its_limit_without_standard_errors() {
    let exceedances: Vec<f64> = (0..50).map(|i| 2.0 - (f64::from(i) + 0.5) / 25.0).collect();
    let fit = fit_above(0.0, &exceedances);
    assert_eq!(fit.shape(), -0.5);
    assert_eq!(fit.standard_errors(), Err(NoStandardErrors::ShapeAtLimit));
    assert_eq!(fit.covariance(), Err(NoStandardErrors::ShapeAtLimit));
    assert_eq!(fit.warnings(), vec![FitWarning::ShapeAtLimit]);
    assert!(scores(&fit, &exceedances)[1].abs() < 1e-13);
    let delta = fit.interval(Quantity::Shape, IntervalMethod::Delta, Coverage::default());
    assert_eq!(delta, Err(ExtremesError::NoStandardErrors(NoStandardErrors::ShapeAtLimit)));
    let profile = profile_interval(&fit, Quantity::Shape);
    assert!(profile.lower.is_none() && profile.upper.is_some_and(|upper| upper > -0.5));
    let interval = profile_interval(&fit, Quantity::ValueAtRisk(level(0.99)));
    assert!(interval.contains(fit.value_at_risk(level(0.99)).unwrap()));
}

/// Brute force over a grid of shapes, refined by `scipy.optimize` (scipy 1.17.1), on the literals.
#[test]
fn profile_intervals_are_those_of_a_brute_force_search() {
    let fit = literal_fit();
    for (quantity, estimate, lower, upper) in [
        (Quantity::Shape, fit.shape(), 0.04875690665532788, Some(1.0256239519532542)),
        (Quantity::Scale, fit.scale(), 1.0772337577854245, Some(3.2577696248621675)),
        (Quantity::ValueAtRisk(level(0.99)), 17.313431372334186, 14.769162634716004, Some(24.82660511624448)),
        // The likelihood of shape 1 is within the cut, so the mean beyond has no upper limit.
        (Quantity::ConditionalValueAtRisk(level(0.99)), 25.376478532127514, 18.229791264891794, None),
    ] {
        let interval = profile_interval(&fit, quantity);
        assert_close(&format!("{quantity:?}"), interval.lower.unwrap(), lower, 1e-7);
        match (interval.upper, upper) {
            (Some(got), Some(upper)) => assert_close(&format!("{quantity:?}"), got, upper, 1e-7),
            (got, upper) => assert_eq!(got, upper, "{quantity:?}"),
        }
        assert!(interval.contains(estimate));
    }
    assert_close("value at risk", fit.value_at_risk(level(0.99)).unwrap(), 17.313431372334186, 1e-12);
    assert_eq!(fit.warnings().len(), 0);
}

/// Estimate ± 1.959964·error; the error of a value at risk by the gradient's difference quotients.
#[test]
fn delta_intervals_follow_the_gradient() {
    let fit = literal_fit();
    let (z, errors, covariance) = (1.9599639845400538, fit.standard_errors().unwrap(), fit.covariance().unwrap());
    let delta = |quantity| fit.interval(quantity, IntervalMethod::Delta, Coverage::default()).unwrap();
    let shape = delta(Quantity::Shape);
    assert_close("shape", shape.lower.unwrap(), fit.shape() - z * errors.shape, 1e-12);
    assert_close("shape", shape.upper.unwrap(), fit.shape() + z * errors.shape, 1e-12);
    assert_close("scale", delta(Quantity::Scale).upper.unwrap(), fit.scale() + z * errors.scale, 1e-12);
    let depth = 10.0_f64.ln();
    let value = |shape: f64, scale: f64| 10.0 + scale * (shape * depth).exp_m1() / shape;
    let beyond = |shape: f64, scale: f64| {
        let value = value(shape, scale);
        value + (scale + shape * (value - 10.0)) / (1.0 - shape)
    };
    let (xi, beta, h) = (fit.shape(), fit.scale(), 1e-5);
    for (quantity, f) in [
        (Quantity::ValueAtRisk(level(0.99)), &value as &dyn Fn(f64, f64) -> f64),
        (Quantity::ConditionalValueAtRisk(level(0.99)), &beyond),
    ] {
        let by_shape = (f(xi + h, beta) - f(xi - h, beta)) / (2.0 * h);
        let by_scale = (f(xi, beta + h) - f(xi, beta - h)) / (2.0 * h);
        let variance = by_shape * by_shape * covariance.shape
            + 2.0 * by_shape * by_scale * covariance.shape_scale
            + by_scale * by_scale * covariance.scale;
        let interval = delta(quantity);
        assert_close("delta", interval.upper.unwrap(), f(xi, beta) + z * variance.sqrt(), 1e-8);
        assert_close("delta", interval.lower.unwrap(), f(xi, beta) - z * variance.sqrt(), 1e-8);
    }
}

#[test]
fn an_infinite_mean_is_told_apart_from_one_that_may_be() {
    let heavy = fit_above(0.0, &pareto_quantiles(1.6, 2.0, 50));
    assert!(heavy.conditional_value_at_risk(level(0.99)).unwrap().finite().is_none());
    assert_eq!(heavy.warnings(), vec![FitWarning::MeanMayBeInfinite]);
    let interval =
        heavy.interval(Quantity::ConditionalValueAtRisk(level(0.99)), IntervalMethod::Delta, Coverage::default());
    assert_eq!(interval, Err(ExtremesError::InfiniteMean { shape: heavy.shape() }));
    let light = fit_above(0.0, &pareto_quantiles(-0.2, 2.0, 50));
    assert!(light.warnings().is_empty());
}
