//! Stands in for the systems that keep things, for tests and for runs that need not outlive the process.
mod learner_logs;
mod store;

pub use store::InMemoryStore;
