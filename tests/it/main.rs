//! The program from outside: the real binary on a free port with a data directory of its own, spoken to over HTTP and by
//! its command line. One test binary, so that it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is meant to panic")]

mod support;

mod cli_bandit;
mod cli_bench;
mod cli_conformal;
mod cli_detect;
mod cli_explain;
mod cli_help;
mod cli_models;
mod cli_predict;
mod cli_serve;
mod cli_settings;
mod cli_train;
mod failure_faults;
mod failure_kill;
mod failure_learners;
mod failure_regime_detection;
mod failure_registry;
mod failure_storage;
mod failure_supervision;
mod http_admin;
mod http_bandit;
mod http_config;
mod http_docs;
mod http_extreme_events;
mod http_features;
mod http_health;
mod http_metrics;
mod http_models;
mod http_observations;
mod http_overrides;
mod http_refusals;
mod http_regime_detection;
mod http_safety;
mod replay;
mod retraining;
mod tidy;
