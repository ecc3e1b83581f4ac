//! Log lines on standard error: set up once, written by a thread of their own so that a stuck reader never blocks an
//! actor. When the queue is full lines are dropped and counted.
use super::log_line::{Form, Lines};
use crate::settings::{Log, LogFormat};
use std::io::{BufWriter, IsTerminal};
use std::sync::OnceLock;
use std::time::SystemTime;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;

/// Target of the line that each inference leaves; its raw fields are JSON of our own writing and not looked at again.
pub const INFERENCE: &str = "inference";

/// Lines that may wait for the writer.
const QUEUE: usize = 8_192;

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Keeps the log alive: dropping it writes what is still queued, for at most a second.
#[derive(Debug)]
#[must_use = "dropping it ends the log"]
pub struct LogGuard {
    _worker: WorkerGuard,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum LoggingError {
    #[error("the log is set up already: call start once per process")]
    StartedTwice(#[from] tracing::subscriber::SetGlobalDefaultError),
    #[error("the log filter does not parse: check log.level")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Sends every event of the process to standard error, as `log` says.
///
/// # Errors
/// [`LoggingError`] on a second call, or if the filter does not parse (settings have checked it).
pub fn start(log: &Log) -> Result<LogGuard, LoggingError> {
    let terminal = std::io::stderr().is_terminal();
    let form = match log.format {
        LogFormat::Json => Form::Json,
        LogFormat::Auto if !terminal => Form::Json,
        LogFormat::Auto | LogFormat::Text => {
            Form::Text { colour: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
        }
    };
    let filter = EnvFilter::builder().parse(log.level.as_str())?;
    let (writer, worker) = NonBlockingBuilder::default()
        .buffered_lines_limit(QUEUE)
        .lossy(true)
        .thread_name("log-writer")
        .finish(BufWriter::with_capacity(64 * 1024, std::io::stderr()));
    let dropped = writer.error_counter();
    let subscriber = tracing_subscriber::registry().with(filter).with(Lines::new(form, SystemTime::now, writer));
    tracing::subscriber::set_global_default(subscriber)?;
    let _ = DROPPED.set(dropped);
    Ok(LogGuard { _worker: worker })
}

/// Lines dropped so far because the queue was full; exported as `log_lines_dropped_total`.
#[must_use]
pub fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |counter| counter.dropped_lines() as u64)
}

/// Makes a panic one log line (or, where no log is set up, one line on standard error) with its place and thread.
/// Of the message only a literal is shown: a formatted one may carry data. No backtrace.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let reason = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        let thread = std::thread::current();
        if tracing::dispatcher::has_been_set() {
            let thread = thread.name().unwrap_or("unnamed");
            tracing::error!(location = place.as_str(), thread, reason, "panicked");
        } else {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "error: a bug stopped bellwether at {place}\nhint: please report it");
        }
    }));
}
