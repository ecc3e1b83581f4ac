//! The recursion against what it computes: the sum over every segmentation of a short series.

use super::*;
use proptest::prelude::*;
use statrs::function::gamma::ln_gamma;
use std::f64::consts::TAU;

const LONGEST: usize = 12;

/// Logarithm of the density of the values of one segment, in closed form (Murphy 2007, equations 95 and 171, and the
/// textbook ones of Poisson and Bernoulli).
fn log_marginal(model: ObservationModel, values: &[f64]) -> f64 {
    let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
    let mean = if values.is_empty() { 0.0 } else { sum / n };
    let within: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match model {
        ObservationModel::Gaussian(GaussianPrior { mean_weight: k, shape: a, scale: b }) => {
            let grown = b + 0.5 * within + k * n * mean * mean / (2.0 * (k + n));
            ln_gamma(a + n / 2.0) - ln_gamma(a) + a * b.ln() - (a + n / 2.0) * grown.ln() + 0.5 * (k / (k + n)).ln()
                - 0.5 * n * TAU.ln()
        }
        ObservationModel::KnownVariance { standard_deviation, mean_weight: k } => {
            let squares = (within + k * n / (k + n) * mean * mean) / standard_deviation.powi(2);
            0.5 * (k / (k + n)).ln() - 0.5 * squares - n * (0.5 * TAU.ln() + standard_deviation.ln())
        }
        ObservationModel::Variance { shape: a, scale: b } => {
            let grown = b + 0.5 * values.iter().map(|value| value * value).sum::<f64>();
            ln_gamma(a + n / 2.0) - ln_gamma(a) + a * b.ln() - (a + n / 2.0) * grown.ln() - 0.5 * n * TAU.ln()
        }
        // The prior's rate is shape / spread, with spread 1.
        ObservationModel::Poisson { shape: a } => {
            let factorials: f64 = values.iter().map(|value| ln_gamma(value + 1.0)).sum();
            ln_gamma(a + sum) - ln_gamma(a) + a * a.ln() - (a + sum) * (a + n).ln() - factorials
        }
        ObservationModel::Binomial { successes, failures } => {
            let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
            ln_beta(successes + sum, failures + n - sum) - ln_beta(successes, failures)
        }
    }
}

/// P(gap = l).
type Gap = fn(usize) -> f64;

/// A hazard, and its gaps from the definition of their distribution.
fn gaps() -> [(Hazard, Gap); 3] {
    let geometric = |l: usize| 0.8_f64.powi(l as i32 - 1) * 0.2;
    // The third of events with p = 3 / (3 + 7 - 1) = 1/3 comes at trial l + 2: C(l + 1, 2) p³ q^(l - 1).
    let third = |l: usize| {
        let l = l as f64;
        (l + 1.0) * l / 2.0 * (1.0_f64 / 3.0).powi(3) * (2.0_f64 / 3.0).powf(l - 1.0)
    };
    let weibull = |l: usize| {
        let survival = |l: f64| (-(l / 6.0_f64).powf(1.5)).exp();
        survival(l as f64 - 1.0) - survival(l as f64)
    };
    [
        (Hazard::constant(5.0).unwrap(), geometric),
        (Hazard::negative_binomial(7.0, 3).unwrap(), third),
        (Hazard::weibull(6.0, 1.5).unwrap(), weibull),
    ]
}

/// Log densities of every segmentation with the values, and its first rows; the last run may or may not have ended.
fn every_segmentation(model: ObservationModel, gap: Gap, values: &[Option<f64>]) -> Vec<(f64, Vec<usize>)> {
    let n = values.len();
    let survival = |length: usize| 1.0 - (1..length).map(gap).sum::<f64>();
    let segmentation = |cuts: u32| {
        let starts: Vec<usize> = (0..n).filter(|row| *row == 0 || cuts >> (row - 1) & 1 == 1).collect();
        let ends = starts.iter().skip(1).copied().chain([n]);
        let mut log = 0.0;
        for (start, end) in starts.iter().copied().zip(ends) {
            let present: Vec<f64> = values[start..end].iter().flatten().copied().collect();
            log += log_marginal(model, &present);
            log += if end == n { survival(end - start) } else { gap(end - start) }.ln();
        }
        (log, starts)
    };
    (0..1 << (n - 1)).map(segmentation).collect()
}

fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let highest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    highest + logs.map(|log| (log - highest).exp()).sum::<f64>().ln()
}

fn models() -> [ObservationModel; 5] {
    [
        ObservationModel::Gaussian(GaussianPrior { mean_weight: 0.3, shape: 1.5, scale: 0.7 }),
        ObservationModel::KnownVariance { standard_deviation: 0.8, mean_weight: 0.4 },
        ObservationModel::Variance { shape: 1.2, scale: 0.6 },
        ObservationModel::Poisson { shape: 1.3 },
        ObservationModel::Binomial { successes: 0.7, failures: 1.1 },
    ]
}

/// A value that every model can explain, from any number.
fn fit_for(model: ObservationModel, value: f64) -> f64 {
    match model {
        ObservationModel::Poisson { .. } => (value.abs() * 2.0).floor(),
        ObservationModel::Binomial { .. } => f64::from(value > 0.0),
        _ => value,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_evidence_is_the_sum_over_all_segmentations_and_the_best_of_them_is_found(
        values in prop::collection::vec(prop::option::weighted(0.85, -4.0..4.0_f64), 1..=LONGEST),
    ) {
        for model in models() {
            let values: Vec<Option<f64>> = values.iter().map(|value| value.map(|value| fit_for(model, value))).collect();
            for (hazard, gap) in gaps() {
                let options = known().with_model(model).with_hazard(hazard).with_negligible(0.0);
                let mut detector = Detector::new(options).unwrap();
                values.iter().for_each(|value| { detector.observe(*value); });
                let all = every_segmentation(model, gap, &values);
                let evidence = log_sum(all.iter().map(|(log, _)| *log));
                prop_assert!((detector.log_evidence() - evidence).abs() < 1e-9, "{:?} {:?}: {} {}", model, hazard, detector.log_evidence(), evidence);
                prop_assert_eq!(detector.discarded_mass(), 0.0);

                // The run that began at a row has the probability of all segmentations whose last start it is.
                let posterior = by_start(&detector);
                let newest: f64 = posterior.get(&(values.len() as u64)).copied().unwrap_or(0.0);
                let mut still = 0.0;
                for start in 0..values.len() {
                    let share = all.iter().filter(|(_, starts)| starts.last() == Some(&start));
                    let survival = |length: usize| 1.0 - (1..length).map(gap).sum::<f64>();
                    let length = values.len() - start;
                    let grown = survival(length + 1) / survival(length);
                    let expected = share.map(|(log, _)| (log - evidence).exp()).sum::<f64>() * grown;
                    let got = posterior.get(&(start as u64)).copied().unwrap_or(0.0);
                    prop_assert!((got - expected).abs() < 1e-9, "{:?} {:?} start {}: {} {}", model, hazard, start, got, expected);
                    still += expected;
                }
                prop_assert!((newest + still - 1.0).abs() < 1e-9);

                let found = segment(&values, options).unwrap();
                let best = all.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
                // In hindsight the last run has lived to the end, and no further sample is asked of it.
                prop_assert!((found.log_probability() - best).abs() < 1e-9, "{:?} {:?}: {} {}", model, hazard, found.log_probability(), best);
                let starts: Vec<usize> = std::iter::once(0).chain(found.change_points()).collect();
                let own = all.iter().find(|(_, other)| *other == starts).unwrap().0;
                prop_assert!((own - best).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn evidence_is_a_density_in_the_unit_of_the_data() {
    let values = [2.0, 3.0, 2.5, 9.0, 8.0];
    let (unit, _) = watched(known(), &values);
    let options = known().with_scaling(Scaling::Known { centre: 100.0, spread: 1000.0 });
    let (scaled, _) = watched(options, &values.map(|value| 100.0 + 1000.0 * value));
    let shift = values.len() as f64 * 1000_f64.ln();
    assert!((unit.log_evidence() - shift - scaled.log_evidence()).abs() < 1e-9);
}
