//! Configuration versions: documents that are managed, deployed and rolled back.
mod document;
mod version;

pub use document::ConfigDocument;
pub use version::{ConfigVersion, VersionState};
