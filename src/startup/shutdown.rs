//! The end: why it came, and how it is gone about.
use super::{Born, ESCALATION};
use crate::http::services::Services;
use actix_rt::task::JoinHandle;
use bellwether_actors::models::bandit::SaveExperiments;
use bellwether_actors::models::regime_detection::SaveStreams;
use bellwether_actors::runtime::RunningRoot;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// How long snapshots may take at the end; what they do not hold is in the log.
const SAVED_WITHIN: Duration = Duration::from_secs(3);

/// Why the process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// SIGTERM: whoever sends it (Kubernetes) may still route requests here for a while.
    Terminated,
    /// Ctrl-C: somebody waits at the terminal.
    Interrupted,
    /// Supervision could not heal it.
    Escalated(String),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Terminated => f.write_str("SIGTERM"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Escalated(why) => f.write_str(why),
        }
    }
}

impl Ending {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Terminated | Self::Interrupted => ExitCode::SUCCESS,
            Self::Escalated(_) => ExitCode::from(ESCALATION),
        }
    }
}

/// Waits for whatever ends the process.
pub(super) async fn wait(
    root: &mut RunningRoot,
    mut fatal: watch::Receiver<Option<String>>,
    serving: &mut JoinHandle<std::io::Result<()>>,
    workers: &mut mpsc::Receiver<Born>,
) -> Ending {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate()).ok(), signal(SignalKind::interrupt()).ok());
    tokio::select! {
        () = received(&mut terminate) => Ending::Terminated,
        () = received(&mut interrupt) => Ending::Interrupted,
        ended = root.ended() => Ending::Escalated(format!("the root supervisor ended: {}", ended.message)),
        raised = fatal.wait_for(Option::is_some) => {
            let why = raised.ok().and_then(|why| why.clone());
            Ending::Escalated(why.unwrap_or_else(|| "the fatal signal is gone".to_owned()))
        }
        _ = serving => Ending::Escalated("the HTTP server ended".to_owned()),
        _ = workers.recv() => Ending::Escalated("an HTTP worker died and was replaced".to_owned()),
    }
}

async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Goes on serving for `drain` while readiness says no; a second signal cuts it short, Ctrl-C needs none.
pub(super) async fn drain(ending: &Ending, drain: Duration) {
    if *ending == Ending::Interrupted {
        return;
    }
    tracing::info!(reason = %ending, drain_ms = drain.as_millis() as u64, "draining");
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate()).ok(), signal(SignalKind::interrupt()).ok());
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        () = received(&mut terminate) => {}
        () = received(&mut interrupt) => {}
    }
}

/// Keeps what the online learners know, so that the next start has little to catch up with.
pub(super) async fn save(services: &Services) {
    let deadline = tokio::time::Instant::now() + SAVED_WITHIN;
    if let Err(unavailable) = services.bandit.ask(deadline, |slot| SaveExperiments { slot }).await {
        tracing::warn!(reason = %unavailable, "no last snapshot of the experiments: the next start replays the log");
    }
    if let Err(unavailable) = services.regime_detection.ask(deadline, |slot| SaveStreams { slot }).await {
        tracing::warn!(reason = %unavailable, "no last snapshot of the streams: the next start replays the log");
    }
}
