//! How well each run predicts a value, and what it learns from it: the conjugate updates of Murphy, "Conjugate Bayesian
//! analysis of the Gaussian distribution", 2007, and their counterparts for counts.

use super::elementary::{self, select};
use super::observation_model::{GaussianPrior, LARGEST, ObservationModel};
use super::runs::{BLOCK, Runs, Statistics};
use super::scaling::Unit;
use statrs::function::gamma::ln_gamma;

/// Values per run up to which the normalising constants are tabulated.
const TABULATED: u32 = 4096;
/// A first value that would multiply the variance expected by more than this moves the mean instead.
const FAR: f64 = 5.0;
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// An observation model with the constants that depend on the number of values in a run alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Predictive {
    model: ObservationModel,
    /// Weight of a regime's unknown mean; infinite if the mean is known.
    mean_weight: f64,
    /// Shape of the prior of a regime's unknown variance.
    shape: f64,
    /// Share of the values that belong to no regime.
    outlier_share: f64,
    /// By the number of values: logarithm of what normalises the Student-t, but its scale.
    normaliser: Vec<f64>,
}

/// A value as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Standardised value, count of events, or number of successes.
    pub(super) value: f64,
    /// Trials of which `value` succeeded; 1 where there are none.
    pub(super) trials: f64,
}

impl Predictive {
    pub(super) fn new(model: ObservationModel, outlier_share: f64) -> Self {
        let (mean_weight, shape) = match model {
            ObservationModel::Gaussian(GaussianPrior { mean_weight, shape, .. }) => (mean_weight, shape),
            ObservationModel::Variance { shape, .. } => (f64::INFINITY, shape),
            ObservationModel::KnownVariance { mean_weight, .. } => (mean_weight, 1.0),
            ObservationModel::Poisson { .. } | ObservationModel::Binomial { .. } => (1.0, 1.0),
        };
        let mut predictive = Self { model, mean_weight, shape, outlier_share, normaliser: Vec::new() };
        if matches!(model, ObservationModel::Gaussian(_) | ObservationModel::Variance { .. }) {
            predictive.normaliser = (0..TABULATED).map(|count| predictive.exact_normaliser(f64::from(count))).collect();
        }
        predictive
    }

    /// What a run knows before its first value, when values have this centre and spread.
    pub(super) fn prior(&self, unit: Unit) -> Statistics {
        let spread = unit.spread.clamp(1.0 / LARGEST, LARGEST);
        let (first, second) = match self.model {
            ObservationModel::Gaussian(prior) => (unit.centre, prior.scale * spread * spread),
            ObservationModel::KnownVariance { .. } => (unit.centre, 1.0),
            ObservationModel::Variance { scale, .. } => (0.0, scale * spread * spread),
            ObservationModel::Poisson { shape } => (shape, shape / spread),
            ObservationModel::Binomial { successes, failures } => (successes, failures),
        };
        Statistics { first, second, logarithm: self.logarithm(first, second) }
    }

    /// Takes the prior's part in what every run knows of its spread or rate out, and puts another one in.
    pub(super) fn replace_prior(&self, runs: &mut Runs, old: Statistics, new: Statistics) {
        match self.model {
            ObservationModel::Gaussian(_) | ObservationModel::Variance { .. } => {
                for (scale, logarithm) in runs.second.iter_mut().zip(&mut runs.logarithm) {
                    *scale = (*scale - old.second).max(0.0) + new.second;
                    *logarithm = elementary::ln(*scale);
                }
            }
            ObservationModel::Poisson { .. } => runs.second.fill(new.second),
            ObservationModel::KnownVariance { .. } | ObservationModel::Binomial { .. } => {}
        }
    }

    /// The logarithm that [`Runs`] keeps beside these statistics.
    fn logarithm(&self, first: f64, second: f64) -> f64 {
        match self.model {
            ObservationModel::Gaussian(_) | ObservationModel::Variance { .. } => elementary::ln(second),
            ObservationModel::KnownVariance { .. } => 0.0,
            ObservationModel::Poisson { .. } => ln_gamma(first),
            ObservationModel::Binomial { .. } => ln_beta(first, second),
        }
    }

    pub(super) fn model(&self) -> ObservationModel {
        self.model
    }

    /// Shape of the prior of a regime's variance.
    pub(super) fn shape(&self) -> f64 {
        self.shape
    }

    /// Share of a squared deviation from the mean that counts as spread: κ / (κ + 1).
    pub(super) fn share(&self, count: f64) -> f64 {
        // 1 for a known mean, whose weight is infinite.
        1.0 - 1.0 / (self.mean_weight + count + 1.0)
    }

    /// lnΓ(α + 1/2) - lnΓ(α) + ln(κ / (κ + 1)) / 2 - ln(2π) / 2 after `count` values.
    fn exact_normaliser(&self, count: f64) -> f64 {
        let shape = self.shape + count / 2.0;
        let share = self.share(count);
        if shape < 64.0 {
            return ln_gamma(shape + 0.5) - ln_gamma(shape) + 0.5 * share.ln() - HALF_LN_TWO_PI;
        }
        // Stirling's series: what is left out is below 3e-16.
        let (inverse, square) = (1.0 / shape, 1.0 / (shape * shape));
        let series = inverse * (0.125 - square * (1.0 / 192.0 - square / 640.0));
        0.5 * elementary::ln(shape * share) - series - HALF_LN_TWO_PI
    }

    #[inline(always)]
    fn normaliser(&self, count: f64) -> f64 {
        match self.normaliser.get(elementary::index(count)) {
            Some(known) => *known,
            None => self.exact_normaliser(count),
        }
    }

