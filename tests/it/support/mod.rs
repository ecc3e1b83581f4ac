//! What the tests share: the running program, a client, waiting without sleeping blindly.
mod answer;
mod commands;
mod models;
mod server;

pub(crate) use answer::Answer;
pub(crate) use commands::{Output, bellwether, command};
pub(crate) use models::{Models, constant_model, padded_model};
pub(crate) use server::{Client, Launch, NOBODY, Server};

use std::time::{Duration, Instant};

/// How long anything may take that should be immediate; the machine may be busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sixty service times in milliseconds with a moderately heavy tail: made once by a random generator, then fixed.
pub(crate) const SERVICE_TIMES: [f64; 60] = [
    24.94, 24.37, 12.14, 28.31, 13.46, 47.61, 9.42, 27.23, 10.16, 23.17, 13.61, 19.27, 10.4, 8.4, 12.11, 12.81, 9.3,
    11.12, 20.24, 9.65, 14.92, 11.3, 14.73, 11.35, 14.04, 18.38, 22.74, 43.07, 10.77, 15.2, 44.72, 19.2, 20.94, 15.08,
    27.84, 16.23, 10.93, 10.02, 10.57, 16.43, 9.95, 15.22, 8.32, 11.0, 8.12, 16.21, 9.61, 9.44, 11.42, 9.82, 11.93,
    23.47, 11.58, 11.57, 16.51, 23.06, 11.42, 14.96, 16.37, 26.47,
];

/// A request that the model answers by a fit: half of the values lie in the tail.
pub(crate) fn good_question() -> serde_json::Value {
    serde_json::json!({ "values": &SERVICE_TIMES[..], "threshold_quantile": 0.5 })
}

/// A time in RFC 3339, so many milliseconds before now.
pub(crate) fn before_now(milliseconds: u64) -> String {
    let at = jiff::Timestamp::now() - Duration::from_millis(milliseconds);
    format!("{at:.3}")
}
