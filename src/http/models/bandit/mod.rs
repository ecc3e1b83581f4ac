//! `/models/bandit`: decisions, their rewards, and the experiments they belong to.
pub mod control;
pub mod decide;
pub mod experiments;
pub mod reward;

use super::super::Problem;
use super::super::routes::Endpoint;
use bellwether_domain::types::ExperimentName;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] = &[
    decide::POST,
    reward::POST,
    experiments::LIST,
    experiments::GET,
    control::PAUSE,
    control::FREEZE,
    control::RESUME,
    control::RETIRE,
    control::PROMOTE,
    control::READMIT,
];

/// The experiment that a path names.
fn named(path: &str) -> Result<ExperimentName, Problem> {
    // What cannot be a name names nothing.
    ExperimentName::new(path).map_err(|error| Problem::not_found(error.to_string()))
}

fn unknown(name: &ExperimentName) -> Problem {
    Problem::not_found(format!("there is no experiment {name}: GET /models/bandit lists them"))
}
