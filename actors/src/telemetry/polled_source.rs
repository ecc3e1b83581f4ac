//! Source actor: asks one source at intervals and hands what it brings to the feature store and the watched streams.
//!
//! Owns      the source and its circuit breaker
//! Takes     only heartbeats; its work comes from its own timer
//! Queue     1
//! Restarts  with the source made anew; observations given twice are duplicates, which the feature store drops
use super::SourceCell;
use crate::features::{FeatureStore, Ingest};
use crate::models::regime_detection::{RegimeDetectionActor, tell_of};
use crate::runtime::{Birth, FaultPoint, Handle, Injected, StartError, now};
use actix::{Actor, AsyncContext, Context};
use bellwether_domain::ports::{Polled, SourceError, TelemetrySource};
use bellwether_domain::supervision::{BreakerState, CircuitBreaker};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Makes the source; called at each start of the actor.
pub type MakeSource = dyn Fn() -> Result<Box<dyn TelemetrySource>, SourceError> + Send + Sync;

/// What a source actor needs.
#[derive(Clone)]
pub struct PolledSourceOptions {
    /// Makes the source.
    pub make: Arc<MakeSource>,
    /// Failures in a row that open the breaker, and for how long.
    pub breaker: (u32, Duration),
    /// Where observations go.
    pub features: Handle<FeatureStore>,
    /// Where they are watched for changes.
    pub streams: Handle<RegimeDetectionActor>,
    /// Where the state is shown.
    pub cell: Arc<SourceCell>,
    /// For injected faults.
    pub faults: FaultPoint,
}

impl std::fmt::Debug for PolledSourceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolledSourceOptions").field("cell", &self.cell).finish_non_exhaustive()
    }
}

/// The actor.
pub struct PolledSource {
    options: PolledSourceOptions,
    source: Box<dyn TelemetrySource>,
    breaker: CircuitBreaker,
    born: Instant,
}

impl std::fmt::Debug for PolledSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolledSource").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

crate::answers_heartbeat!(PolledSource);

impl PolledSource {
    /// A factory for the supervisor.
    pub fn factory(options: PolledSourceOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            let source = (options.make)().map_err(|error| StartError(error.to_string()))?;
            let breaker = CircuitBreaker::new(options.breaker.0, options.breaker.1);
            Ok(Self { options: options.clone(), source, breaker, born: Instant::now() })
        }
    }

    fn poll(&mut self, ctx: &mut Context<Self>) {
        let elapsed = self.born.elapsed();
        let mut again_in = self.source.interval();
        if self.breaker.admit(elapsed) {
            match self.ask() {
                Ok(Polled::Observations(observations)) => {
                    self.breaker.succeeded();
                    self.hand_over(observations);
                }
                Ok(Polled::Ended) => {
                    tracing::info!(source = self.options.cell.name(), "the source has given all it has");
                    return;
                }
                Err(error) => {
                    self.breaker.failed(elapsed);
                    tracing::warn!(failure = %error, "a telemetry source failed");
                }
            }
        }
        let state = self.breaker.state(self.born.elapsed());
        self.options.cell.breaker(state);
        if state != BreakerState::Closed {
            again_in = again_in.max(Duration::from_millis(100));
        }
        ctx.run_later(again_in, Self::poll);
    }

    fn ask(&mut self) -> Result<Polled, SourceError> {
        if self.options.faults.strike_thread() == Injected::Error {
            return Err(SourceError { source_name: "source", why: "an injected fault".to_owned() });
        }
        self.source.poll(now())
    }

    fn hand_over(&self, observations: Vec<bellwether_domain::types::Observation>) {
        if observations.is_empty() {
            return;
        }
        tell_of(&self.options.streams, observations.clone());
        let count = observations.len();
        match self.options.features.tell(|slot| Ingest { slot, observations }) {
            Ok(()) => self.options.cell.seen(count, now()),
            Err(unavailable) => {
                metrics::counter!("telemetry_samples_dropped_total").increment(count as u64);
                tracing::debug!(count, reason = %unavailable, "observations were dropped");
            }
        }
    }
}

impl Actor for PolledSource {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.poll(ctx);
    }
}
