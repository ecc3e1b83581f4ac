//! Watches the thread on which the supervisors live: nobody else could notice that it hangs.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Exits the process with `exit_code` when the calling thread's event loop makes no turn for `patience`.
///
/// The watching thread counts its own turns, so that a stopped process (SIGSTOP, a suspended machine) is no hang.
///
/// # Errors
/// When the operating system gives no thread.
pub fn watch_main_thread(patience: Duration, exit_code: i32) -> std::io::Result<()> {
    let turns = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&turns);
    let turn = patience / 20;
    actix_rt::spawn(async move {
        loop {
            tokio::time::sleep(turn).await;
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let watch = move || {
        let (mut seen, mut quiet) = (0, 0);
        loop {
            std::thread::sleep(turn);
            let now = turns.load(Ordering::Relaxed);
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
            if quiet > 20 {
                tracing::error!("the supervisors' thread hangs: the process exits to be restarted");
                std::process::exit(exit_code);
            }
        }
    };
    std::thread::Builder::new().name("watchdog".to_owned()).spawn(watch).map(drop)
}
