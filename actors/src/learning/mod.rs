//! What the online learners share: one owner, a durable log, snapshots, and catching up after a restart.
mod journal;
mod ownership;

pub use journal::{CaughtUp, NotKept};
pub(crate) use journal::{
    Journal, Learns, ReadsParts, Settled, append, begin, keep_in_mind, snapshot_every, take_snapshot, when_caught_up,
};
pub(crate) use ownership::{Owners, Ownership};
