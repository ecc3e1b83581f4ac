//! Which version of a model is in force: the champion if its file is whole, else what was in force before.
use super::{LoadedModel, ModelView};
use bellwether_domain::ports::{FileStamp, ModelRegistry};
use bellwether_domain::registry::{ContentHash, ModelVersion, RegisteredModel};
use std::collections::HashMap;
use std::sync::Arc;

/// When files were verified last, by what the file system said of them then.
#[derive(Debug, Default)]
pub(super) struct Verified(HashMap<ContentHash, Option<FileStamp>>);

impl Verified {
    /// Whether somebody has written to the file of a model's champion since it was looked at.
    pub(super) fn is_outdated(&self, registry: &mut dyn ModelRegistry, view: &ModelView) -> bool {
        champion(&view.model)
            .is_some_and(|champion| self.0.get(&champion.sha256) != Some(&registry.file_stamp(&champion.sha256)))
    }

    /// Looks at the champion's file; `previous` is what was in force.
    pub(super) fn look(
        &mut self,
        registry: &mut dyn ModelRegistry,
        model: RegisteredModel,
        previous: Option<&ModelView>,
    ) -> ModelView {
        let in_force = previous.and_then(|view| view.in_force.clone());
        let Some(champion) = champion(&model) else {
            return ModelView { model: Arc::new(model), in_force: None, fault: None };
        };
        let stamp = registry.file_stamp(&champion.sha256);
        let known = self.0.insert(champion.sha256, stamp) == Some(stamp);
        let loaded = in_force.clone().filter(|loaded| loaded.version.sha256 == champion.sha256);
        let unchanged = known && previous.is_some_and(|view| view.fault.is_none());
        let outcome = match loaded {
            Some(loaded) if unchanged => Ok(loaded),
            // It is parsed already: only its bytes are to be verified.
            Some(loaded) => registry.file(&champion.sha256).map(|_| loaded).map_err(|error| error.to_string()),
            None => LoadedModel::load(registry, &model.name, champion).map(Arc::new).map_err(|error| error.to_string()),
        };
        match outcome {
            Ok(loaded) => ModelView { model: Arc::new(model), in_force: Some(loaded), fault: None },
            Err(why) => {
                let fault = Some(format!("version {}: {why}", champion.number));
                let is_news = previous.is_none_or(|view| view.fault != fault);
                let in_force = in_force.or_else(|| former(registry, &model));
                if is_news {
                    let serving = in_force.as_ref().map_or(0, |loaded| loaded.version.number.0);
                    metrics::counter!("registry_load_failures_total").increment(1);
                    tracing::error!(
                        model = model.name.as_str(),
                        champion = champion.number.0,
                        serving,
                        failure = why,
                        "the champion's file is refused: another version stays in force, or none where serving is 0"
                    );
                }
                ModelView { model: Arc::new(model), in_force, fault }
            }
        }
    }
}

fn champion(model: &RegisteredModel) -> Option<&ModelVersion> {
    model.version(model.champion()?)
}

/// After a start with a damaged champion: the champion before it whose file is whole.
fn former(registry: &mut dyn ModelRegistry, model: &RegisteredModel) -> Option<Arc<LoadedModel>> {
    let reign = model.reign();
    let versions = reign.iter().rev().skip(1).filter_map(|number| model.version(*number));
    versions.filter_map(|version| LoadedModel::load(registry, &model.name, version).ok()).map(Arc::new).next()
}
