//! A panic in a handler ends as a value, so that the caller gets an answer and the connection stays usable.
//!
//! actix-web by itself closes the connection without an answer. Covers the handler until its answer's head;
//! a body that streams afterwards is outside.
use futures_util::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

/// What a panicking handler left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked {
    /// The panic's text, cut to 300 bytes; for the log, never for the caller.
    pub message: String,
}

/// Runs a future to its end or to its panic.
///
/// Unwind safety is asserted: the handler's state is dropped, and what outlives it is either immutable or owned by
/// an actor, which has its own supervisor.
///
/// # Errors
/// [`Panicked`] if it panicked.
pub async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panicked { message: text_of(&*payload) })
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without text".to_owned(),
    };
    super::problem::shortened(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_panic_becomes_a_value_with_its_text() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let literal = caught(async { panic!("literal") }).await.map(|(): ()| ());
        assert_eq!(literal, Err(Panicked { message: "literal".to_owned() }));
        let formatted = caught(async { panic!("formatted {}", 1) }).await.map(|(): ()| ());
        assert_eq!(formatted, Err(Panicked { message: "formatted 1".to_owned() }));
        let odd = caught(async { std::panic::panic_any(7_u8) }).await.map(|(): ()| ());
        assert_eq!(odd, Err(Panicked { message: "a panic without text".to_owned() }));
    }
}
