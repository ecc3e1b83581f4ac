//! Inputs that hold no tail, and inputs at the ends of what 64 bits can hold.

use super::*;
use bellwether_models::tail::peaks_over_threshold::{
    FitWarning, OutOfRange, probability_weighted_moments, zhang_stephens,
};

fn counting(n: u32) -> Vec<f64> {
    (1..=n).map(f64::from).collect()
}

#[test]
fn each_refusal_names_input_place_and_need() {
    let mut holed = counting(100);
    holed[17] = f64::INFINITY;
    let tied_top = [counting(50), vec![60.0; 12]].concat();
    for (values, threshold, expected) in [
        (vec![], Threshold::Automatic, ExtremesError::Empty),
        (holed, Threshold::Automatic, ExtremesError::NonFinite { index: 17, value: f64::INFINITY }),
        (counting(100), Threshold::Value(97.0), ExtremesError::TooFewExceedances { got: 3, need: 10, threshold: 97.0 }),
        (counting(100), Threshold::Value(100.0), ExtremesError::ThresholdAboveAll { threshold: 100.0, maximum: 100.0 }),
        (counting(100), Threshold::Value(1e9), ExtremesError::ThresholdAboveAll { threshold: 1e9, maximum: 100.0 }),
        (vec![4.0; 90], Threshold::Automatic, ExtremesError::AllEqual { count: 90, value: 4.0 }),
        (vec![4.0], Threshold::Automatic, ExtremesError::ThresholdAboveAll { threshold: 4.0, maximum: 4.0 }),
        (tied_top, Threshold::Value(55.0), ExtremesError::AllEqual { count: 12, value: 60.0 }),
    ] {
        assert_eq!(fit(&values, threshold).unwrap_err(), expected);
    }
    let nan = fit(&[1.0, f64::NAN, 2.0], Threshold::Automatic).unwrap_err();
    assert!(matches!(nan, ExtremesError::NonFinite { index: 1, value } if value.is_nan()));
}

#[test]
fn messages_say_what_to_do_in_lowercase_without_full_stop() {
    let error = fit(&counting(100), Threshold::Value(97.0)).unwrap_err();
    let message = "3 values above threshold 97 are too few, 10 are needed: lower the threshold or give more";
    assert_eq!(error.to_string(), message);
}

#[test]
fn ten_exceedances_are_enough_and_more_can_be_asked_for() {
    assert_eq!(fit_above(90.0, &counting(100)).exceedances(), 10);
    let options = Options::default().with_threshold(Threshold::Value(90.0));
    let refused = PeaksOverThreshold::new(options.with_minimum_exceedances(20)).unwrap().fit(&counting(100));
    assert_eq!(refused.unwrap_err(), ExtremesError::TooFewExceedances { got: 10, need: 20, threshold: 90.0 });
}

#[test]
fn impossible_options_are_refused_with_their_number() {
    for (options, name) in [
        (Options::default().with_threshold(Threshold::Value(f64::NAN)), "threshold"),
        (Options::default().with_minimum_exceedances(3), "minimum of exceedances"),
        (Options::default().with_tied_share_limit(1.5), "tied share limit"),
    ] {
        let refused = PeaksOverThreshold::new(options).unwrap_err();
        assert!(matches!(refused, ExtremesError::Option(OutOfRange { name: got, .. }) if got == name), "{refused}");
    }
    assert!(PeaksOverThreshold::new(Options::default()).unwrap().stability(&counting(100), &[]).is_err());
}

#[test]
fn many_tied_exceedances_are_fitted_with_a_warning() {
    let rounded: Vec<f64> = pareto_quantiles(0.3, 2.0, 60).iter().map(|e| e.round() + 0.5).collect();
    let warnings = fit_above(0.0, &rounded).warnings();
    assert!(matches!(warnings[..], [FitWarning::TiedExceedances { share }] if share > 0.8), "{warnings:?}");
    // All but one the same: as tied as can be.
    let tied = [vec![1.0; 10_000], vec![2.0]].concat();
    let fit = fit_above(0.0, &tied);
    assert!(fit.shape() >= -0.5 && fit.log_likelihood().is_finite());
}

