//! The test of the fit and the choice of a threshold by it, on simulated values.

use super::*;
use bellwether_models::tail::peaks_over_threshold::FalseDiscoveryRate;

fn p_values(shape: f64, m: usize, samples: u64) -> Vec<f64> {
    let fit = |seed| fit_above(0.0, &pareto_sample(shape, m, seed)).goodness_of_fit().p_value;
    (0..samples).map(fit).collect()
}

/// Under the model a p-value is below p with probability p, for any shape and from 50 exceedances on: of 2,000 samples the
/// share is within four binomial standard errors, and a fifth for what the limit of large samples leaves out.
#[test]
fn p_values_are_uniform_when_the_tail_is_a_generalized_pareto() {
    for (shape, m) in [(-0.3, 200), (0.3, 10), (0.0, 50), (0.3, 50), (0.8, 100)] {
        let found = p_values(shape, m, 2000);
        for p in [0.01, 0.05, 0.2, 0.5, 0.8] {
            let share = found.iter().filter(|value| **value <= p).count() as f64 / 2000.0;
            let error = 4.0 * (p * (1.0 - p) / 2000.0_f64).sqrt() + 0.1 * p;
            // Ten exceedances make the test cautious: it rejects too rarely.
            let lower = if m < 50 { 0.7 * p } else { error };
            assert!((p - lower - 0.005..p + error).contains(&share), "shape {shape}, m = {m}: {share} instead of {p}");
        }
    }
}

/// A lump in the middle of the exceedances, which no generalized Pareto has.
#[test]
fn exceedances_of_another_distribution_are_told() {
    let lumpy: Vec<f64> = (0..400).map(|i| if i % 2 == 0 { 1.0 } else { 9.0 } + f64::from(i) / 4000.0).collect();
    let fit = fit_above(0.0, &lumpy);
    assert_eq!(fit.goodness_of_fit().p_value, 1e-4);
    assert!(fit.goodness_of_fit().is_poor());
}

/// Uniform up to 0, where 150 of 2,000 values begin that do follow a generalized Pareto.
#[test]
fn the_chosen_threshold_is_where_the_tail_begins() {
    let (mut below, mut good) = (0, 0);
    for seed in 0..100 {
        let body = uniforms(1000 + seed, 1850).into_iter().map(|u| -0.5 * u);
        let values: Vec<f64> = body.chain(pareto_sample(0.2, 150, seed)).collect();
        let model = PeaksOverThreshold::new(Options::default()).unwrap();
        let selection = model.select_threshold(&values, FalseDiscoveryRate::default()).unwrap();
        let chosen = selection.chosen().unwrap();
        assert!(selection.candidates.windows(2).all(|pair| pair[0].threshold < pair[1].threshold));
        assert_eq!((selection.candidates[0].exceedances, selection.candidates.last().unwrap().exceedances), (400, 50));
        below += usize::from(chosen.threshold < -0.02);
        good += usize::from((-0.02..0.6).contains(&chosen.threshold));
    }
    assert!(below <= 5 && good >= 85, "{below} below the tail, {good} where it begins");
}

#[test]
fn when_all_values_are_of_the_tail_the_lowest_threshold_is_chosen() {
    let lowest = (0..100).filter(|&seed| {
        let model = PeaksOverThreshold::new(Options::default()).unwrap();
        let values = pareto_sample(0.1, 1000, seed);
        model.select_threshold(&values, FalseDiscoveryRate::default()).unwrap().rejected == 0
    });
    assert!(lowest.count() >= 85);
}

#[test]
fn no_threshold_is_good_for_values_without_a_tail_and_that_is_said() {
    let lumps: Vec<f64> = (0..4000).map(|i| f64::from(i % 40 / 20) + f64::from(i) / 1e5).collect();
    let model = PeaksOverThreshold::new(Options::default()).unwrap();
    let selection = model.select_threshold(&lumps, FalseDiscoveryRate::default()).unwrap();
    assert_eq!(selection.candidates.len(), 10);
    assert!(model.select_threshold(&[1.0; 30], FalseDiscoveryRate::default()).is_err());
    assert!(FalseDiscoveryRate::new(0.0).is_err() && FalseDiscoveryRate::new(f64::NAN).is_err());
}

/// The shapes of a Pareto above any threshold are the same; those of a normal fall from one threshold to the next.
#[test]
fn a_shape_that_moves_with_the_threshold_is_unstable() {
    let model = PeaksOverThreshold::new(Options::default()).unwrap();
    let moves_by = |values: &[f64], m| model.stability_around(values, m).unwrap();
    let unstable = (0..200).filter(|&seed| moves_by(&pareto_sample(0.2, 2000, seed), 100).is_unstable()).count();
    assert!(unstable <= 14, "{unstable} of 200 false warnings");
    let mixed: Vec<f64> =
        (0..4000_u32).map(|i| if i < 3700 { f64::from(i) / 3700.0 } else { 1.0 + 1e3 / f64::from(4001 - i) }).collect();
    assert!(moves_by(&mixed, 300).is_unstable());
    assert!(model.stability_around(&mixed, 0).is_err());
}
