//! What a prediction was corrected by, and how it went.
use super::OnlineError;
use serde::{Deserialize, Serialize};

/// The correction in force when a prediction was made. Keep it until the label arrives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// The correction to serve, in the unit of the scores; finite.
    pub correction: f64,
    /// What the method asked for.
    pub served: Served,
}

/// Whether the correction served is the one that the method asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Served {
    /// It is.
    Exactly,
    /// The method asked for everything, the unbounded interval: the largest score known was served.
    InsteadOfEverything,
    /// The method asked for nothing, the empty interval: the smallest score known was served.
    InsteadOfNothing,
}

impl Issued {
    pub(super) fn check(&self) -> Result<(), OnlineError> {
        let value = self.correction;
        if value.is_finite() { Ok(()) } else { Err(OnlineError::NotIssued { what: "the correction", value }) }
    }

    /// Whether the method missed: a score above what it asked for.
    pub(super) fn is_missed(&self, score: f64) -> bool {
        match self.served {
            Served::Exactly => score > self.correction,
            Served::InsteadOfEverything => false,
            Served::InsteadOfNothing => true,
        }
    }
}

/// What happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Corrections issued.
    pub issued: u64,
    /// Of them, served instead of everything or of nothing.
    pub clipped: u64,
    /// Labels observed.
    pub observed: u64,
    /// Of them, outside of what the method asked for: what its guarantee speaks of.
    pub missed: u64,
    /// Of them, outside of what was served.
    pub missed_as_served: u64,
}

impl Counts {
    pub(super) fn add_issued(&mut self, issued: &Issued) {
        self.issued = self.issued.saturating_add(1);
        self.clipped = self.clipped.saturating_add(u64::from(issued.served != Served::Exactly));
    }

    pub(super) fn add_observed(&mut self, issued: &Issued, score: f64) {
        self.observed = self.observed.saturating_add(1);
        self.missed = self.missed.saturating_add(u64::from(issued.is_missed(score)));
        self.missed_as_served = self.missed_as_served.saturating_add(u64::from(score > issued.correction));
    }

    /// Labels may outnumber what was issued since the start: earlier issues come back after a restart.
    pub(super) const fn is_sound(&self) -> bool {
        self.clipped <= self.issued && self.missed <= self.observed && self.missed_as_served <= self.observed
    }
}
