//! What a person at the terminal sees first: where it listens, and what to try.
use crate::cli::ServeOptions;
use crate::settings::{LogFormat, Settings};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// Prints the address and lines to try, unless the log is for machines; logs the start in any case.
pub(super) fn announce(settings: &Settings, options: &ServeOptions, addresses: &[SocketAddr], took: Duration) {
    let Some(address) = addresses.first() else { return };
    tracing::info!(%address, ready_after_ms = took.as_millis() as u64, "ready");
    if settings.log.format != LogFormat::Json {
        // Nobody may be listening; that is no reason to end.
        let _ = std::io::stdout().write_all(text(*address, &options.data_dir.display().to_string()).as_bytes());
        let _ = std::io::stdout().flush();
    }
}

fn text(address: SocketAddr, data_dir: &str) -> String {
    let url = format!("http://{address}");
    format!(
        "
  Bellwether listens on {url}
  Documentation        {url}/docs
  Health               {url}/health

  Try:
    curl {url}/features/order-gateway
    curl -X POST {url}/models/extreme-events -H 'Content-Type: application/json' -d '{{\"service\": \"order-gateway\"}}'
    curl -X POST {url}/safety/emergency-mode -H \"Authorization: Bearer $(cat {data_dir}/admin.key)\" -H 'Content-Type: application/json' -d '{{\"active\": true, \"reason\": \"drill\", \"scope\": \"model:extreme_events\"}}'
    curl {url}/safety/status
    curl -X POST {url}/safety/emergency-mode -H \"Authorization: Bearer $(cat {data_dir}/admin.key)\" -H 'Content-Type: application/json' -d '{{\"active\": false, \"reason\": \"drill over\", \"scope\": \"model:extreme_events\"}}'

  Stop with Ctrl-C.

"
    )
}
