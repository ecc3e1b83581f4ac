//! What is asked of a tail.
use bellwether_models::tail::peaks_over_threshold::{Coverage, Declustering, FalseDiscoveryRate, Level, Threshold};

/// How confidence bounds are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalKind {
    /// Symmetric, cheap.
    #[default]
    Delta,
    /// By profile likelihood: asymmetric, dearer.
    Profile,
}

/// Where the tail starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdChoice {
    /// Where the asker says.
    Given(Threshold),
    /// By a rule that nobody chose for these values: the answer warns if the shape moves with the threshold.
    Usual(Threshold),
    /// At the lowest of several thresholds that a test of the fit does not reject.
    Tested(FalseDiscoveryRate),
}

impl Default for ThresholdChoice {
    fn default() -> Self {
        Self::Usual(Threshold::Automatic)
    }
}

/// A return period with the name under which it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedPeriod {
    /// The key of its return level, such as `1000` or `30d`.
    pub name: String,
    /// Its length in observations.
    pub observations: f64,
}

impl From<f64> for AskedPeriod {
    fn from(observations: f64) -> Self {
        Self { name: observations.to_string(), observations }
    }
}

/// What is asked of a tail.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExtremesQuestion {
    /// Where the tail starts.
    pub threshold: ThresholdChoice,
    /// Levels of value at risk; the usual ones that lie in the tail when absent.
    pub levels: Option<Vec<Level>>,
    /// Return periods; the usual ones that lie in the tail when absent.
    pub return_periods: Option<Vec<AskedPeriod>>,
    /// Whether return levels count bursts, as clusters of exceedances, instead of single values.
    pub clusters: Option<Declustering>,
    /// How bounds are found.
    pub intervals: IntervalKind,
    /// Coverage of the bounds.
    pub coverage: Coverage,
    /// Whether the newest value is judged against the others.
    pub judge_newest: bool,
}

/// Values in the order of time.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Finite, oldest first.
    pub values: &'a [f64],
    /// Places, counted from 0 over values and gaps alike and increasing, where a value is missing.
    pub missing: &'a [usize],
}

impl<'a> Series<'a> {
    /// Without a gap.
    #[must_use]
    pub const fn complete(values: &'a [f64]) -> Self {
        Self { values, missing: &[] }
    }

    /// The values with `filler` for the missing, which keeps the distances between the others.
    #[must_use]
    pub fn in_time(&self, filler: f64) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.values.len() + self.missing.len());
        let mut values = self.values.iter();
        for place in self.missing {
            all.extend(values.by_ref().take(place.saturating_sub(all.len())));
            all.push(filler);
        }
        all.extend(values);
        all
    }
}
