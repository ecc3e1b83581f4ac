//! What SQLite's and the file system's refusals mean for the one who asked.
use bellwether_domain::ports::RegistryError;
use rusqlite::{Error, ErrorCode};
use std::io;
use std::path::Path;

/// The registry's word for what SQLite said at `place`.
pub(super) fn translate(place: &Path, error: &Error) -> RegistryError {
    let (place, why) = (place.display().to_string(), error.to_string());
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => RegistryError::Damaged { place, why },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => RegistryError::Busy { place },
            ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                RegistryError::NotWritable { place, why }
            }
            _ => RegistryError::Failed { place, why },
        },
        Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..) => {
            RegistryError::Damaged { place, why }
        }
        _ => RegistryError::Failed { place, why },
    }
}

/// The registry's word for a write that the file system refused.
pub(super) fn not_written(place: &Path, error: &io::Error) -> RegistryError {
    RegistryError::NotWritable { place: place.display().to_string(), why: error.to_string() }
}
