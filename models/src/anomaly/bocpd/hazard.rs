//! How soon a regime ends: the probability that a run of a given length ends with its newest sample.

use super::elementary;
use super::error::{OutOfRange, above};
use super::runs::{BLOCK, Runs};
use serde::{Deserialize, Serialize};

/// Prior of the gaps between changes, as a hazard: H(l) = P(gap = l) / P(gap >= l) for a run of l samples.
///
/// The mean run length is the budget of false alarms: on data without a change about one in so many samples is
/// expected to look like one at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hazard {
    pub(super) gaps: Gaps,
    pub(super) after_event: Option<AfterEvent>,
}

/// Distribution of the samples between two changes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Gaps {
    Geometric { mean_run_length: f64 },
    NegativeBinomial { mean_run_length: f64, shape: u32 },
    Weibull { scale: f64, shape: f64 },
}

/// The hazard after a known event is at least 1 / `mean_run_length` for `samples` samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct AfterEvent {
    pub(super) mean_run_length: f64,
    pub(super) samples: u64,
}

impl Default for Hazard {
    /// Negative binomial with a mean run length of 100,000 samples and shape 2.
    fn default() -> Self {
        Self { gaps: Gaps::NegativeBinomial { mean_run_length: 1e5, shape: 2 }, after_event: None }
    }
}

impl Hazard {
    /// H = 1 / λ whatever the length: gaps are geometric with a mean of λ = `mean_run_length` samples.
    ///
    /// # Errors
    /// `OutOfRange` unless 1 < λ <= 1e15.
    pub fn constant(mean_run_length: f64) -> Result<Self, OutOfRange> {
        Self { gaps: Gaps::Geometric { mean_run_length }, after_event: None }.check()
    }

    /// Gaps - 1 are negative binomial: the waiting time for the `shape`-th of events that come at random. Shape 1 is the
    /// constant hazard; from shape 2 on a change soon after another is less likely than one later.
    ///
    /// # Errors
    /// `OutOfRange` unless 1 < `mean_run_length` <= 1e15 and 1 <= `shape` <= 20.
    pub fn negative_binomial(mean_run_length: f64, shape: u32) -> Result<Self, OutOfRange> {
        Self { gaps: Gaps::NegativeBinomial { mean_run_length, shape }, after_event: None }.check()
    }

    /// P(gap > l) = exp(-(l / scale)^shape), the discrete Weibull of Nakagawa and Osaki (1975): the hazard grows with
    /// the length for shapes above 1.
    ///
    /// # Errors
    /// `OutOfRange` unless 0.01 < `scale` <= 1e15 and 0.01 < `shape` <= 15.
    pub fn weibull(scale: f64, shape: f64) -> Result<Self, OutOfRange> {
        Self { gaps: Gaps::Weibull { scale, shape }, after_event: None }.check()
    }

    /// Raises the hazard to 1 / `mean_run_length`, where it is lower, in the `samples` samples after an event that
    /// [`Detector::announce_event`](super::Detector::announce_event) tells of: a deploy is no surprise.
    ///
    /// # Errors
    /// `OutOfRange` unless 1 < `mean_run_length` <= 1e15.
    pub fn with_event(self, mean_run_length: f64, samples: u64) -> Result<Self, OutOfRange> {
        Self { after_event: Some(AfterEvent { mean_run_length, samples }), ..self }.check()
    }

    pub(super) fn check(self) -> Result<Self, OutOfRange> {
        let mean = |value| above("mean run length", value, (1.0, 1e15), "(1, 1e15]");
        match self.gaps {
            Gaps::Geometric { mean_run_length } => mean(mean_run_length)?,
            Gaps::NegativeBinomial { mean_run_length, shape } => {
                above("hazard shape", f64::from(shape), (0.0, 20.0), "[1, 20]")?;
                mean(mean_run_length)?
            }
            Gaps::Weibull { scale, shape } => {
                above("hazard shape", shape, (0.01, 15.0), "(0.01, 15]")?;
                above("hazard scale", scale, (0.01, 1e15), "(0.01, 1e15]")?
            }
        };
        if let Some(after) = self.after_event {
            mean(after.mean_run_length)?;
        }
        Ok(self)
    }

