//! Configuration versions: documents that are managed, deployed and rolled back.
mod version;

pub use version::{ConfigVersion, VersionState};
