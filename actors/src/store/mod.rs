//! The store: everything that must survive, behind one thread.
mod state_store;

pub use state_store::{CatchUp, Commit, LoadState, OpenStore, ReadObservations, StateStoreActor, StoreView};
