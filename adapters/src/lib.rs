//! The outside: one folder per system, each behind a port of the domain.
pub mod csv;
pub mod in_memory;
pub mod model_registry;
pub mod process;
pub mod simulator;
pub mod sqlite;
