//! Key keeper: the only owner of the API keys.
//!
//! Owns      the key records (hashes, never keys)
//! Takes     [`AddKey`], [`RemoveKey`]: answered when on disk and in force
//! Queue     64 messages
//! Restarts  from the store
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Slot, Snapshot, StartError};
use crate::store::{LoadState, StateStoreActor, WriteError, commit};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture, WrapFuture};
use bellwether_domain::ports::{Write, Written};
use bellwether_domain::types::KeyRecord;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often keys are read again: what another process on the same store changed is known within this.
const LOOK: Duration = Duration::from_secs(1);

/// Adds a key.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), WriteError>")]
pub struct AddKey {
    /// Place in the queue.
    pub slot: Slot,
    /// The record.
    pub record: KeyRecord,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// Removes a key; the answer says whether there was one.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, WriteError>")]
pub struct RemoveKey {
    /// Place in the queue.
    pub slot: Slot,
    /// Its identity.
    pub id: String,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// Puts records in force at the edge.
pub type PublishKeys = dyn Fn(&[KeyRecord]) + Send + Sync;

/// What the keeper needs.
#[derive(Clone)]
pub struct KeyKeeperOptions {
    /// The records it publishes.
    pub keys: Snapshot<Vec<KeyRecord>>,
    /// Puts them in force.
    pub publish: Arc<PublishKeys>,
    /// Where they become durable.
    pub store: Handle<StateStoreActor>,
    /// For injected faults.
    pub faults: FaultPoint,
}

impl std::fmt::Debug for KeyKeeperOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyKeeperOptions").field("keys", &self.keys.load().len()).finish_non_exhaustive()
    }
}

/// The actor.
#[derive(Debug)]
pub struct KeyKeeper {
    options: KeyKeeperOptions,
    /// Counts changes, so that a look that began before one does not undo it.
    changes: u64,
}

crate::answers_heartbeat!(KeyKeeper);

impl KeyKeeper {
    /// A factory for the supervisor.
    pub fn factory(options: KeyKeeperOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| Ok(Self { options: options.clone(), changes: 0 })
    }

    fn publish(&mut self, keys: Vec<KeyRecord>) {
        self.changes += 1;
        (self.options.publish)(&keys);
        self.options.keys.publish(Arc::new(keys));
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        if matches!(self.options.faults.strike_thread(), Injected::Hang(_)) {
            return;
        }
        let (store, changes) = (self.options.store.clone(), self.changes);
        let load = async move { store.ask(Instant::now() + Duration::from_secs(5), |slot| LoadState { slot }).await };
        ctx.spawn(load.into_actor(self).map(move |stored, this, _| {
            if let Ok(Ok(stored)) = stored
                && changes == this.changes
                && stored.keys != **this.options.keys.load()
            {
                this.publish(stored.keys);
            }
        }));
    }

    fn struck(&self) -> bool {
        matches!(self.options.faults.strike_thread(), Injected::Hang(_) | Injected::Error)
    }
}

impl Actor for KeyKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look(ctx);
        ctx.run_interval(LOOK, Self::look);
    }
}

impl Handler<AddKey> for KeyKeeper {
    type Result = ResponseActFuture<Self, Result<(), WriteError>>;

    fn handle(&mut self, AddKey { slot, record, deadline }: AddKey, _: &mut Self::Context) -> Self::Result {
        if self.struck() {
            return Box::pin(async { Err(WriteError::Injected) }.into_actor(self));
        }
        let committed = commit(&self.options.store, deadline, Write::AddKey(record.clone()));
        Box::pin(committed.into_actor(self).map(move |committed, this, _| {
            drop(slot);
            committed?;
            let mut keys = this.options.keys.load().to_vec();
            keys.retain(|known| known.id != record.id);
            keys.push(record);
            this.publish(keys);
            Ok(())
        }))
    }
}

impl Handler<RemoveKey> for KeyKeeper {
    type Result = ResponseActFuture<Self, Result<bool, WriteError>>;

    fn handle(&mut self, RemoveKey { slot, id, deadline }: RemoveKey, _: &mut Self::Context) -> Self::Result {
        if self.struck() {
            return Box::pin(async { Err(WriteError::Injected) }.into_actor(self));
        }
        let committed = commit(&self.options.store, deadline, Write::RemoveKey { id: id.clone() });
        Box::pin(committed.into_actor(self).map(move |committed, this, _| {
            drop(slot);
            let removed = committed? == Written::Done;
            let mut keys = this.options.keys.load().to_vec();
            keys.retain(|known| known.id != id);
            this.publish(keys);
            Ok(removed)
        }))
    }
}
