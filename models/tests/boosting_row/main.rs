//! One-row inference of boosted trees, through the public interface alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failure here is meant to panic; no interface to document")]

#[path = "../support/random_trees.rs"]
mod random_trees;

mod equal_bits;
mod refusals;
