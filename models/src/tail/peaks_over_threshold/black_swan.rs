//! Whether one value is too large for the tail that all others show.

use super::Fitted;
use super::error::ExtremesError;
use super::intervals::{IntervalMethod, Quantity};
use super::options::{Coverage, ReturnPeriod};

/// A value is a candidate only if its chance to be exceeded anywhere in the horizon is below this.
pub const PROBABILITY_LIMIT: f64 = 1e-3;

/// Judgement of one value against a fit of the others. Its `Display` states the rule with its figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlackSwan {
    /// The value judged, in the unit of the data.
    pub candidate: f64,
    /// Number of observations N in the horizon.
    pub horizon: f64,
    /// P(at least one of the horizon's observations exceeds the candidate) = 1 - (1 - ζ·P(E > x - u))^N. For a candidate
    /// below the threshold this is a lower bound, that of the threshold.
    pub probability: f64,
    /// The value exceeded once in the horizon on average, in the unit of the data.
    pub return_level: f64,
    /// How the candidate compares with the uncertainty of that return level.
    pub upper_limit: UpperLimit,
    /// The largest value the tail allows, u - β/ξ, in the unit of the data; `None` if it has no end.
    pub end_point: Option<f64>,
    /// Coverage of the profile interval whose upper limit is used.
    pub coverage: Coverage,
}

/// Upper profile-likelihood limit of the horizon's return level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum UpperLimit {
    /// Not computed: the probability alone makes the candidate ordinary.
    NotNeeded,
    /// In the unit of the data.
    At(f64),
    /// The data bound the return level from above by no 64-bit number, so no candidate exceeds it.
    Unbounded,
}

impl BlackSwan {
    /// Probability below [`PROBABILITY_LIMIT`], and candidate above the upper limit of the return level.
    #[must_use]
    pub fn is_black_swan(&self) -> bool {
        let improbable = self.probability < PROBABILITY_LIMIT;
        improbable && matches!(self.upper_limit, UpperLimit::At(limit) if self.candidate > limit)
    }

    /// The candidate lies beyond the tail's finite end: the fit calls impossible what has happened, so refit or choose
    /// another threshold before you trust any of its figures.
    #[must_use]
    pub fn model_inadequate(&self) -> bool {
        self.end_point.is_some_and(|end| self.candidate > end)
    }
}

impl std::fmt::Display for BlackSwan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { candidate, horizon, probability, return_level, .. } = self;
        let verdict = if self.is_black_swan() { "is a black swan" } else { "is no black swan" };
        write!(
            f,
            "{candidate} {verdict}: the probability of a larger value in {horizon} observations is {probability:.3e}"
        )?;
        write!(f, " (rule: below {PROBABILITY_LIMIT:e}) and the value exceeded once in them is {return_level}")?;
        let percent = 100.0 * self.coverage.get();
        match self.upper_limit {
            UpperLimit::At(limit) => write!(f, ", at most {limit} with {percent} % confidence (rule: above that)")?,
            UpperLimit::Unbounded => write!(f, ", without an upper {percent} % limit (rule: above that limit)")?,
            UpperLimit::NotNeeded => write!(f, " (rule: above its upper {percent} % limit, which was not needed)")?,
        }
        match self.end_point {
            Some(end) if self.model_inadequate() => write!(f, "; the model is inadequate: it ends at {end}"),
            _ => Ok(()),
        }
    }
}

impl Fitted {
    /// Judges `candidate`, the newest value, against this fit, which must not have seen it: fit the values before it.
    /// A fit that includes the candidate is drawn towards it and finds it less surprising than it is.
    ///
    /// The rule: *black swan* if the probability that any of the horizon's N observations exceeds the candidate is below
    /// 1e-3 **and** the candidate exceeds the upper profile-likelihood limit of the horizon's return level (which is
    /// computed only if the first holds); *model inadequate* if the candidate lies beyond a finite end of the tail. With
    /// an extremal index in the horizon, N is its number of clusters.
    ///
    /// False alarms: a value that does follow the tail of its history is called a black swan with a probability of 2.4e-4
    /// at shape -0.2, 2.1e-4 at 0 and 1.2e-4 at 0.3, when 50 of 500 values exceed the threshold and N is 500; 5.5e-6 with
    /// four times as many values (measured by simulation). Were the tail known exactly it would be 1e-3/N, 2e-6 and 5e-7:
    /// what is left is the uncertainty of the fit, so judge by few exceedances with care.
    ///
    /// # Errors
    /// `CandidateNotFinite`; `LevelBelowThreshold` if the horizon is so short that less than one exceedance of the
    /// threshold is expected in it; `Overflow`.
    pub fn judge(&self, candidate: f64, horizon: ReturnPeriod, coverage: Coverage) -> Result<BlackSwan, ExtremesError> {
        if !candidate.is_finite() {
            return Err(ExtremesError::CandidateNotFinite { value: candidate });
        }
        let return_level = self.return_level(horizon)?;
        let each = self.tail().exceedance_probability(candidate);
        let probability = -(horizon.clusters() * (-each).ln_1p()).exp_m1();
        let upper_limit = if probability < PROBABILITY_LIMIT {
            let quantity = Quantity::ReturnLevel(horizon);
            let interval = self.interval(quantity, IntervalMethod::ProfileLikelihood, coverage)?;
            interval.upper.map_or(UpperLimit::Unbounded, UpperLimit::At)
        } else {
            UpperLimit::NotNeeded
        };
        Ok(BlackSwan {
            candidate,
            horizon: horizon.observations(),
            probability,
            return_level,
            upper_limit,
            end_point: self.tail().end_point(),
            coverage,
        })
    }
}