#[test]
fn values_of_any_magnitude_are_fitted_as_well() {
    let unit = fit_above(0.0, &pareto_quantiles(0.3, 1.0, 50));
    for scale in [1e-290, 1e-150, 1e-9, 1e9, 1e150, 1e300] {
        let fit = fit_above(0.0, &pareto_quantiles(0.3, scale, 50));
        assert_close("shape", fit.shape(), unit.shape(), 1e-12);
        assert_close("scale", fit.scale() / scale, unit.scale(), 1e-12);
        let (got, expected) = (fit.standard_errors().unwrap(), unit.standard_errors().unwrap());
        assert_close("error of scale", got.scale / scale, expected.scale, 1e-10);
        let quantity = Quantity::ValueAtRisk(level(0.999));
        let (got, expected) = (profile_interval(&fit, quantity), profile_interval(&unit, quantity));
        assert_close("interval", got.upper.unwrap() / scale, expected.upper.unwrap(), 1e-7);
    }
}

#[test]
fn exceedances_below_the_normal_numbers_are_refused_with_the_remedy() {
    let values: Vec<f64> = (1..=50).map(|i| f64::from(i) * 5e-324).collect();
    let refused = fit(&values, Threshold::Value(0.0)).unwrap_err();
    assert_eq!(refused, ExtremesError::Underflow { largest: 50.0 * 5e-324 });
}

#[test]
fn exceedances_over_hundreds_of_orders_of_magnitude_are_fitted_or_refused() {
    let spanning = |power: i32| -> Vec<f64> { (-30..=30).map(|i| 10_f64.powi(power * i)).collect() };
    for power in [1, 2, 3, 4] {
        let fit = fit_above(0.0, &spanning(power));
        assert!(fit.shape() > 10.0 && fit.scale() > 0.0 && fit.log_likelihood().is_finite(), "power {power}");
        assert!(fit.standard_errors().is_ok_and(|errors| errors.shape > 0.0 && errors.shape.is_finite()));
        assert!(fit.value_at_risk(level(0.5)).is_ok_and(f64::is_finite));
        assert!(fit.zhang_stephens().is_ok() && fit.probability_weighted_moments().is_ok());
        assert!(profile_interval(&fit, Quantity::Shape).contains(fit.shape()));
        let quantity = Quantity::ValueAtRisk(level(0.5));
        assert!(profile_interval(&fit, quantity).contains(fit.value_at_risk(level(0.5)).unwrap()));
    }
    assert!(matches!(fit(&spanning(10), Threshold::Value(0.0)), Err(ExtremesError::SpreadTooWide { .. })));
    // One value far above all others, and one far below.
    let far_above = fit(&[counting(50), vec![1e300]].concat(), Threshold::Value(0.0));
    assert_eq!(far_above.unwrap_err(), ExtremesError::SpreadTooWide { smallest: 1.0, largest: 1e300 });
    fit_above(0.0, &[counting(50), vec![1e200]].concat());
    let far_below = fit(&[counting(50), vec![1e-300]].concat(), Threshold::Value(0.0));
    assert_eq!(far_below.unwrap_err(), ExtremesError::SpreadTooWide { smallest: 1e-300, largest: 50.0 });
    let fit = fit_above(0.0, &[pareto_quantiles(0.3, 1.0, 50), vec![1e-16]].concat());
    assert!((fit.shape() - 0.3).abs() < 0.1, "{}", fit.shape());
}

#[test]
fn closed_forms_refuse_what_the_fit_refuses() {
    for estimate in [zhang_stephens, probability_weighted_moments] {
        let few = ExtremesError::TooFewExceedances { got: 3, need: 10, threshold: 0.0 };
        assert_eq!(estimate(&counting(3)), Err(few));
        assert_eq!(estimate(&[2.0; 20]), Err(ExtremesError::AllEqual { count: 20, value: 2.0 }));
        assert!(matches!(estimate(&[1.0, f64::NAN]), Err(ExtremesError::NonFinite { index: 1, .. })));
        assert!(matches!(estimate(&[1.0, 0.0]), Err(ExtremesError::Option(OutOfRange { name: "exceedance", .. }))));
        let estimate = estimate(&pareto_quantiles(0.3, 2.0, 200)).unwrap();
        assert!((estimate.shape() - 0.3).abs() < 0.05 && (estimate.scale() - 2.0).abs() < 0.1, "{estimate:?}");
    }
}
