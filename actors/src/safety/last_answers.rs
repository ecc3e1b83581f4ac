//! The last answer of each model for each service: what a jump is measured against, and what serves while a model fails.
use bellwether_domain::safety::LastGood;
use bellwether_domain::types::{Capability, Fields, ServiceId};
use std::sync::Arc;

/// Answers remembered; beyond it the ones used least go.
const CAPACITY: u64 = 20_000;

/// What was answered last.
#[derive(Debug, Clone, Default)]
pub struct LastAnswer {
    /// The answer, if it was not good.
    other: Option<Fields>,
    /// The last one that was the model's own and passed.
    good: Option<LastGood>,
}

impl LastAnswer {
    /// After a good answer.
    #[must_use]
    pub const fn good(good: LastGood) -> Self {
        Self { other: None, good: Some(good) }
    }

    /// After an answer that was not good; the last good one stays known.
    #[must_use]
    pub const fn other(answer: Fields, good: Option<LastGood>) -> Self {
        Self { other: Some(answer), good }
    }

    /// The answer, whatever its source.
    #[must_use]
    pub fn answer(&self) -> Option<&Fields> {
        self.other.as_ref().or(self.good.as_ref().map(|good| &good.output))
    }

    /// The last good answer.
    #[must_use]
    pub const fn last_good(&self) -> Option<&LastGood> {
        self.good.as_ref()
    }
}

/// Shared by all HTTP workers; bounded.
#[derive(Debug, Clone)]
pub struct LastAnswers(moka::sync::Cache<(Capability, ServiceId), Arc<LastAnswer>>);

impl Default for LastAnswers {
    fn default() -> Self {
        Self(moka::sync::Cache::new(CAPACITY))
    }
}

impl LastAnswers {
    /// What was answered last, if anything was.
    #[must_use]
    pub fn get(&self, model: Capability, service: &ServiceId) -> Option<Arc<LastAnswer>> {
        self.0.get(&(model, service.clone()))
    }

    /// Remembers an answer.
    pub fn put(&self, model: Capability, service: &ServiceId, answer: LastAnswer) {
        self.0.insert((model, service.clone()), Arc::new(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_domain::types::Timestamp;

    #[test]
    fn the_last_answer_is_known_whatever_its_source_and_the_good_one_outlives_others() {
        let fields = |value: i64| Fields::new().with("a", value);
        let good = LastGood { output: fields(1), at: Timestamp::from_milliseconds(0) };
        let (first, then) = (LastAnswer::good(good.clone()), LastAnswer::other(fields(2), Some(good.clone())));
        assert_eq!((first.answer(), first.last_good()), (Some(&fields(1)), Some(&good)));
        assert_eq!((then.answer(), then.last_good()), (Some(&fields(2)), Some(&good)));
        assert_eq!(LastAnswer::default().answer(), None);
    }
}
