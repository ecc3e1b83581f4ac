//! Features, computed ahead of requests and read without a lock.
mod feature_reader;
mod feature_store;

pub use feature_reader::FeatureReader;
pub use feature_store::{FeatureStore, FeatureStoreOptions, Ingest};
