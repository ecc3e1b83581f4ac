//! How far out a value lies in what the runs predict.

use super::observation_model::ObservationModel;
use super::predictive::{Predictive, Sample};
use super::runs::Runs;
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;

/// Largest score: probabilities below 1e-300 are not told apart.
pub const LARGEST_SCORE: f64 = 300.0;
/// Degrees of freedom from which Hill's expansion is within 1e-7 of the score.
const MANY: f64 = 30.0;
/// Runs less probable than this do not change the score enough to be asked.
const HEARD: f64 = 0.01;

impl Predictive {
    /// -log10 of the two-sided tail probability of the sample, before it is learned; at most [`LARGEST_SCORE`].
    pub(super) fn surprise(&self, runs: &Runs, seen: f64, sample: Sample) -> f64 {
        let (mut total, mut tail) = (0.0, 0.0);
        for slot in 0..runs.len() {
            let weight = runs.probability[slot];
            if weight > HEARD {
                total += weight;
                tail += weight * self.tail(runs, slot, seen, sample);
            }
        }
        if total == 0.0 {
            return runs.most_probable().map_or(0.0, |slot| score(self.tail(runs, slot, seen, sample)));
        }
        score(tail / total)
    }

    /// Two-sided tail probability of the sample in the prediction of one run.
    fn tail(&self, runs: &Runs, slot: usize, seen: f64, Sample { value, trials }: Sample) -> f64 {
        let count = seen - runs.seen_before[slot];
        let (first, second) = (runs.first[slot], runs.second[slot]);
        let tail = match self.model() {
            ObservationModel::Gaussian(_) | ObservationModel::Variance { .. } => {
                let (shape, share) = (self.shape() + 0.5 * count, self.share(count));
                // Of t² / ν: the Student-t's scale is β (κ + 1) / (α κ), its ν is 2α.
                let squared = (value - first) * (value - first) * share / (2.0 * second);
                student_tail(shape, squared.min(1e300))
            }
            ObservationModel::KnownVariance { .. } => erfc((value - first).abs() * (0.5 * self.share(count)).sqrt()),
            ObservationModel::Poisson { .. } => negative_binomial_tail(first, second + count, value),
            ObservationModel::Binomial { .. } => beta_binomial_tail(first, second, value, trials),
        };
        if tail.is_nan() { 1.0 } else { tail.clamp(0.0, 1.0) }
    }
}

/// Two-sided tail of Student's t with 2 · `shape` degrees of freedom, from t² / ν.
///
/// For many degrees of freedom a normal deviate of the same tail [Hill, Algorithm 395, Communications of the ACM 13, 1970].
fn student_tail(shape: f64, squared: f64) -> f64 {
    let freedom = 2.0 * shape;
    if freedom < MANY {
        return beta_reg(shape, 0.5, 1.0 / (1.0 + squared));
    }
    let a = freedom - 0.5;
    let b = 48.0 * a * a;
    let square = a * squared.ln_1p();
    let z = square.sqrt();
    let second = (((4.0 * square + 33.0) * square + 240.0) * square + 855.0) * z;
    let deviate = z + (square + 3.0) * z / b - second / (10.0 * b * (b + 0.8 * square * square + 100.0));
    erfc(deviate * std::f64::consts::FRAC_1_SQRT_2)
}

fn score(tail: f64) -> f64 {
    if tail >= 1.0 { 0.0 } else { (-tail.log10()).min(LARGEST_SCORE) }
}

/// Twice the smaller of P(X <= x) and P(X >= x).
fn negative_binomial_tail(shape: f64, rate: f64, count: f64) -> f64 {
    let success = rate / (1.0 + rate);
    let at_most = beta_reg(shape, count + 1.0, success);
    let at_least = if count == 0.0 { 1.0 } else { beta_reg(count, shape, 1.0 - success) };
    2.0 * at_most.min(at_least)
}

/// Exact for one trial; by a normal distribution of the same mean and variance for more.
fn beta_binomial_tail(successes: f64, failures: f64, value: f64, trials: f64) -> f64 {
    let weight = successes + failures;
    let mean = successes / weight;
    if trials <= 1.0 {
        return 2.0 * if value > 0.5 { mean } else { 1.0 - mean };
    }
    let variance = trials * mean * (1.0 - mean) * (weight + trials) / (weight + 1.0);
    let deviation = ((value - trials * mean).abs() - 0.5).max(0.0);
    erfc(deviation / (2.0 * variance).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The incomplete beta function is the definition.
    #[test]
    fn the_expansion_for_many_degrees_of_freedom_has_the_tail_of_students_t() {
        for freedom in [MANY, 31.5, 50.0, 100.0, 1e3, 1e4] {
            for deviate in [0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0] {
                let squared = deviate * deviate / freedom;
                let exact = score(beta_reg(freedom / 2.0, 0.5, 1.0 / (1.0 + squared)));
                let got = score(student_tail(freedom / 2.0, squared));
                assert!((got - exact).abs() < 1e-6 * (1.0 + exact), "{freedom} {deviate}: {got} {exact}");
            }
        }
    }
}
