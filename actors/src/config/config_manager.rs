//! Configuration manager: publishes the version in force and watches that the store agrees.
//!
//! Owns      the configuration version in force
//! Takes     only heartbeats; its work comes from its own timer
//! Queue     16
//! Restarts  from what it published
use crate::runtime::{Birth, FaultPoint, Handle, Injected, Snapshot, StartError};
use crate::store::{LoadState, StateStoreActor};
use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use bellwether_domain::config::ConfigVersion;
use std::time::Duration;
use tokio::time::Instant;

/// How often the version in force is compared with the store's.
const LOOK: Duration = Duration::from_secs(2);
/// How often a fault meant for this actor is looked for.
const FAULT_CHECK: Duration = Duration::from_millis(100);

/// What the manager needs.
#[derive(Debug, Clone)]
pub struct ConfigManagerOptions {
    /// What it publishes.
    pub active: Snapshot<ConfigVersion>,
    /// Where versions are kept.
    pub store: Handle<StateStoreActor>,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// The actor.
#[derive(Debug)]
pub struct ConfigManager {
    options: ConfigManagerOptions,
}

crate::answers_heartbeat!(ConfigManager);

impl ConfigManager {
    /// A factory for the supervisor.
    pub fn factory(options: ConfigManagerOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| Ok(Self { options: options.clone() })
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let store = self.options.store.clone();
        let load = async move { store.ask(Instant::now() + Duration::from_secs(5), |slot| LoadState { slot }).await };
        ctx.spawn(load.into_actor(self).map(|stored, this, _| {
            if let Ok(Ok(stored)) = stored {
                this.compare(stored.config.as_ref());
            }
        }));
    }

    fn compare(&self, stored: Option<&ConfigVersion>) {
        let active = self.options.active.load();
        let drifted = stored.is_none_or(|stored| stored.hash != active.hash);
        metrics::gauge!("config_drift").set(f64::from(u8::from(drifted)));
        if drifted {
            tracing::error!(active = active.id, "the store holds another configuration version than the one in force");
        }
    }
}

impl Actor for ConfigManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK, Self::look);
        ctx.run_interval(FAULT_CHECK, |this, _| {
            if let Injected::Hang(_) = this.options.faults.strike_thread() {
                tracing::debug!("an injected hang is over");
            }
        });
    }
}
