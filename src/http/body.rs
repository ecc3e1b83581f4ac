//! Request bodies: bounded in bytes and in total time, however slowly they drip.
use super::problem::Problem;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;

/// Longest refused body that is read and thrown away so that its connection can go on.
const LONGEST_DISCARDED: u64 = 64 * 1024;
/// How long a refused body may take to arrive; usually it is already there.
const DISCARD_TIMEOUT: Duration = Duration::from_millis(100);
/// Largest buffer that is reserved on a client's word alone, in bytes.
const LARGEST_RESERVATION: usize = 64 * 1024;

/// Bounds of every body; in the application's data.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Longest body, in bytes, unless its type says otherwise.
    pub bytes: usize,
    /// Longest time from the head to the body's last byte.
    pub timeout: Duration,
}

impl Default for BodyLimits {
    /// 1 MiB in 10 s.
    fn default() -> Self {
        Self { bytes: 1024 * 1024, timeout: Duration::from_secs(10) }
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body.
///
/// # Errors
/// 413 beyond the limit (before anything is read, if the length is announced), 408 if it takes too long, 400 if it
/// breaks off.
pub async fn read(headers: &HeaderMap, payload: &mut Payload, limits: BodyLimits) -> Result<Bytes, Problem> {
    let announced = announced_length(headers).unwrap_or(0);
    if announced > limits.bytes as u64 {
        return Err(Problem::too_large(limits.bytes));
    }
    if matches!(payload, Payload::None) {
        return Ok(Bytes::new());
    }
    let reserved = usize::try_from(announced).unwrap_or(0).min(LARGEST_RESERVATION);
    let all = collect(payload, reserved, limits.bytes);
    tokio::time::timeout(limits.timeout, all).await.unwrap_or_else(|_| {
        let allowed = limits.timeout.as_millis();
        Err(Problem::request_timeout(format!("the body did not arrive within {allowed} ms")))
    })
}

async fn collect(payload: &mut Payload, reserved: usize, limit: usize) -> Result<Bytes, Problem> {
    let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(broken)?;
    if first.len() > limit {
        return Err(Problem::too_large(limit));
    }
    // Nearly every body comes in one piece: it is taken over without a copy.
    let Some(second) = payload.next().await else { return Ok(first) };
    let mut all = BytesMut::with_capacity(reserved.max(first.len()));
    all.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        let chunk = chunk.map_err(broken)?;
        if all.len() + chunk.len() > limit {
            return Err(Problem::too_large(limit));
        }
        all.extend_from_slice(&chunk);
        next = payload.next().await;
    }
    Ok(all.freeze())
}

fn broken(error: PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => Problem::of_status(actix_web::http::StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        other => Problem::bad_request(format!("the body broke off: {other}")),
    }
}

/// Throws away the body of a refused request if it is short and comes at once, so that the connection can be used
/// again. Otherwise it stays unread: actix-http then answers with `Connection: close` and reads on for a moment, so
/// that the client gets to see the answer.
pub async fn discard(headers: &HeaderMap, payload: &mut Payload) {
    let short = announced_length(headers).is_some_and(|length| length <= LONGEST_DISCARDED);
    if !short || matches!(payload, Payload::None) {
        return;
    }
    let rest = async { while let Some(Ok(_)) = payload.next().await {} };
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, rest).await; // too slow: the connection is closed
}
