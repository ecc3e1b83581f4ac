//! Models of boosted trees and the tables they read: shared by every command that predicts.
//!
//! Columns go by the model's feature names; more columns are ignored and said once. A model without names takes `f0`,
//! `f1`, ..., or the columns' order when their number is the model's.
mod columns;
mod file;
mod output;

pub(super) use columns::Rows;
pub(super) use file::{open_model, say_best_round};
pub(super) use output::{Choice, Chosen, explainer};
