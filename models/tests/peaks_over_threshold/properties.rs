//! What must hold for every sample.

use super::*;
use proptest::prelude::*;

/// Exceedances of a generalized Pareto with random shape, by inversion of uniforms.
fn exceedances() -> impl Strategy<Value = Vec<f64>> {
    let uniforms = prop::collection::vec(1e-6..1.0 - 1e-6_f64, 10..200);
    (-0.45..1.2_f64, uniforms).prop_map(|(shape, uniforms)| {
        let shape = if shape.abs() < 1e-3 { 1e-3 } else { shape };
        uniforms.iter().map(|u| (-shape * u.ln()).exp_m1() / shape).collect()
    })
}

fn fit_all(exceedances: &[f64]) -> Fitted {
    fit_above(0.0, exceedances)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_fit_scales_with_the_unit(sample in exceedances(), power in -280..280_i32) {
        let (factor, one) = (10_f64.powi(power), fit_all(&sample));
        let other = fit_all(&sample.iter().map(|e| e * factor).collect::<Vec<_>>());
        prop_assert!((other.shape() - one.shape()).abs() < 1e-9, "{} {}", other.shape(), one.shape());
        prop_assert!((other.scale() / factor / one.scale() - 1.0).abs() < 1e-9);
        let shift = sample.len() as f64 * factor.ln();
        prop_assert!((other.log_likelihood() + shift - one.log_likelihood()).abs() < 1e-9 * (1.0 + shift.abs()));
    }

    #[test]
    fn the_order_of_values_changes_not_one_bit(sample in exceedances()) {
        let (one, again) = (fit_all(&sample), fit_all(&sample));
        let backwards = fit_all(&sample.iter().rev().copied().collect::<Vec<_>>());
        for other in [again, backwards] {
            prop_assert_eq!(one.shape().to_bits(), other.shape().to_bits());
            prop_assert_eq!(one.scale().to_bits(), other.scale().to_bits());
            prop_assert_eq!(one.log_likelihood().to_bits(), other.log_likelihood().to_bits());
        }
    }

    #[test]
    fn the_scores_vanish_at_the_optimum(sample in exceedances()) {
        let fit = fit_all(&sample);
        let (shape, scale, m) = (fit.shape(), fit.scale(), sample.len() as f64);
        let ratio: f64 = sample.iter().map(|e| e / scale / (1.0 + shape * e / scale)).sum();
        prop_assert!(((1.0 + shape) * ratio / m - 1.0).abs() < 1e-9, "by scale: {}", ratio);
        if shape > -0.5 {
            let logs: f64 = sample.iter().map(|e| (shape * e / scale).ln_1p()).sum();
            prop_assert!((logs / m - shape).abs() < 1e-9 * (1.0 + shape.abs()), "by shape: {}", logs);
        }
    }

    #[test]
    fn no_other_parameters_are_likelier(sample in exceedances(), by_shape in -0.3..0.3_f64, by_scale in 0.7..1.4_f64) {
        use bellwether_models::tail::peaks_over_threshold::GeneralizedPareto;
        let fit = fit_all(&sample);
        let best = fit.log_likelihood();
        let own = fit.tail().pareto().log_likelihood(&sample);
        prop_assert!((own - best).abs() < 1e-9 * (1.0 + best.abs()), "{} {}", own, best);
        let shape = (fit.shape() + by_shape).max(-0.5);
        let perturbed = GeneralizedPareto::new(shape, fit.scale() * by_scale).unwrap();
        for other in [perturbed, fit.zhang_stephens().unwrap(), fit.probability_weighted_moments().unwrap()] {
            if other.shape() >= -0.5 {
                prop_assert!(other.log_likelihood(&sample) <= best + 1e-9 * (1.0 + best.abs()), "{:?}", other);
            }
        }
    }

    /// Along the profile θ = ξ/β, ξ = mean ln(1 + θe), on 600 points of either sign.
    #[test]
    fn no_point_of_a_dense_grid_is_likelier(sample in exceedances()) {
        let best = fit_all(&sample).log_likelihood();
        let (largest, m) = (sample.iter().copied().fold(0.0, f64::max), sample.len() as f64);
        for i in 1..600 {
            let share = f64::from(i) / 600.0;
            for theta in [-(1.0 - (-12.0 * share).exp()) / largest, (40.0 * (share - 0.5)).exp() / largest] {
                let shape = sample.iter().map(|e| (theta * e).ln_1p()).sum::<f64>() / m;
                if shape >= -0.5 {
                    let log_likelihood = -m * ((shape / theta).ln() + shape + 1.0);
                    prop_assert!(log_likelihood <= best + 1e-9 * (1.0 + best.abs()), "theta {}", theta);
                }
            }
        }
    }

    #[test]
    fn risk_grows_with_the_level_and_the_mean_beyond_exceeds_it(sample in exceedances()) {
        let fit = fit_all(&sample);
        let mut before = fit.threshold();
        for p in [0.01, 0.5, 0.9, 0.99, 0.999, 1.0 - 1e-9] {
            let value = fit.value_at_risk(level(p)).unwrap();
            prop_assert!(value > before, "level {}: {} after {}", p, value, before);
            let beyond = fit.conditional_value_at_risk(level(p)).unwrap();
            prop_assert!(beyond.finite().is_none_or(|beyond| beyond >= value));
            let tail = fit.tail().exceedance_probability(value);
            prop_assert!((tail / (1.0 - p) - 1.0).abs() < 1e-5, "level {}: {}", p, tail);
            before = value;
        }
    }

    #[test]
    fn intervals_contain_their_estimate_and_widen_with_the_coverage(sample in exceedances()) {
        let fit = fit_all(&sample);
        let wider = Coverage::new(0.99).unwrap();
        for (quantity, estimate) in [
            (Quantity::Shape, fit.shape()),
            (Quantity::Scale, fit.scale()),
            (Quantity::ValueAtRisk(level(0.99)), fit.value_at_risk(level(0.99)).unwrap()),
            (Quantity::ReturnLevel(period(500.0)), fit.return_level(period(500.0)).unwrap()),
        ] {
            let interval = profile_interval(&fit, quantity);
            prop_assert!(interval.contains(estimate), "{:?}: {} {:?}", quantity, estimate, interval);
            let wide = fit.interval(quantity, IntervalMethod::ProfileLikelihood, wider).unwrap();
            let inside = |limit: Option<f64>| limit.is_none_or(|limit| wide.contains(limit));
            prop_assert!(inside(interval.lower) && inside(interval.upper), "{:?} {:?}", interval, wide);
            prop_assert!(interval.lower.is_some() || wide.lower.is_none());
            prop_assert!(interval.upper.is_some() || wide.upper.is_none());
        }
    }

    /// On a grid of shapes: just inside of a limit some parameters are likely enough, just outside of it none are.
    #[test]
    fn a_profile_limit_parts_likely_values_at_risk_from_unlikely_ones(sample in exceedances()) {
        use bellwether_models::tail::peaks_over_threshold::GeneralizedPareto;
        let fit = fit_all(&sample);
        let interval = profile_interval(&fit, Quantity::ValueAtRisk(level(0.99)));
        let (cut, depth) = (1.920729410347062, 100_f64.ln());
        let shortfall = |value: f64| {
            let likelihood = |shape: f64| {
                let scale = value / ((shape * depth).exp_m1() / shape);
                GeneralizedPareto::new(shape, scale).unwrap().log_likelihood(&sample)
            };
            let shapes = (0..1200).map(|i| -1.0 + 0.50003 * (0.004 * f64::from(i)).exp());
            fit.log_likelihood() - shapes.map(likelihood).fold(f64::NEG_INFINITY, f64::max) - cut
        };
        let (lower, upper) = (interval.lower.unwrap(), interval.upper.unwrap());
        prop_assert!(shortfall(upper * 1.001) > 0.0 && shortfall(lower * 0.999) > 0.0, "{:?}", interval);
        prop_assert!(shortfall(upper * 0.98) < 0.02 && shortfall(lower * 1.02) < 0.02, "{:?}", interval);
    }

    /// Whatever the bytes, the answer is a value or an error, never a panic.
    #[test]
    fn any_numbers_are_answered(values in prop::collection::vec(any::<f64>(), 0..60), threshold in any::<f64>()) {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        for (values, threshold) in [
            (&values, Threshold::Automatic),
            (&finite, Threshold::Quantile(level(0.5))),
            (&finite, Threshold::Value(if threshold.is_finite() { threshold } else { 0.0 })),
        ] {
            if let Ok(fit) = fit(values, threshold) {
                prop_assert!(fit.shape() >= -0.5 && fit.scale() > 0.0);
                let _ = fit.judge(values[0], period(1e6), Coverage::default());
                for quantity in [Quantity::Shape, Quantity::ConditionalValueAtRisk(level(0.9999))] {
                    let _ = fit.interval(quantity, IntervalMethod::ProfileLikelihood, Coverage::default());
                }
            }
        }
    }
}