    /// Adds to each run's log weight the log density of the sample, and to its statistics the sample; `seen` values came
    /// before it, and `prior` is what a new run would know.
    pub(super) fn learn(&self, runs: &mut Runs, seen: f64, sample: Sample, prior: Statistics) {
        match self.model {
            ObservationModel::Gaussian(_) | ObservationModel::Variance { .. } => {
                self.learn_scale(runs, seen, sample, self.outlier(prior, sample));
            }
            ObservationModel::KnownVariance { .. } => self.learn_mean(runs, seen, sample),
            ObservationModel::Poisson { .. } => learn_rate(runs, seen, sample),
            ObservationModel::Binomial { .. } => learn_share(runs, sample),
        }
    }

    /// Student-t, whose log density is the difference of α ln β before and after, and a constant.
    ///
    /// A first value far from where the prior expects it says that the mean is elsewhere, not that the spread is large:
    /// the run is centred on it. Conjugate learning would put half of the distance into the variance, from which a run
    /// recovers only after as many values, and until then a fresh run would seem to fit better.
    ///
    /// A value that is likelier an outlier, of log density `outlier`, teaches the run nothing; a first value never is one.
    fn learn_scale(&self, runs: &mut Runs, seen: f64, sample: Sample, outlier: f64) {
        let far = if self.mean_weight.is_finite() { FAR } else { f64::INFINITY };
        let statistics = runs.first.chunks_mut(BLOCK).zip(runs.second.chunks_mut(BLOCK));
        let logarithms = runs.logarithm.chunks_mut(BLOCK).zip(runs.log_weight.chunks_mut(BLOCK));
        for ((before, (mean, scale)), (logarithm, weight)) in
            runs.seen_before.chunks_mut(BLOCK).zip(statistics).zip(logarithms)
        {
            // Slices of one length, no branch, and short loops: the compiler takes several runs at a time, and the
            // processor need not wait for one before it begins the next.
            let n = before.len();
            let (mean, scale, logarithm, weight) =
                (&mut mean[..n], &mut scale[..n], &mut logarithm[..n], &mut weight[..n]);
            let (mut density, mut grown, mut moved) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
            let (density, grown, moved) = (&mut density[..n], &mut grown[..n], &mut moved[..n]);
            for slot in 0..n {
                density[slot] = self.normaliser(seen - before[slot]);
            }
            for slot in 0..n {
                let count = seen - before[slot];
                let step = 1.0 / (self.mean_weight + count + 1.0);
                let deviation = sample.value - mean[slot];
                grown[slot] = scale[slot] + 0.5 * (1.0 - step) * deviation * deviation;
                let is_far = (count == 0.0) & (grown[slot] > far * scale[slot]);
                moved[slot] = mean[slot] + select(is_far, deviation, deviation * step);
            }
            for slot in 0..n {
                let count = seen - before[slot];
                let predicted = elementary::ln(grown[slot]);
                let shape = self.shape + 0.5 * count;
                let fit = density[slot] + shape * (logarithm[slot] - predicted) - 0.5 * predicted;
                let is_outlier = (fit < outlier) & (count > 0.0);
                let keeps_scale = is_outlier | ((count == 0.0) & (grown[slot] > far * scale[slot]));
                weight[slot] += select(is_outlier, outlier, fit);
                mean[slot] = select(is_outlier, mean[slot], moved[slot]);
                scale[slot] = select(keeps_scale, scale[slot], grown[slot]);
                logarithm[slot] = select(keeps_scale, logarithm[slot], predicted);
                // As if it had come before the run: the number of values learned stays.
                before[slot] += select(is_outlier, 1.0, 0.0);
            }
        }
    }

    /// Log density of the sample as one that belongs to no regime, times their share: anywhere a regime may begin. So the
    /// odds of an outlier against a change do not depend on how far out it lies.
    fn outlier(&self, prior: Statistics, sample: Sample) -> f64 {
        let deviation = sample.value - prior.first;
        let grown = (prior.second + 0.5 * self.share(0.0) * deviation * deviation).ln();
        self.outlier_share.ln() + self.normaliser(0.0) + self.shape * (prior.logarithm - grown) - 0.5 * grown
    }

    fn learn_mean(&self, runs: &mut Runs, seen: f64, sample: Sample) {
        for slot in 0..runs.len() {
            let share = self.share(seen - runs.seen_before[slot]);
            let deviation = sample.value - runs.first[slot];
            runs.log_weight[slot] += 0.5 * share.ln() - HALF_LN_TWO_PI - 0.5 * share * deviation * deviation;
            runs.first[slot] += deviation * (1.0 - share);
        }
    }
}

/// Negative binomial; `second` is the rate of the prior alone.
fn learn_rate(runs: &mut Runs, seen: f64, Sample { value, .. }: Sample) {
    let factorial = ln_gamma(value + 1.0);
    for slot in 0..runs.len() {
        let shape = runs.first[slot];
        let rate = runs.second[slot] + (seen - runs.seen_before[slot]);
        let logarithm = ln_gamma(shape + value);
        let odds = -(1.0 / rate).ln_1p() * shape - value * rate.ln_1p();
        runs.log_weight[slot] += logarithm - runs.logarithm[slot] - factorial + odds;
        runs.first[slot] = shape + value;
        runs.logarithm[slot] = logarithm;
    }
}

/// Beta-binomial.
fn learn_share(runs: &mut Runs, Sample { value, trials }: Sample) {
    let choices = ln_gamma(trials + 1.0) - ln_gamma(value + 1.0) - ln_gamma(trials - value + 1.0);
    for slot in 0..runs.len() {
        runs.first[slot] += value;
        runs.second[slot] += trials - value;
        let logarithm = ln_beta(runs.first[slot], runs.second[slot]);
        runs.log_weight[slot] += choices + logarithm - runs.logarithm[slot];
        runs.logarithm[slot] = logarithm;
    }
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}
