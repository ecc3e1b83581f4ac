//! Push actor: observations that others send; durable before they are acknowledged.
//!
//! Owns      nothing but its place in the order
//! Takes     [`Push`], answered when the observations are on disk and the feature store has published them
//! Queue     256 batches; the next caller is told to come back
//! Restarts  with nothing lost: what was not acknowledged is sent again by its sender
use super::SourceCell;
use crate::features::{FeatureStore, Ingest};
use crate::models::regime_detection::{RegimeDetectionActor, tell_of};
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Slot, StartError, now};
use crate::store::{Commit, StateStoreActor, WriteError, commit};
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture};
use bellwether_domain::ports::{Write, Written};
use bellwether_domain::types::Observation;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long observations are kept, and how often older ones are forgotten.
const KEPT: Duration = Duration::from_secs(48 * 3_600);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// How long an acknowledgement may wait for the feature store; what is on disk reaches it later anyway.
const PUBLISHED_WITHIN: Duration = Duration::from_millis(250);

/// Keeps observations and puts them into the features.
#[derive(Debug, Message)]
#[rtype(result = "Result<PushOutcome, WriteError>")]
pub struct Push {
    /// Place in the queue.
    pub slot: Slot,
    /// Well-formed observations.
    pub observations: Vec<Observation>,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOutcome {
    /// Observations that were new.
    pub accepted: usize,
    /// Observations whose key was known already.
    pub duplicates: usize,
}

/// The actor.
#[derive(Debug)]
pub struct PushActor {
    store: Handle<StateStoreActor>,
    features: Handle<FeatureStore>,
    streams: Handle<RegimeDetectionActor>,
    cell: Arc<SourceCell>,
    faults: FaultPoint,
}

crate::answers_heartbeat!(PushActor);

impl PushActor {
    /// A factory for the supervisor.
    pub fn factory(
        store: Handle<StateStoreActor>,
        features: Handle<FeatureStore>,
        streams: Handle<RegimeDetectionActor>,
        cell: Arc<SourceCell>,
        faults: FaultPoint,
    ) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            Ok(Self {
                store: store.clone(),
                features: features.clone(),
                streams: streams.clone(),
                cell: Arc::clone(&cell),
                faults: faults.clone(),
            })
        }
    }
}

impl Actor for PushActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(FORGET_EVERY, |this, _| {
            let forget = Write::ForgetObservationsBefore(now().minus(KEPT));
            if let Err(unavailable) = this.store.tell(|slot| Commit { slot, write: forget }) {
                tracing::debug!(reason = %unavailable, "old observations stay a minute longer");
            }
        });
    }
}

impl Handler<Push> for PushActor {
    type Result = ResponseFuture<Result<PushOutcome, WriteError>>;

    fn handle(&mut self, Push { slot, observations, deadline }: Push, _: &mut Self::Context) -> Self::Result {
        if matches!(self.faults.strike_thread(), Injected::Hang(_) | Injected::Error) {
            return Box::pin(async { Err(WriteError::Injected) });
        }
        let (store, features, cell) = (self.store.clone(), self.features.clone(), Arc::clone(&self.cell));
        let streams = self.streams.clone();
        Box::pin(async move {
            let _waiting = slot; // a batch counts as queued until it is durable
            let write = Write::Observations(observations.clone());
            let written = commit(&store, deadline, write).await?;
            let Written::Observations(new) = written else {
                return Ok(PushOutcome { accepted: 0, duplicates: observations.len() });
            };
            cell.seen(observations.len(), now());
            let accepted = new.iter().filter(|new| **new).count();
            let duplicates = observations.len() - accepted;
            tell_of(&streams, observations.clone());
            // Duplicates go along: after a restart of the feature store they may be news to it.
            let published = deadline.min(Instant::now() + PUBLISHED_WITHIN);
            if let Err(unavailable) = features.ask(published, |slot| Ingest { slot, observations }).await {
                tracing::debug!(reason = %unavailable, "the feature store will catch up from the store");
            }
            Ok(PushOutcome { accepted, duplicates })
        })
    }
}
