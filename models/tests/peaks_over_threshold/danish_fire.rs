//! Danish fire losses (McNeil 1997): 2,167 claims in millions of kroner. Expected values are those of the exact optimum,
//! polished to 1e-12 by an independent program; fExtremes stops up to 1.6e-3 short of it.

use super::*;
use bellwether_models::tail::peaks_over_threshold::extremal_index;

/// The losses in the order of their dates; `None`, said plainly, where the data are absent.
fn losses() -> Option<Vec<f64>> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let data = std::env::var("BELLWETHER_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = std::path::Path::new(workspace).join(data).join("tail/danish_fire.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is absent (set BELLWETHER_DATA)", path.display());
        return None;
    };
    let value = |line: &str| line.rsplit(',').next().unwrap().trim().parse().unwrap();
    Some(text.lines().skip(1).map(value).collect())
}

struct Row {
    threshold: f64,
    exceedances: usize,
    shape: f64,
    scale: f64,
    errors: [f64; 2],
    covariance: f64,
    log_likelihood: f64,
    /// At levels 0.99, 0.995, 0.999.
    values_at_risk: [f64; 3],
    means_beyond: [f64; 3],
    shape_interval: [f64; 2],
    interval_990: [f64; 2],
    interval_999: [f64; 2],
    /// Of the mean beyond the level 0.99; without an upper limit where the likelihood allows shape 1.
    beyond_990: (f64, Option<f64>),
    zhang_stephens: [f64; 2],
    weighted_moments: [f64; 2],
    goodness: [f64; 2],
    extremal_index: f64,
}

const ROWS: [Row; 3] = [
    Row {
        threshold: 5.0,
        exceedances: 254,
        shape: 0.6315430045,
        scale: 3.809127096,
        errors: [0.1116372556, 0.4638638345],
        covariance: -0.0320204,
        log_likelihood: -754.1115369,
        values_at_risk: [27.513279, 43.190651, 121.167946],
        means_beyond: [76.439561, 118.988277, 330.620289],
        shape_interval: [0.43576, 0.87593],
        interval_990: [22.7310, 35.5668],
        interval_999: [73.260, 251.096],
        beyond_990: (45.8148, Some(265.2258)),
        zhang_stephens: [0.642204, 3.768810],
        weighted_moments: [0.552270, 4.060390],
        goodness: [1.0731, 0.19063],
        extremal_index: 0.8726,
    },
    Row {
        threshold: 10.0,
        exceedances: 109,
        shape: 0.4969858024,
        scale: 6.975468048,
        errors: [0.1362838204, 1.113490613],
        covariance: -0.0819462,
        log_likelihood: -374.8929902,
        values_at_risk: [27.289987, 40.172988, 94.339352],
        means_beyond: [58.240101, 83.851705, 191.535274],
        shape_interval: [0.27453, 0.81889],
        interval_990: [23.2773, 33.2104],
        interval_999: [63.169, 189.098],
        beyond_990: (41.0831, Some(154.9819)),
        zhang_stephens: [0.514149, 6.857327],
        weighted_moments: [0.509809, 6.902755],
        goodness: [0.2663, 0.03316],
        extremal_index: 1.0,
    },
    Row {
        threshold: 20.0,
        exceedances: 36,
        shape: 0.6841521806,
        scale: 9.635132836,
        errors: [0.2750738660, 2.897623048],
        covariance: -0.4206662,
        log_likelihood: -142.1844577,
        values_at_risk: [25.847354, 37.940439, 102.227292],
        means_beyond: [69.018819, 107.306513, 310.843942],
        shape_interval: [0.27243, 1.41112],
        interval_990: [23.3772, 29.8214],
        interval_999: [63.134, 310.777],
        beyond_990: (41.7253, None),
        zhang_stephens: [0.705599, 9.431631],
        weighted_moments: [0.582156, 10.295655],
        goodness: [0.1936, 0.02846],
        extremal_index: 0.8402,
    },
];

/// Equal to within one unit of the last printed digit.
#[track_caller]
fn assert_printed(what: &str, got: f64, expected: f64, decimals: i32) {
    assert!((got - expected).abs() <= 10_f64.powi(-decimals), "{what}: {got} instead of {expected}");
}

