//! Access: who owns the API keys.
mod key_keeper;

pub use key_keeper::{AddKey, KeyKeeper, KeyKeeperOptions, PublishKeys, RemoveKey};
