//! The most probable segmentation of a whole series, in hindsight.

use super::elementary;
use super::error::SegmentError;
use super::hazard::log_complement;
use super::moments::Moments;
use super::options::{Options, Scaling};
use super::predictive::{Predictive, Sample};
use super::recent::described;
use super::runs::Runs;
use super::scaling::Unit;
use super::step::Regime;

/// The most probable segments of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    segments: Vec<Regime>,
    log_probability: f64,
    scaling: Scaling,
}

impl Segmentation {
    /// First rows of the segments, counted from 0, but for the first segment's.
    #[must_use]
    pub fn change_points(&self) -> Vec<usize> {
        self.segments.iter().skip(1).map(|segment| segment.start as usize).collect()
    }

    /// The segments in order; none for an empty series.
    #[must_use]
    pub fn segments(&self) -> &[Regime] {
        &self.segments
    }

    /// Centre and spread by which the series was standardised, in its unit: with them a
    /// [`Detector`](super::Detector) sees the values as the segmentation did.
    #[must_use]
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Natural logarithm of the joint density of the values and this segmentation.
    #[must_use]
    pub fn log_probability(&self) -> f64 {
        self.log_probability
    }
}

/// Finds the most probable segmentation [Fearnhead & Liu 2007, section 3.2]: exact while the series is not longer than
/// the number of run lengths kept, else among the most probable starts at every row. Costs O(n K).
///
/// - `values`: one per row; `None` or NaN is missing.
///
/// # Errors
/// `Option`; `OutsideSupport` names the first value that the observation model cannot explain.
pub fn segment(values: &[Option<f64>], options: Options) -> Result<Segmentation, SegmentError> {
    let options = options.check()?;
    let values: Vec<Option<f64>> = values.iter().map(|value| value.filter(|value| !value.is_nan())).collect();
    let refused = |value: &f64| !options.model.supports(*value);
    if let Some((index, value)) =
        values.iter().enumerate().find_map(|(index, value)| Some((index, value.filter(refused)?)))
    {
        return Err(SegmentError::OutsideSupport { index, value, support: options.model.support() });
    }
    let standardisation = match options.scaling {
        Scaling::Automatic => options.model.whole(&values),
        Scaling::Known { centre, spread } => options.model.known(centre, spread),
    };
    let unit = standardisation.unit;
    let standardised: Vec<Option<f64>> =
        values.iter().map(|value| value.map(|value| unit.standardised(value))).collect();
    let (starts, log_probability) = most_probable_starts(&standardised, &options, standardisation.prior);
    let seen = values.iter().flatten().count() as f64;
    let ends = starts.iter().skip(1).copied().chain([values.len()]);
    let segments = starts.iter().zip(ends).map(|(start, end)| {
        let mut moments = Moments::default();
        standardised[*start..end].iter().flatten().for_each(|value| moments.add(*value));
        described(*start as u64, moments, unit)
    });
    Ok(Segmentation {
        segments: segments.collect(),
        log_probability: log_probability - seen * unit.spread.ln(),
        scaling: standardisation.scaling(options.model),
    })
}

/// First rows of the segments of the most probable path, and its log probability.
fn most_probable_starts(values: &[Option<f64>], options: &Options, prior: Unit) -> (Vec<usize>, f64) {
    let (predictive, hazard) = (Predictive::new(options.model, options.outlier_share), options.hazard.prepare());
    let prior = predictive.prior(prior);
    let mut runs = Runs::with_capacity(options.most_run_lengths + 1);
    runs.push(0, 0.0, prior, 0.0, 1.0);
    // For a segment that would begin at a row: where the one before it began.
    let mut before: Vec<usize> = vec![0; values.len() + 1];
    let (mut seen, mut log_probability) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            predictive.learn(&mut runs, seen, Sample { value: *value, trials: 1.0 }, prior);
            seen += 1.0;
        }
        if index + 1 == values.len() {
            break;
        }
        let (mut best, mut best_start) = (f64::NEG_INFINITY, 0);
        for slot in 0..runs.len() {
            let end = hazard.at((index as u64 + 1 - runs.start[slot]) as f64);
            let ending = runs.log_weight[slot] + end.ln();
            if ending > best {
                (best, best_start) = (ending, runs.start[slot] as usize);
            }
            runs.log_weight[slot] += log_complement(end);
        }
        before[index + 1] = best_start;
        if runs.len() == options.most_run_lengths
            && let Some(least) = runs.least()
        {
            runs.remove(least);
        }
        if best > f64::NEG_INFINITY {
            runs.push(index as u64 + 1, seen, prior, best, 0.0);
        }
        let highest = elementary::largest(&runs.log_weight);
        runs.log_weight.iter_mut().for_each(|weight| *weight -= highest);
        log_probability += highest;
    }
    let Some(last) = runs.most_probable().filter(|_| !values.is_empty()) else { return (Vec::new(), 0.0) };
    log_probability += runs.log_weight[last];
    let mut starts = vec![runs.start[last] as usize];
    while let Some(start) = starts.last().copied().filter(|start| *start > 0) {
        starts.push(before[start]);
    }
    starts.reverse();
    (starts, log_probability)
}
