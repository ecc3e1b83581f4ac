//! The only place in the actors that reads the wall clock.
use bellwether_domain::types::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock's time.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanoseconds(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
