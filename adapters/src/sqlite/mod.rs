//! The embedded store: one SQLite file (WAL, flushed at every commit) in a data directory that one process holds.
mod client;
mod connection;
mod data_directory;
mod dictionary;
mod error;
mod learner_log;
pub(crate) mod position;
mod schema;
mod wire;

pub use client::{SqliteOptions, SqliteStore};
pub use data_directory::{DataDirectory, DataDirectoryError};
