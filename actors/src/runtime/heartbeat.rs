//! Heartbeats: how a supervisor finds a child that hangs.
use actix::Message;
use std::time::Duration;

/// A question that every actor answers at once; one that does not is hung.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Beat;

/// How often a child is asked, and how long it may take to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Wait between an answer and the next question.
    pub every: Duration,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Heartbeat {
    /// A heartbeat that finds a hang within `period`.
    #[must_use]
    pub fn within(period: Duration) -> Self {
        Self { every: period / 4, timeout: period - period / 4 }
    }
}

/// Lets an actor answer heartbeats.
#[macro_export]
macro_rules! answers_heartbeat {
    ($actor:ty) => {
        impl actix::Handler<$crate::runtime::Beat> for $actor {
            type Result = ();
            fn handle(&mut self, _: $crate::runtime::Beat, _: &mut Self::Context) {}
        }
    };
}
