//! On exchangeable data the number of covered rows among m is beta-binomial with parameters k and n + 1 - k, k the rank
//! (Vovk, "Conditional Validity of Inductive Conformal Predictors", 2012): judged over hundreds of calibrations.
use super::*;
use statrs::function::gamma::ln_gamma;

const CALIBRATIONS: usize = 400;
const NEW_ROWS: usize = 200;

/// P(X = x), X = 0..=m, of the beta-binomial distribution.
fn beta_binomial(m: usize, a: f64, b: f64) -> Vec<f64> {
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let m = m as f64;
    let ln_choose = |x: f64| ln_gamma(m + 1.0) - ln_gamma(x + 1.0) - ln_gamma(m - x + 1.0);
    let density = |x: usize| (ln_choose(x as f64) + ln_beta(x as f64 + a, m - x as f64 + b) - ln_beta(a, b)).exp();
    (0..=m as usize).map(density).collect()
}

/// Rows of a model that is wrong by a bias and in its spread, which calibration has to make good.
fn rows(random: &mut ChaCha8Rng, count: usize) -> (Vec<Interval>, Vec<f64>) {
    let row = |_| {
        let level = 100.0 * random.random::<f64>();
        (Interval::new(level - 1.0, level + 0.5), level + 2.0 * laplace(random))
    };
    (0..count).map(row).unzip()
}

/// Covered rows of each calibration.
fn covered(seed: u64, n: usize, wanted: SplitConformal) -> Vec<usize> {
    let mut random = random(seed);
    let one = |_| {
        let (intervals, targets) = rows(&mut random, n);
        let calibrated = wanted.calibrate(&intervals, &targets).unwrap();
        let (intervals, targets) = rows(&mut random, NEW_ROWS);
        let rows = intervals.into_iter().zip(targets);
        let is_one_sided = wanted.sides() == Sides::Upper;
        let prepared = rows.map(|(i, y)| (if is_one_sided { Interval::up_to(i.upper) } else { i }, y));
        prepared.filter(|(interval, target)| calibrated.correct(*interval).interval.contains(*target)).count()
    };
    (0..CALIBRATIONS).map(one).collect()
}

#[test]
fn coverage_has_the_beta_binomial_distribution() {
    let mut seed = 0;
    for level in [0.7, 0.8, 0.9, 0.95, 0.99, 0.999] {
        let least = minimum_size(coverage(level));
        for n in [least, 2 * least + 1, 3 * least + 7] {
            for sides in [Sides::Symmetric, Sides::Upper] {
                seed += 1;
                let k = rank(n, coverage(level)).unwrap();
                let law = beta_binomial(NEW_ROWS, k as f64, (n + 1 - k) as f64);
                assert_follows(&law, &covered(seed, n, split(level, sides)), &format!("{level}, n = {n}, {sides:?}"));
            }
        }
    }
}

/// Mean and distribution function within 4.5 standard deviations of what the law says.
fn assert_follows(law: &[f64], counts: &[usize], case: &str) {
    let moment = |power: i32| law.iter().enumerate().map(|(x, p)| p * (x as f64).powi(power)).sum::<f64>();
    let (mean, variance) = (moment(1), moment(2) - moment(1).powi(2));
    let runs = counts.len() as f64;
    let found = counts.iter().sum::<usize>() as f64 / runs;
    assert!((found - mean).abs() < 4.5 * (variance / runs).sqrt(), "{case}: {found} instead of {mean}");
    let mut probability = 0.0;
    for (x, p) in law.iter().enumerate() {
        probability += p;
        let share = counts.iter().filter(|count| **count <= x).count() as f64 / runs;
        let spread = (probability * (1.0 - probability)).max(0.0).sqrt() / runs.sqrt();
        assert!((share - probability).abs() < 4.5 * spread + 2.0 / runs, "{case}: P(X <= {x}) is {share}");
    }
}

/// Each side of an asymmetric interval is missed by (1 - c)/2 of the rows at most, in the mean over calibrations.
#[test]
fn asymmetric_intervals_miss_either_side_no_more_than_half_of_the_rest() {
    let (mut random, wanted) = (random(77), split(0.8, Sides::Asymmetric));
    let (mut below, mut above, mut all) = (0.0, 0.0, 0.0);
    for _ in 0..CALIBRATIONS {
        let (intervals, targets) = rows(&mut random, 39);
        let calibrated = wanted.calibrate(&intervals, &targets).unwrap();
        let (intervals, targets) = rows(&mut random, NEW_ROWS);
        for (interval, target) in intervals.into_iter().zip(targets) {
            let corrected = calibrated.correct(interval).interval;
            below += f64::from(u8::from(target < corrected.lower));
            above += f64::from(u8::from(target > corrected.upper));
            all += 1.0;
        }
    }
    // ⌈40 * 0.9⌉ = 36: either side misses 4/40 = 0.1 in the mean, with a beta(4, 36) spread over 400 calibrations.
    let spread = (0.1_f64 * 0.9 / 41.0 / CALIBRATIONS as f64 + 0.09 / all).sqrt();
    for missed in [below / all, above / all] {
        assert!((missed - 0.1).abs() < 4.5 * spread, "{missed}");
    }
}
