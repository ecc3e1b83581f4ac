//! Feature store: turns observations into features and publishes them for everybody to read.
//!
//! Owns      the feature engine (rolling state of every series)
//! Takes     [`Ingest`], answered when the features are published
//! Queue     1,024 batches; a source's next batch is dropped and counted, a pushed one is on disk already
//! Restarts  from its last recovery snapshot (at most a second old) and, for what was pushed, from the store
use super::FeatureReader;
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Slot, Snapshot, StartError, now};
use crate::store::{CatchUp, StateStoreActor};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use bellwether_domain::features::{FeatureEngine, OLDEST};
use bellwether_domain::types::Observation;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Observations that a start catches up with at most; the newest count.
const CATCH_UP: usize = 50_000;
/// Observations taken in at a stretch, before other messages get their turn.
const STRETCH: usize = 20_000;

/// Takes observations in.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Ingest {
    /// Place in the queue.
    pub slot: Slot,
    /// In any order.
    pub observations: Vec<Observation>,
}

/// What the feature store needs.
#[derive(Debug, Clone)]
pub struct FeatureStoreOptions {
    /// An engine without observations.
    pub empty: FeatureEngine,
    /// The engine as of the last tick, for a restart.
    pub recovery: Snapshot<Option<FeatureEngine>>,
    /// Where features are published.
    pub reader: FeatureReader,
    /// What was pushed before.
    pub store: Handle<StateStoreActor>,
    /// How often ages are measured and the recovery snapshot is taken.
    pub tick: Duration,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// The actor.
#[derive(Debug)]
pub struct FeatureStore {
    engine: FeatureEngine,
    options: FeatureStoreOptions,
}

crate::answers_heartbeat!(FeatureStore);

impl FeatureStore {
    /// A factory for the supervisor.
    pub fn factory(options: FeatureStoreOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let recovered = Option::clone(&options.recovery.load());
            let engine = recovered.unwrap_or_else(|| options.empty.clone());
            Ok(Self { engine, options: options.clone() })
        }
    }

    fn ingest(&mut self, observations: &[Observation]) {
        let now = now();
        for observation in observations {
            let _ = self.engine.ingest(observation, now);
        }
        self.options.reader.publish(self.engine.refresh(now));
    }

    fn catch_up(&self, ctx: &mut Context<Self>) {
        let (store, since) = (self.options.store.clone(), now().minus(OLDEST));
        let missed = async move {
            let deadline = Instant::now() + Duration::from_secs(10);
            store.ask(deadline, |slot| CatchUp { slot, since, limit: CATCH_UP }).await
        };
        ctx.spawn(missed.into_actor(self).map(|missed, this, ctx| match missed {
            Ok(Ok(observations)) => observations.chunks(STRETCH).for_each(|stretch| this.ingest(stretch)),
            Ok(Err(error)) => tracing::warn!(failure = %error, "pushed observations could not be read back"),
            Err(_) => {
                ctx.run_later(Duration::from_millis(500), |this, ctx| this.catch_up(ctx));
            }
        }));
    }

    fn tick(&mut self) {
        if matches!(self.options.faults.strike_thread(), Injected::Hang(_)) {
            return;
        }
        let now = now();
        self.options.reader.publish(self.engine.refresh(now));
        self.options.recovery.publish(Arc::new(Some(self.engine.clone())));
        self.measure_ages(now);
    }

    /// Age of the freshest value of each declared feature, over all services.
    fn measure_ages(&self, now: bellwether_domain::types::Timestamp) {
        for spec in self.engine.registry().features() {
            let services = self.options.reader.services();
            let readings = services.iter().take(64).filter_map(|service| self.options.reader.peek(service));
            let youngest = readings
                .filter_map(|features| features.read(spec.name.as_str(), now).map(|reading| now.since(reading.as_of)))
                .min();
            if let Some(age) = youngest {
                metrics::gauge!("feature_age_seconds", "feature" => spec.name.to_string()).set(age.as_secs_f64());
            }
        }
    }
}

impl Actor for FeatureStore {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.catch_up(ctx);
        ctx.run_interval(self.options.tick, |this, _| this.tick());
    }
}

impl Handler<Ingest> for FeatureStore {
    type Result = ();

    fn handle(&mut self, Ingest { slot, observations }: Ingest, _: &mut Self::Context) {
        drop(slot);
        self.ingest(&observations);
    }
}
