//! The runtime: supervision, typed messages, one actor a file.
//!
//! Folders stand in the order in which data flows: `telemetry`, `features`, `models`, `safety`; beside them `config`,
//! `learning` (what models that learn while they serve share), `registry` (trained models and their versions) and `retraining`, the
//! `store` and the `runtime` that keeps them all alive.
pub mod access;
pub mod config;
pub mod features;
pub mod learning;
pub mod models;
pub mod registry;
pub mod retraining;
pub mod runtime;
pub mod safety;
pub mod store;
pub mod telemetry;