    /// The hazard, ready for use.
    pub(super) fn prepare(self) -> HazardFunction {
        match self.gaps {
            Gaps::Geometric { mean_run_length } => HazardFunction::Constant(1.0 / mean_run_length),
            Gaps::NegativeBinomial { mean_run_length, shape } => {
                let end = f64::from(shape) / (f64::from(shape) + mean_run_length - 1.0);
                HazardFunction::NegativeBinomial { end, odds: end / (1.0 - end), shape }
            }
            Gaps::Weibull { scale, shape } => HazardFunction::Weibull { scale, shape },
        }
    }
}

/// The hazard by run length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum HazardFunction {
    Constant(f64),
    /// `end` is the probability of an event, `odds` its ratio to the complement.
    NegativeBinomial {
        end: f64,
        odds: f64,
        shape: u32,
    },
    Weibull {
        scale: f64,
        shape: f64,
    },
}

/// Lengths beyond this have the hazard of this one.
const LONGEST: f64 = 1e12;
/// Up to this hazard three terms of the series of ln(1 - H) are exact.
const SMALL: f64 = 1e-4;

impl HazardFunction {
    /// The probability of a run of `length` >= 1 samples to end with its newest.
    #[inline(always)]
    pub(super) fn at(&self, length: f64) -> f64 {
        let length = length.clamp(1.0, LONGEST);
        match *self {
            Self::Constant(hazard) => hazard,
            Self::NegativeBinomial { end, odds, shape } => last_of_several(end, odds, shape, length),
            Self::Weibull { scale, shape } => {
                -(((length - 1.0) / scale).powf(shape) - (length / scale).powf(shape)).exp_m1()
            }
        }
    }

    /// The highest hazard of any run.
    fn highest(&self) -> f64 {
        match *self {
            Self::Constant(hazard) => hazard,
            Self::NegativeBinomial { end, .. } => end,
            Self::Weibull { .. } => 1.0,
        }
    }

    /// Lets every run end or grow by one sample: the sum of the probabilities, and of those that ended. `end` is the row
    /// behind the newest, `event` the least hazard there is. Probabilities are relative to that of log weight `highest`.
    pub(super) fn grow(&self, runs: &mut Runs, end: u64, event: f64, highest: f64) -> (f64, f64) {
        let small = self.highest().max(event) <= SMALL;
        match *self {
            Self::Constant(hazard) if small => {
                each(runs, (end, highest), |_| hazard.max(event), log_complement_of_small)
            }
            Self::NegativeBinomial { end: last, odds, shape: 2 } if small => each(
                runs,
                (end, highest),
                |length| last_of_several(last, odds, 2, length).max(event),
                log_complement_of_small,
            ),
            _ => each(runs, (end, highest), |length| self.at(length).max(event), log_complement),
        }
    }
}

/// ln(1 - H), exact up to [`SMALL`].
#[inline(always)]
fn log_complement_of_small(hazard: f64) -> f64 {
    -hazard * (1.0 + hazard * (0.5 + hazard * (1.0 / 3.0)))
}

/// ln(1 - H); a certain end leaves next to nothing.
#[inline(always)]
pub(super) fn log_complement(hazard: f64) -> f64 {
    elementary::ln((1.0 - hazard).max(f64::MIN_POSITIVE))
}

#[inline(always)]
fn each(
    runs: &mut Runs,
    (end, highest): (u64, f64),
    hazard: impl Fn(f64) -> f64,
    log_complement: impl Fn(f64) -> f64,
) -> (f64, f64) {
    let (mut total, mut ended) = (0.0, 0.0);
    let starts = runs.start.chunks(BLOCK);
    let weights = runs.log_weight.chunks_mut(BLOCK).zip(runs.probability.chunks_mut(BLOCK));
    for (start, (weight, probability)) in starts.zip(weights) {
        // Slices of one length, no branch and no sum within: the compiler then takes several runs at a time.
        let n = start.len();
        let (weight, probability, mut ending) = (&mut weight[..n], &mut probability[..n], [0.0; BLOCK]);
        let ending = &mut ending[..n];
        for slot in 0..n {
            let hazard = hazard(elementary::number(end - start[slot]));
            let share = elementary::exp(weight[slot] - highest);
            ending[slot] = share * hazard;
            probability[slot] = share;
            weight[slot] += log_complement(hazard);
        }
        total += elementary::sum(probability);
        ended += elementary::sum(ending);
        for slot in 0..n {
            probability[slot] -= ending[slot];
        }
    }
    (total, ended)
}

