//! Registry actor: which version of each registered model is in force.
//!
//! Owns      the open registry (blocking, on a thread of its own) and the view that everybody reads
//! Takes     [`RegisterModel`], [`PromoteModel`], [`RollBackModel`], answered when the change is on disk and in force here;
//!           looks by itself for what other processes changed
//! Queue     16; the next caller is asked to come back
//! Restarts  with the view it published; a damaged file takes nothing out of force
use super::reloading::Verified;
use super::{ModelView, RegistryView};
use crate::runtime::{Birth, FaultPoint, Injected, Slot, Snapshot, StartError};
use actix::{Actor, AsyncContext, Context, Handler, Message};
use bellwether_domain::ports::{ModelRegistry, NewVersion, Promotion, RegistryError, Signed};
use bellwether_domain::registry::{ModelName, ModelVersion, RegisteredModel, VersionNumber};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often changes by other processes, and writes to files in force, are looked for.
const LOOK: Duration = Duration::from_millis(400);

/// Registers a version.
#[derive(Debug, Message)]
#[rtype(result = "Result<ModelVersion, RegistryError>")]
pub struct RegisterModel {
    /// Place in the queue.
    pub slot: Slot,
    /// Of which model.
    pub name: ModelName,
    /// The version.
    pub version: Box<NewVersion>,
    /// Who, when, why.
    pub signed: Signed,
}

/// Makes a version the champion.
#[derive(Debug, Message)]
#[rtype(result = "Result<ModelView, RegistryError>")]
pub struct PromoteModel {
    /// Place in the queue.
    pub slot: Slot,
    /// Of which model.
    pub name: ModelName,
    /// Which version, who, why, by what evidence.
    pub promotion: Box<Promotion>,
}

/// Makes a former champion the champion again.
#[derive(Debug, Message)]
#[rtype(result = "Result<ModelView, RegistryError>")]
pub struct RollBackModel {
    /// Place in the queue.
    pub slot: Slot,
    /// Of which model.
    pub name: ModelName,
    /// Which version; the champion before the present one when absent.
    pub to: Option<VersionNumber>,
    /// Who, when, why.
    pub signed: Signed,
}

/// Opens the registry; called until it succeeds.
pub type OpenRegistry = dyn Fn() -> Result<Box<dyn ModelRegistry>, RegistryError> + Send + Sync;

/// What the actor needs.
#[derive(Clone)]
pub struct ModelRegistryOptions {
    /// Opens the registry.
    pub open: Arc<OpenRegistry>,
    /// What it publishes.
    pub view: Snapshot<RegistryView>,
    /// For injected faults.
    pub faults: FaultPoint,
}

impl std::fmt::Debug for ModelRegistryOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelRegistryOptions").finish_non_exhaustive()
    }
}

/// The actor.
pub struct ModelRegistryActor {
    options: ModelRegistryOptions,
    registry: Option<Box<dyn ModelRegistry>>,
    verified: Verified,
}

impl std::fmt::Debug for ModelRegistryActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelRegistryActor").field("is_open", &self.registry.is_some()).finish_non_exhaustive()
    }
}

crate::answers_heartbeat!(ModelRegistryActor);

