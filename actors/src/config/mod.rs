//! Configuration: which version is in force.
mod config_manager;

pub use config_manager::{ConfigManager, ConfigManagerOptions};
