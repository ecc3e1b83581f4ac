//! The model registry on this machine: one SQLite file for versions and histories, and a file per model named by its hash.
//!
//! Unlike the store it is meant for several processes at a time: a server reads while a command registers. SQLite's
//! write-ahead log and locks keep them apart; files never change once they are in place.
mod client;
mod connection;
mod error;
mod files;
#[cfg(test)]
mod tests;
mod wire;

pub use client::LocalModelRegistry;
