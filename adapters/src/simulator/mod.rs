//! Simulator of a trading day: six services, fed by a market, with deploys and incidents. The telemetry source of the
//! embedded profile.
mod fleet;
mod noise;
mod queueing;
mod schedule;
mod service_tick;
mod source;
mod trading_day;

pub use source::{Simulator, SimulatorOptions};
