//! Clusters of exceedances, so that a burst counts once.
//!
//! Source: Ferro and Segers, "Inference for Clusters of Extreme Values", JRSS B 65, 2003, section 4 (run length from the
//! data); Coles, "An Introduction to Statistical Modeling of Extreme Values", 2001, section 5.3 (runs declustering).

use super::error::{ExtremesError, OutOfRange};
use super::extremal_index::extremal_index;
use super::{Fitted, threshold};

/// How exceedances are told to belong to one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Declustering {
    /// With the run length that the extremal index implies: of N exceedances the θN - 1 longest gaps part clusters.
    #[default]
    Intervals,
    /// A cluster ends when so many values in a row, at least 1, do not exceed the threshold.
    Runs(usize),
}

/// Clusters of the exceedances of a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Largest value of each cluster, in the order of time and the unit of the data.
    pub maxima: Vec<f64>,
    /// Number of exceedances in all clusters.
    pub exceedances: usize,
    /// Values that do not exceed the threshold in a row end a cluster if they are at least so many; 0 if every exceedance
    /// is a cluster.
    pub run_length: usize,
    /// The threshold, in the unit of the data.
    pub threshold: f64,
}

impl Clusters {
    /// Extremal index by runs: number of clusters by number of exceedances, in (0, 1\].
    #[must_use]
    pub fn extremal_index(&self) -> f64 {
        self.maxima.len() as f64 / self.exceedances as f64
    }

    /// Mean number of exceedances in a cluster, at least 1.
    #[must_use]
    pub fn mean_size(&self) -> f64 {
        self.exceedances as f64 / self.maxima.len() as f64
    }
}

/// Gathers the exceedances of `threshold` into clusters.
///
/// - `values`: in the order of time, evenly spaced; put the threshold where one is missing.
///
/// # Errors
/// As [`extremal_index`]; `Option` if a run length is 0.
pub fn decluster(values: &[f64], threshold: f64, how: Declustering) -> Result<Clusters, ExtremesError> {
    let index = extremal_index(values, threshold)?;
    let places: Vec<usize> = (0..values.len()).filter(|&place| values[place] > threshold).collect();
    let gaps: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let run_length = match how {
        Declustering::Runs(0) => return Err(OutOfRange { name: "run length", value: 0.0, range: "[1, inf)" }.into()),
        Declustering::Runs(length) => length,
        Declustering::Intervals => implied_run_length(gaps.clone(), index),
    };
    let mut maxima = Vec::new();
    let mut largest = f64::NEG_INFINITY;
    for (position, &place) in places.iter().enumerate() {
        largest = largest.max(values[place]);
        if gaps.get(position).is_none_or(|&gap| gap > run_length) {
            maxima.push(largest);
            largest = f64::NEG_INFINITY;
        }
    }
    Ok(Clusters { maxima, exceedances: places.len(), run_length, threshold })
}

/// The longest gap within a cluster when there are ⌊θN⌋ + 1 of them; of equally long gaps all or none part clusters.
fn implied_run_length(mut gaps: Vec<usize>, extremal_index: f64) -> usize {
    let parting = (extremal_index * (gaps.len() + 1) as f64).floor() as usize;
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    match gaps.get(parting) {
        // The next longest gap is within a cluster, and so is every gap that is as long.
        Some(&within) => within,
        None => 0, // every exceedance is alone, neighbours too
    }
}

impl Fitted {
    /// Fits the cluster maxima above the same threshold, as return levels of events need it: its exceedance rate is the
    /// number of clusters by that of observations, so the return level of a period is exceeded by one cluster in it on
    /// average. Values at risk of single observations belong to the fit of all exceedances.
    ///
    /// # Errors
    /// `Option` if the clusters are those of another threshold; `TooFewClusters` below ten; otherwise as
    /// [`PeaksOverThreshold::fit`](super::PeaksOverThreshold::fit).
    pub fn of_cluster_maxima(&self, clusters: &Clusters) -> Result<Self, ExtremesError> {
        let threshold = self.threshold();
        if clusters.threshold != threshold || clusters.maxima.len() > self.observations {
            let (value, range) = (clusters.threshold, "the threshold of the fit");
            return Err(OutOfRange { name: "threshold of the clusters", value, range }.into());
        }
        let exceedances: Vec<f64> = clusters.maxima.iter().map(|maximum| maximum - threshold).collect();
        let rate = exceedances.len() as f64 / self.observations as f64;
        let (got, need) = (exceedances.len(), super::MINIMUM_EXCEEDANCES);
        if got < need {
            return Err(ExtremesError::TooFewClusters { got, need });
        }
        let sample = threshold::sample(exceedances, threshold, need)?;
        Self::of_sample(sample, threshold, rate, self.observations, self.tied_share_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve exceedances 1, 2, …, 12 with these gaps between them; all else is 0.
    fn series(gaps: [usize; 11]) -> Vec<f64> {
        let mut values = vec![1.0];
        for (height, gap) in (2..).zip(gaps) {
            values.extend(std::iter::repeat_n(0.0, gap - 1));
            values.push(f64::from(height));
        }
        values
    }

    /// By hand: a run of r values below the threshold is a gap of r + 1.
    #[test]
    fn runs_of_values_below_the_threshold_part_clusters() {
        let values = series([1, 1, 3, 1, 9, 1, 1, 2, 9, 1, 1]);
        for (run_length, maxima) in [
            (1, vec![3.0, 5.0, 8.0, 9.0, 12.0]),
            (2, vec![3.0, 5.0, 9.0, 12.0]),
            (3, vec![5.0, 9.0, 12.0]),
            (8, vec![5.0, 9.0, 12.0]),
            (9, vec![12.0]),
        ] {
            let clusters = decluster(&values, 0.5, Declustering::Runs(run_length)).unwrap();
            assert_eq!(clusters.maxima, maxima, "run length {run_length}");
            assert_eq!(clusters.extremal_index(), maxima.len() as f64 / 12.0);
            assert_eq!((clusters.mean_size(), clusters.exceedances), (12.0 / maxima.len() as f64, 12));
        }
    }

    /// By hand: ΣT = 119, with (T - 1) of nine 0 and two 54: θ = 2·108²/(11·2·54·53) = 0.3705, ⌊12θ⌋ = 4. The five longest
    /// gaps are 55, 55, 1, 1, 1; as all gaps of 1 are equally long, two gaps part three clusters.
    #[test]
    fn the_run_length_follows_from_the_extremal_index_and_ties_stay_together() {
        let clusters = decluster(&series([1, 1, 1, 55, 1, 1, 1, 55, 1, 1, 1]), 0.5, Declustering::Intervals).unwrap();
        assert_eq!((clusters.maxima.as_slice(), clusters.run_length), (&[4.0, 8.0, 12.0][..], 1));
        let alone = decluster(&series([7; 11]), 0.5, Declustering::Intervals).unwrap();
        assert_eq!((alone.extremal_index(), alone.run_length), (1.0, 0));
    }

    #[test]
    fn an_empty_run_and_clusters_of_another_threshold_are_refused() {
        let values = series([3; 11]);
        let refused = decluster(&values, 0.5, Declustering::Runs(0)).unwrap_err();
        assert_eq!(refused, OutOfRange { name: "run length", value: 0.0, range: "[1, inf)" }.into());
        assert!(decluster(&[], 0.5, Declustering::default()).is_err());
    }
}
