//! The store: everything that must survive, behind one thread.
mod state_store;
mod write;

pub use state_store::{CatchUp, Commit, LoadState, OpenStore, ReadObservations, StateStoreActor, StoreView};
pub use write::WriteError;
pub(crate) use write::commit;
