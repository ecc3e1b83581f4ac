//! The registry as everybody reads it: immutable, replaced as a whole.
use super::LoadedModel;
use bellwether_domain::registry::{ModelName, RegisteredModel};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One model.
#[derive(Debug, Clone)]
pub struct ModelView {
    /// What is registered.
    pub model: Arc<RegisteredModel>,
    /// The version that answers; absent before the first promotion, or when no champion's file is whole.
    pub in_force: Option<Arc<LoadedModel>>,
    /// Why the champion is not the version in force.
    pub fault: Option<String>,
}

/// All models.
#[derive(Debug, Clone, Default)]
pub struct RegistryView {
    pub(super) models: BTreeMap<ModelName, ModelView>,
    pub(super) fault: Option<String>,
    /// Whether the registry was looked at: before that nothing is known of any model.
    pub(super) is_known: bool,
}

impl RegistryView {
    /// The version in force of the model of that name.
    #[must_use]
    pub fn champion(&self, name: &str) -> Option<Arc<LoadedModel>> {
        self.models.get(name)?.in_force.clone()
    }

    /// One model.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&ModelView> {
        self.models.get(name)
    }

    /// All models, by name.
    pub fn models(&self) -> impl ExactSizeIterator<Item = &ModelView> {
        self.models.values()
    }

    /// Why the registry cannot be read now; what it held before stays in force.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Whether the registry was looked at since the start; before that nothing is known of any model.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether the registry can be read and every champion is in force.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.fault.is_none() && self.models.values().all(|view| view.fault.is_none())
    }
}
