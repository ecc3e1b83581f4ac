//! Bursts, on a process whose clusters are known.

use super::*;
use bellwether_models::tail::peaks_over_threshold::{Declustering, decluster};

/// Largest of two neighbouring unit Fréchet variables, halved: P(X <= x) = exp(-1/x), extremes in pairs, θ = 1/2 (Coles
/// 2001, example 5.1 with a = 1).
fn moving_maxima(n: usize, seed: u64) -> Vec<f64> {
    let frechet: Vec<f64> = uniforms(seed, n + 1).into_iter().map(|u| -1.0 / u.ln()).collect();
    frechet.windows(2).map(|pair| pair[0].max(pair[1]) / 2.0).collect()
}

/// M observations hold one cluster above x on average where M·θ/x = 1, and one value where M/x = 1.
#[test]
fn return_levels_of_bursts_count_each_burst_once() {
    let (mut of_clusters, mut of_values, mut index) = (0.0, 0.0, 0.0);
    const SAMPLES: u64 = 20;
    for seed in 0..SAMPLES {
        let values = moving_maxima(20_000, seed);
        let fit = fit(&values, Threshold::Quantile(level(0.98))).unwrap();
        let clusters = decluster(&values, fit.threshold(), Declustering::Intervals).unwrap();
        let events = fit.of_cluster_maxima(&clusters).unwrap();
        assert_eq!((events.threshold(), events.observations()), (fit.threshold(), 20_000));
        assert_eq!(events.exceedances(), clusters.maxima.len());
        of_clusters += events.return_level(period(1000.0)).unwrap() / SAMPLES as f64;
        of_values += fit.return_level(period(1000.0)).unwrap() / SAMPLES as f64;
        index += clusters.extremal_index() / SAMPLES as f64;
    }
    assert_close("extremal index", index, 0.5, 0.05);
    assert_close("return level of clusters", of_clusters, 500.0, 0.1);
    assert_close("return level of values", of_values, 1000.0, 0.1);
}

#[test]
fn clusters_of_another_threshold_and_too_few_of_them_are_refused() {
    let values = moving_maxima(2000, 1);
    let fit = fit(&values, Threshold::Quantile(level(0.98))).unwrap();
    let others = decluster(&values, fit.threshold() + 1.0, Declustering::Intervals).unwrap();
    assert!(matches!(fit.of_cluster_maxima(&others), Err(ExtremesError::Option(_))));
    let one = decluster(&values, fit.threshold(), Declustering::Runs(2000)).unwrap();
    assert_eq!(fit.of_cluster_maxima(&one).unwrap_err(), ExtremesError::TooFewClusters { got: 1, need: 10 });
}
