//! The last answer of each model for each service: what a jump is measured against, and what serves while a model fails.
use bellwether_domain::safety::LastGood;
use bellwether_domain::types::{Capability, Fields, ServiceId};
use std::sync::Arc;

/// Answers remembered; beyond it the ones used least go.
const CAPACITY: u64 = 20_000;

/// What was answered last.
#[derive(Debug, Clone, Default)]
pub struct LastAnswer {
    /// The answer, whatever its source.
    pub answer: Option<Fields>,
    /// The last one that was the model's own and passed.
    pub good: Option<LastGood>,
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
