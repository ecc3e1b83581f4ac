//! What is to be retrained, from what, how often.
use super::TrainingSource;
use bellwether_domain::registry::ModelName;
use bellwether_models::tail::boosting::Options;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When a new version becomes champion by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromotionPolicy {
    /// When its mean pinball loss on the validation file is below the champion's, or when there is no champion.
    IfBetter,
    /// Never: it stays the challenger.
    Never,
}

/// A model that is retrained.
#[derive(Clone)]
pub struct RetrainingPlan {
    /// Which.
    pub model: ModelName,
    /// Time from one start to the next.
    pub every: Duration,
    /// When a new version becomes champion.
    pub promote: PromotionPolicy,
    /// How it is trained.
    pub options: Options,
    /// The same in words, kept with each version.
    pub parameters: BTreeMap<String, String>,
    /// Where the rows come from.
    pub source: Arc<dyn TrainingSource>,
}

impl std::fmt::Debug for RetrainingPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RetrainingPlan").field("model", &self.model).field("every", &self.every).finish_non_exhaustive()
    }
}