impl ModelRegistryActor {
    /// A factory for the supervisor.
    pub fn factory(options: ModelRegistryOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let mut actor = Self { options: options.clone(), registry: None, verified: Verified::default() };
            actor.reload(); // before it counts as running, so that whoever is told "ready" finds the champions in force
            Ok(actor)
        }
    }

    /// The registry, opened if it is not yet.
    fn opened(&mut self) -> Result<&mut dyn ModelRegistry, RegistryError> {
        let registry = match self.registry.take() {
            Some(registry) => registry,
            None => (self.options.open)()?,
        };
        Ok(self.registry.insert(registry).as_mut())
    }

    fn look(&mut self, _: &mut Context<Self>) {
        if let Injected::Hang(_) = self.options.faults.strike_thread() {
            tracing::debug!("an injected hang is over");
        }
        self.look_for_changes();
    }

    fn look_for_changes(&mut self) {
        let view = self.options.view.load_full();
        let changed = self.opened().and_then(|registry| registry.has_changed());
        match changed {
            Ok(false) if view.fault.is_none() && !self.is_outdated(&view) => {}
            Ok(_) => self.reload(),
            Err(error) => self.note(&error),
        }
    }

    fn is_outdated(&mut self, view: &RegistryView) -> bool {
        let Some(registry) = &mut self.registry else { return false };
        view.models().any(|view| self.verified.is_outdated(registry.as_mut(), view))
    }

    /// Reads everything and publishes it; champions whose files are whole come into force.
    fn reload(&mut self) {
        let before = self.options.view.load_full();
        let read = self.opened().and_then(|registry| {
            registry.has_changed()?; // first, so that a change while it is read is seen at the next look
            registry.models()
        });
        let models = match read {
            Ok(models) => models,
            Err(error) => return self.note(&error),
        };
        let Some(registry) = &mut self.registry else { return };
        let mut views: BTreeMap<ModelName, ModelView> = BTreeMap::new();
        for model in models {
            let (name, previous) = (model.name.clone(), before.model(model.name.as_str()));
            let view = self.verified.look(registry.as_mut(), model, previous);
            tell_what_came_into_force(previous, &view);
            views.insert(name, view);
        }
        if before.fault.is_some() {
            tracing::info!("the model registry can be read again");
        }
        self.publish(RegistryView { models: views, fault: None, is_known: true });
    }

    /// The registry cannot be read: what it held before stays in force.
    fn note(&mut self, error: &RegistryError) {
        let before = self.options.view.load_full();
        if !matches!(error, RegistryError::Busy { .. }) {
            self.registry = None; // opened anew at the next look
        }
        let fault = Some(error.to_string());
        if before.fault != fault {
            tracing::error!(failure = %error, "the model registry cannot be read: what is in force stays");
        }
        self.publish(RegistryView { models: before.models.clone(), fault, is_known: true });
    }

    fn publish(&self, view: RegistryView) {
        let faulty = view.models().filter(|view| view.fault.is_some()).count();
        metrics::gauge!("registry_models").set(view.models().len() as f64);
        metrics::gauge!("registry_faulty_models").set(faulty as f64);
        metrics::gauge!("registry_unreadable").set(f64::from(u8::from(view.fault.is_some())));
        self.options.view.publish(Arc::new(view));
    }

    /// Makes a change and brings it into force; an injected error refuses it.
    fn change<T>(
        &mut self,
        action: &'static str,
        change: impl FnOnce(&mut dyn ModelRegistry) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        if matches!(self.options.faults.strike_thread(), Injected::Hang(_) | Injected::Error) {
            let why = "an injected fault".to_owned();
            return Err(RegistryError::Failed { place: "the registry".to_owned(), why });
        }
        let changed = change(self.opened()?)?;
        metrics::counter!("registry_changes_total", "action" => action).increment(1);
        self.reload();
        Ok(changed)
    }

    /// The model after a change.
    fn view_of(&self, model: RegisteredModel) -> ModelView {
        let view = self.options.view.load();
        view.model(model.name.as_str()).cloned().unwrap_or_else(|| ModelView {
            model: Arc::new(model),
            in_force: None,
            fault: None,
        })
    }
}

fn tell_what_came_into_force(before: Option<&ModelView>, view: &ModelView) {
    let number = |view: &ModelView| view.in_force.as_ref().map(|loaded| loaded.version.number);
    let now = number(view);
    if let Some(version) = now.filter(|_| now != before.and_then(number)) {
        tracing::info!(model = view.model.name.as_str(), version = version.0, "a registered model came into force");
    }
}

impl Actor for ModelRegistryActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK, Self::look);
    }
}

impl Handler<RegisterModel> for ModelRegistryActor {
    type Result = Result<ModelVersion, RegistryError>;

    fn handle(&mut self, message: RegisterModel, _: &mut Self::Context) -> Self::Result {
        let RegisterModel { slot, name, version, signed } = message;
        let registered = self.change("registered", |registry| registry.register(&name, *version, signed));
        drop(slot);
        registered
    }
}

impl Handler<PromoteModel> for ModelRegistryActor {
    type Result = Result<ModelView, RegistryError>;

    fn handle(&mut self, PromoteModel { slot, name, promotion }: PromoteModel, _: &mut Self::Context) -> Self::Result {
        let model = self.change("promoted", |registry| registry.promote(&name, *promotion));
        drop(slot);
        model.map(|model| self.view_of(model))
    }
}

impl Handler<RollBackModel> for ModelRegistryActor {
    type Result = Result<ModelView, RegistryError>;

    fn handle(&mut self, message: RollBackModel, _: &mut Self::Context) -> Self::Result {
        let RollBackModel { slot, name, to, signed } = message;
        let model = self.change("rolled_back", |registry| registry.rollback(&name, to, signed));
        drop(slot);
        model.map(|model| self.view_of(model))
    }
}
