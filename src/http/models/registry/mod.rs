//! `/models/{name}/...`: registered models, their versions, and who is champion.
pub mod changing;
pub mod document;
pub mod retraining;
pub mod versions;

use super::super::Problem;
use super::super::routes::Endpoint;
use super::super::services::put_off;
use bellwether_domain::ports::RegistryError;
use bellwether_domain::registry::ModelName;

/// The routes of this folder.
pub const ROUTES: &[Endpoint] =
    &[versions::GET, changing::PROMOTE, changing::ROLLBACK, retraining::GET, retraining::START, retraining::CANCEL];

/// The model of a path; one that cannot be a name is one that is not there.
fn named(text: &str) -> Result<ModelName, Problem> {
    ModelName::new(text).map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::not_found("there is no such model: GET /models/list names those that are registered")
}

/// What a refusal of the registry means for the one who asked.
fn refused(error: &RegistryError) -> Problem {
    match error {
        RegistryError::UnknownModel { .. } => unknown(),
        RegistryError::UnknownVersion { name, version } => {
            Problem::not_found(format!("model {name} has no version {version}: GET /models/{name}/versions lists them"))
        }
        RegistryError::Promotion(_)
        | RegistryError::Rollback(_)
        | RegistryError::ChampionChanged { .. }
        | RegistryError::AlreadyRegistered { .. }
        | RegistryError::DamagedFile { .. } => Problem::conflict(error.to_string()),
        RegistryError::Damaged { .. }
        | RegistryError::NotWritable { .. }
        | RegistryError::Busy { .. }
        | RegistryError::Failed { .. } => put_off("changing the registry", error),
    }
}
