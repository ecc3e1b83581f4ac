//! The rule for single values: each of its conditions alone, and both.

use super::*;
use bellwether_models::tail::peaks_over_threshold::{GeneralizedPareto, UpperLimit};

/// A tenth of 500 values lies above 0 with shape and scale near those given.
fn history(shape: f64) -> Fitted {
    fit_above(0.0, &[vec![-1.0; 450], pareto_quantiles(shape, 2.0, 50)].concat())
}

#[test]
fn a_value_within_reach_of_the_horizon_is_ordinary_and_costs_no_profile() {
    let judged = history(0.3).judge(15.0, period(1000.0), Coverage::default()).unwrap();
    assert!(!judged.is_black_swan() && !judged.model_inadequate());
    assert_eq!(judged.upper_limit, UpperLimit::NotNeeded);
    assert!(judged.probability > 1e-3);
}

/// P = 1 - (1 - ζ·P(E > x))^N by hand from the fit's own parameters; N·ζ·P(E > x), since that is 3e-9.
#[test]
fn an_impossibly_large_value_is_a_black_swan_with_its_probability() {
    let fit = history(0.3);
    let (candidate, n) = (5000.0, 1000.0);
    let judged = fit.judge(candidate, period(n), Coverage::default()).unwrap();
    let each = 0.1 * (1.0 + fit.shape() * candidate / fit.scale()).powf(-1.0 / fit.shape());
    assert_close("probability", judged.probability, each * n, 1e-8);
    assert!(judged.is_black_swan() && judged.probability < 1e-3);
    assert_eq!(judged.return_level, fit.value_at_risk(level(0.999)).unwrap());
    let upper = profile_interval(&fit, Quantity::ReturnLevel(period(n))).upper.unwrap();
    assert_eq!(judged.upper_limit, UpperLimit::At(upper));
    let stated = judged.to_string();
    assert!(stated.starts_with("5000 is a black swan") && stated.contains("rule: below 1e-3"), "{stated}");
}

/// With few exceedances the return level is so uncertain that an improbable value may still lie within its limit.
#[test]
fn an_improbable_value_within_the_uncertainty_of_the_return_level_is_no_black_swan() {
    let fit = fit_above(0.0, &[vec![-1.0; 90], pareto_quantiles(0.3, 2.0, 10)].concat());
    let horizon = period(1000.0);
    let upper = profile_interval(&fit, Quantity::ReturnLevel(horizon)).upper.unwrap();
    let improbable = (1..2000).map(|i| f64::from(i) * 10.0).find(|&x| {
        let each = fit.tail().exceedance_probability(x);
        each * 1000.0 < 0.9e-3
    });
    let candidate = improbable.unwrap().min(0.999 * upper);
    let judged = fit.judge(candidate, horizon, Coverage::default()).unwrap();
    assert!(judged.probability < 1e-3 && !judged.is_black_swan(), "{judged}");
}

#[test]
fn a_value_beyond_the_end_of_the_tail_makes_the_model_inadequate() {
    let fit = history(-0.3);
    let end = fit.tail().end_point().unwrap();
    let judged = fit.judge(end * 1.01, period(1000.0), Coverage::default()).unwrap();
    assert!(judged.model_inadequate() && judged.probability == 0.0);
    assert!(judged.to_string().contains("the model is inadequate: it ends at"), "{judged}");
    assert!(!fit.judge(end * 0.99, period(1000.0), Coverage::default()).unwrap().model_inadequate());
}

#[test]
fn a_value_below_the_threshold_is_ordinary_whatever_it_is() {
    for candidate in [-1e300, -5.0, 0.0] {
        let judged = history(0.3).judge(candidate, period(1000.0), Coverage::default()).unwrap();
        assert!(!judged.is_black_swan() && judged.probability > 0.999, "{judged}");
    }
}

#[test]
fn a_horizon_without_an_expected_exceedance_and_a_missing_candidate_are_refused() {
    let fit = history(0.3);
    let refused = fit.judge(50.0, period(5.0), Coverage::default()).unwrap_err();
    assert!(matches!(refused, ExtremesError::LevelBelowThreshold { .. }));
    let refused = fit.judge(f64::NAN, period(1000.0), Coverage::default()).unwrap_err();
    assert!(matches!(refused, ExtremesError::CandidateNotFinite { .. }));
}

/// Of values that follow the same tail as their history, as many are called black swans as [`Fitted::judge`] states: the
/// value from which on the rule says so is found by bisection for each simulated history, and the probability that a value
/// exceeds it is exact.
#[test]
fn false_alarms_are_as_rare_as_stated() {
    for (shape, n, stated) in [(-0.2, 500, 2.4e-4), (0.0, 500, 2.1e-4), (0.3, 500, 1.2e-4), (0.3, 2000, 5.5e-6)] {
        let truth = GeneralizedPareto::new(shape, 1.0).unwrap();
        let false_alarm = |seed| {
            let history = fit(&pareto_sample(shape, n, seed), Threshold::Quantile(level(0.9))).unwrap();
            let says = |x: f64| history.judge(x, period(n as f64), Coverage::default()).unwrap().is_black_swan();
            let (mut ordinary, mut swan) = (history.threshold().ln(), 700.0);
            for _ in 0..50 {
                let middle = 0.5 * (ordinary + swan);
                *(if says(middle.exp()) { &mut swan } else { &mut ordinary }) = middle;
            }
            truth.survival(swan.exp())
        };
        let mean = (0..200).map(false_alarm).sum::<f64>() / 200.0;
        assert!((0.5 * stated..1.5 * stated).contains(&mean), "shape {shape}, n = {n}: {mean}");
    }
}
