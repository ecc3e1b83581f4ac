//! `bellwether serve`: runs the control plane.
use crate::observability::logging;
use crate::settings::{Layers, Settings};
use bellwether_adapters::csv::Speed;
use std::path::PathBuf;
use std::process::ExitCode;

/// Starts everything and returns when it has stopped: success after a signal,
/// [`ESCALATION`](super::ESCALATION) when the supervisor gave up.
pub type Serve = fn(Settings, ServeOptions) -> anyhow::Result<ExitCode>;

/// What `serve` is told besides the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct ServeOptions {
    /// Folder for what must survive; made if it is missing.
    pub data_dir: PathBuf,
    /// Telemetry from a file.
    pub replay: Option<Replay>,
}

/// A file of telemetry to play back.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// CSV with the columns `ts,service,name,value`.
    pub file: PathBuf,
    /// Seconds of the file per second, or everything at once.
    pub speed: Speed,
}

/// Run the control plane until SIGTERM or Ctrl-C.
///
/// Without arguments everything is embedded: a simulated trading day, a store in ./data, and an admin key that is written
/// to ./data/admin.key on the first start.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Settings file (TOML); `bellwether settings show` lists the keys
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on, above all settings [default: 127.0.0.1:8000]
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<String>,
    /// Folder for the store, keys and models; made if it is missing
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Plays back telemetry from a CSV file with the columns ts,service,name,value
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// How many seconds of the replay pass per second, or `max` for everything at once [default: 1]
    #[arg(long, value_name = "X", requires = "replay", allow_negative_numbers = true)]
    speed: Option<Speed>,
}

pub(super) fn run(arguments: Arguments, serve: Serve) -> anyhow::Result<ExitCode> {
    let Arguments { config, listen, data_dir, replay, speed } = arguments;
    let mut layers = Layers::new().environment(std::env::vars_os());
    if let Some(path) = config {
        layers = layers.file(path);
    }
    if let Some(address) = listen {
        layers = layers.flag("--listen", "server.listen", address);
    }
    let settings = layers.load()?.settings;
    let _log = logging::start(&settings.log)?;
    let replay = replay.map(|file| Replay { file, speed: speed.unwrap_or(Speed::Times(1.0)) });
    serve(settings, ServeOptions { data_dir, replay })
}
