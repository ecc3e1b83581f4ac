//! The adapters against real files and real processes.
#[cfg(test)]
mod stores;
