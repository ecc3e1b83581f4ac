//! Registered models: what is registered, which version of each is in force, and how two versions are compared.
mod judging;
mod loaded_model;
mod model_registry;
mod reloading;
mod view;

pub use judging::{JudgingError, ValidationRows, compare_models, evaluate_model, served_levels};
pub use loaded_model::{LoadedModel, NotAModel, described};
pub use model_registry::{
    ModelRegistryActor, ModelRegistryOptions, OpenRegistry, PromoteModel, RegisterModel, RollBackModel,
};
pub use view::{ModelView, RegistryView};
