//! The store: everything that must survive, behind one thread.
mod state_store;
mod write;

pub use state_store::{
    CatchUp, ClaimLog, Commit, LoadState, OpenStore, ReadLog, ReadObservations, StateStoreActor, StoreView,
};
pub use write::WriteError;
pub(crate) use write::commit;