#[test]
fn the_fit_is_the_exact_optimum_with_its_standard_errors() {
    let Some(losses) = losses() else { return };
    for row in ROWS {
        let fit = fit_above(row.threshold, &losses);
        let errors = fit.standard_errors().unwrap();
        assert_eq!((fit.exceedances(), fit.observations()), (row.exceedances, 2167));
        assert_close("shape", fit.shape(), row.shape, 1e-9);
        assert_close("scale", fit.scale(), row.scale, 1e-9);
        assert_close("error of shape", errors.shape, row.errors[0], 1e-8);
        assert_close("error of scale", errors.scale, row.errors[1], 1e-8);
        assert_printed("covariance", fit.covariance().unwrap().shape_scale, row.covariance, 7);
        assert_close("log-likelihood", fit.log_likelihood(), row.log_likelihood, 1e-9);
        assert_close("mean excess", fit.mean_excess(), fit_mean(&losses, row.threshold), 1e-12);
    }
}

fn fit_mean(losses: &[f64], threshold: f64) -> f64 {
    let above: Vec<f64> = losses.iter().filter(|&&loss| loss > threshold).map(|loss| loss - threshold).collect();
    above.iter().sum::<f64>() / above.len() as f64
}

#[test]
fn risk_measures_agree_to_every_printed_digit() {
    let Some(losses) = losses() else { return };
    for row in ROWS {
        let fit = fit_above(row.threshold, &losses);
        for (i, p) in [0.99, 0.995, 0.999].into_iter().enumerate() {
            let what = format!("threshold {}, level {p}", row.threshold);
            let beyond = fit.conditional_value_at_risk(level(p)).unwrap().finite().unwrap();
            assert_printed(&what, fit.value_at_risk(level(p)).unwrap(), row.values_at_risk[i], 6);
            assert_printed(&what, beyond, row.means_beyond[i], 6);
            assert_printed(&what, fit.return_level(period(1.0 / (1.0 - p))).unwrap(), row.values_at_risk[i], 6);
        }
    }
}

#[test]
fn profile_intervals_agree_to_every_printed_digit() {
    let Some(losses) = losses() else { return };
    for row in ROWS {
        let fit = fit_above(row.threshold, &losses);
        for (quantity, [lower, upper], decimals) in [
            (Quantity::Shape, row.shape_interval, 5),
            (Quantity::ValueAtRisk(level(0.99)), row.interval_990, 4),
            (Quantity::ValueAtRisk(level(0.999)), row.interval_999, 3),
            (Quantity::ReturnLevel(period(1000.0)), row.interval_999, 3),
        ] {
            let what = format!("threshold {}, {quantity:?}", row.threshold);
            let interval = profile_interval(&fit, quantity);
            assert_printed(&what, interval.lower.unwrap(), lower, decimals);
            assert_printed(&what, interval.upper.unwrap(), upper, decimals);
        }
        let beyond = profile_interval(&fit, Quantity::ConditionalValueAtRisk(level(0.99)));
        assert_printed("mean beyond", beyond.lower.unwrap(), row.beyond_990.0, 4);
        assert_eq!(beyond.upper.is_some(), row.beyond_990.1.is_some());
        if let (Some(got), Some(expected)) = (beyond.upper, row.beyond_990.1) {
            assert_printed("mean beyond", got, expected, 4);
        }
    }
}

#[test]
fn closed_form_estimates_goodness_and_clustering_agree_to_every_printed_digit() {
    let Some(losses) = losses() else { return };
    for row in ROWS {
        let fit = fit_above(row.threshold, &losses);
        let estimates = [fit.zhang_stephens().unwrap(), fit.probability_weighted_moments().unwrap()];
        for (estimate, [shape, scale]) in estimates.into_iter().zip([row.zhang_stephens, row.weighted_moments]) {
            assert_printed("shape", estimate.shape(), shape, 6);
            assert_printed("scale", estimate.scale(), scale, 6);
        }
        let goodness = fit.goodness_of_fit();
        assert_printed("Anderson-Darling", goodness.anderson_darling, row.goodness[0], 4);
        assert_printed("Cramér-von Mises", goodness.cramer_von_mises, row.goodness[1], 5);
        assert_printed("extremal index", extremal_index(&losses, row.threshold).unwrap(), row.extremal_index, 4);
    }
}

#[test]
fn the_shape_is_stable_across_high_thresholds() {
    let Some(losses) = losses() else { return };
    let model = PeaksOverThreshold::new(Options::default()).unwrap();
    let stability = model.stability(&losses, &[level(0.9), level(0.95), level(0.97), level(0.9999)]).unwrap();
    assert_eq!(stability.fits.len(), 4);
    assert!(stability.fits[..3].iter().all(|(_, fit)| fit.is_ok()));
    assert!(matches!(stability.fits[3].1, Err(ExtremesError::TooFewExceedances { got: 1, need: 10, .. })));
    assert!(stability.shape_moves_by.is_some_and(|moves_by| moves_by > 0.0) && !stability.is_unstable());
}
