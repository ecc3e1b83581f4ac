//! The model registry: its actor on a thread of its own, over the files of the data directory.
use super::tree::WRITER_FAULTS;
use bellwether_actors::registry::{ModelRegistryActor, ModelRegistryOptions, RegistryView};
use bellwether_actors::runtime::{
    Child, ChildSpec, Handle, Heartbeat, LeakedThreads, Placement, Snapshot, SupervisionOptions, ThreadSlot,
};
use bellwether_adapters::model_registry::LocalModelRegistry;
use bellwether_adapters::sqlite::DataDirectory;
use bellwether_domain::ports::ModelRegistry;
use std::sync::Arc;

/// Changes that may wait.
const QUEUE: usize = 16;

/// The registry's actor, and how it is reached.
pub(super) struct Registry {
    pub(super) child: Arc<dyn Child>,
    pub(super) handle: Handle<ModelRegistryActor>,
    pub(super) view: Snapshot<RegistryView>,
}

/// Builds it; nothing runs yet.
pub(super) fn grow(supervision: &SupervisionOptions, directory: &DataDirectory, leaked: &LeakedThreads) -> Registry {
    let (view, path) = (Snapshot::new(RegistryView::default()), directory.path().to_owned());
    let handle = Handle::new("registry".into(), QUEUE);
    let options = ModelRegistryOptions {
        open: Arc::new(move || {
            LocalModelRegistry::open(&path).map(|registry| Box::new(registry) as Box<dyn ModelRegistry>)
        }),
        view: view.clone(),
        faults: supervision.faults.point(handle.actor(), WRITER_FAULTS),
    };
    let child = ChildSpec::new(
        &supervision.board,
        &handle,
        None,
        Placement::Thread(ThreadSlot::start("registry", leaked.clone())),
        Heartbeat::within(supervision.heartbeat * 30), // reading a large model takes its time
        ModelRegistryActor::factory(options),
    );
    Registry { child, handle, view }
}
