//! The telemetry sources that are asked at intervals: a simulated day or a replay, and the process itself.
use crate::cli::ServeOptions;
use crate::settings::Settings;
use anyhow::Context as _;
use bellwether_actors::runtime::now;
use bellwether_actors::telemetry::MakeSource;
use bellwether_adapters::csv::{Replay, ReplayOptions};
use bellwether_adapters::process::ProcessMetrics;
use bellwether_adapters::simulator::{Simulator, SimulatorOptions};
use bellwether_domain::ports::{SourceError, TelemetrySource};
use std::sync::Arc;

/// The sources that are asked at intervals, by name.
pub(super) fn polled(
    settings: &Settings,
    options: &ServeOptions,
) -> anyhow::Result<Vec<(&'static str, Arc<MakeSource>)>> {
    let mut sources: Vec<(&'static str, Arc<MakeSource>)> = Vec::new();
    let started_at = now();
    let simulator = &settings.telemetry.simulator;
    if simulator.enabled && options.replay.is_none() {
        let chosen = SimulatorOptions { seed: simulator.seed, speed: simulator.speed.get(), started_at };
        Simulator::new(chosen).context("telemetry.simulator")?; // refused now, not at the actor's start
        sources.push(("simulator", making("simulator", move || Simulator::new(chosen))));
    }
    if let Some(replay) = &options.replay {
        let (file, chosen) = (replay.file.clone(), ReplayOptions::new(replay.speed, started_at));
        let first = Replay::open(&file, chosen).map_err(|error| {
            crate::cli::Refusal::new(error.to_string(), "give a CSV file with the columns ts,service,name,value")
        })?;
        let malformed = first.malformed();
        if malformed.count > 0 {
            tracing::warn!(count = malformed.count, first = ?malformed.first, "rows of the replay are malformed and left out");
        }
        sources.push(("replay", making("replay", move || Replay::open(&file, chosen))));
    }
    let interval = settings.telemetry.interval_ms.duration();
    sources.push(("process", making("process", move || Ok::<_, SourceError>(ProcessMetrics::new(interval)))));
    Ok(sources)
}

fn making<S: TelemetrySource + 'static, E: std::fmt::Display>(
    source_name: &'static str,
    make: impl Fn() -> Result<S, E> + Send + Sync + 'static,
) -> Arc<MakeSource> {
    Arc::new(move || match make() {
        Ok(source) => Ok(Box::new(source) as Box<dyn TelemetrySource>),
        Err(error) => Err(SourceError { source_name, why: error.to_string() }),
    })
}