/// H(l) of a gap that ends with the k-th event: of N = l + k - 2 trials before the newest at most k - 1 were events, and
/// the newest is the k-th with probability p · P(k - 1 of N) / P(at most k - 1 of N).
#[inline(always)]
fn last_of_several(end: f64, odds: f64, shape: u32, length: f64) -> f64 {
    let trials = length + f64::from(shape) - 2.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for events in 1..shape {
        let events = f64::from(events);
        term *= (trials - events + 1.0) / events * odds;
        sum += term;
    }
    end * term / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(gap = l) by the definition, one l after another, and the hazard as its share of what is left.
    #[test]
    fn the_negative_binomial_hazard_is_the_share_of_the_gaps_that_are_left() {
        for (mean, shape) in [(5.0, 1), (5.0, 2), (40.0, 3), (12.0, 7)] {
            let hazard = Hazard::negative_binomial(mean, shape).unwrap().prepare();
            let (k, mut left) = (f64::from(shape), 1.0);
            let p = k / (k + mean - 1.0);
            let mut gap = p.powf(k);
            for length in 1..25_u64 {
                let got = hazard.at(length as f64);
                assert!((got / (gap / left) - 1.0).abs() < 1e-9, "mean {mean}, shape {shape}, length {length}: {got}");
                left -= gap;
                gap *= (length as f64 - 1.0 + k) / length as f64 * (1.0 - p);
            }
        }
    }

    #[test]
    fn the_mean_gap_is_the_mean_run_length() {
        let hazards = [Hazard::constant(30.0), Hazard::negative_binomial(30.0, 2), Hazard::negative_binomial(30.0, 5)];
        for hazard in hazards.map(|hazard| hazard.unwrap().prepare()) {
            // The mean is the sum of P(gap > l) over l >= 0.
            let (mut mean, mut survival) = (0.0, 1.0);
            for length in 1..3000 {
                mean += survival;
                survival *= 1.0 - hazard.at(f64::from(length));
            }
            assert!((mean - 30.0).abs() < 1e-6, "{hazard:?}: {mean}");
        }
    }

    #[test]
    fn the_weibull_hazard_leaves_the_survival_of_its_definition() {
        let hazard = Hazard::weibull(20.0, 1.7).unwrap().prepare();
        let log_survival: f64 = (1..=35).map(|length| log_complement(hazard.at(f64::from(length)))).sum();
        assert!((log_survival + (35.0_f64 / 20.0).powf(1.7)).abs() < 1e-12);
    }

    #[test]
    fn hazard_and_growth_complement_each_other_at_any_length() {
        for hazard in [
            Hazard::default(),
            Hazard::constant(1.5).unwrap(),
            Hazard::negative_binomial(1e15, 20).unwrap(),
            Hazard::negative_binomial(1.01, 20).unwrap(),
            Hazard::weibull(0.02, 15.0).unwrap(),
            Hazard::weibull(1e15, 0.02).unwrap(),
        ] {
            for length in [1, 2, 3, 1000, 123_456_789, u64::MAX] {
                let at = hazard.prepare().at(length as f64);
                let complement = log_complement(at);
                assert!((0.0..=1.0).contains(&at) && complement <= 0.0, "{hazard:?} {length}: {at}");
                assert!((at + complement.exp() - 1.0).abs() < 1e-12, "{hazard:?} {length}: {at}");
                let small = log_complement_of_small(at);
                assert!(at > SMALL || (small - (-at).ln_1p()).abs() <= 1e-16 * at.max(1e-3), "{hazard:?} {length}");
            }
        }
    }

    #[test]
    fn impossible_hazards_are_refused_with_the_number() {
        for value in [1.0, 0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(Hazard::constant(value).is_err() && Hazard::negative_binomial(value, 2).is_err(), "{value}");
            assert!(Hazard::default().with_event(value, 5).is_err(), "{value}");
        }
        assert!(Hazard::negative_binomial(10.0, 0).is_err() && Hazard::negative_binomial(10.0, 21).is_err());
        assert!(Hazard::weibull(0.0, 1.0).is_err() && Hazard::weibull(1.0, 20.0).is_err());
    }
}
