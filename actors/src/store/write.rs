//! What every owner of durable state does: a change goes to the store, and only then into force.
use super::{Commit, StateStoreActor};
use crate::runtime::{Handle, Unavailable};
use bellwether_domain::ports::{StoreError, Write, Written};
use tokio::time::Instant;

/// Why a change was not acknowledged; it is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum WriteError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an injected fault")]
    Injected,
}

/// Makes a change durable; borrows nothing, so that an actor can go on meanwhile.
pub(crate) fn commit(
    store: &Handle<StateStoreActor>,
    deadline: Instant,
    write: Write,
) -> impl Future<Output = Result<Written, WriteError>> + use<> {
    let store = store.clone();
    async move { Ok(store.ask(deadline, |slot| Commit { slot, write }).await??) }
}
