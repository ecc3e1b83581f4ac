//! What SQLite's result codes mean for the one who asked.
use bellwether_domain::ports::StoreError;
use rusqlite::{Error, ErrorCode, ffi};
use std::path::Path;

/// What was going on when SQLite refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Reads only.
    Reading,
    /// Opening for writing, or a transaction.
    Writing,
}

/// The store's word for `error`, met at `place`.
pub(super) fn translate(place: &Path, doing: Doing, error: &Error) -> StoreError {
    let (place, mut why) = (place.display().to_string(), error.to_string());
    if let Error::SqliteFailure(failure, _) = error
        && failure.code == ErrorCode::SystemIoFailure
    {
        // "disk I/O error" alone leaves the cause open; the extended code often knows it.
        why = format!("{why} ({})", ffi::code_to_str(failure.extended_code));
    }
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged { place, why },
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_CORRUPTFS => {
                StoreError::Damaged { place, why }
            }
            ErrorCode::DiskFull => StoreError::NotWritable { place, why },
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure
                if doing == Doing::Writing =>
            {
                StoreError::NotWritable { place, why }
            }
            _ => StoreError::Failed { place, why },
        },
        Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..) => {
            StoreError::Damaged { place, why }
        }
        _ => StoreError::Failed { place, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_writer_is_told_that_the_place_cannot_be_written() {
        let place = Path::new("/data/x.db");
        for (code, reading, writing) in [
            (ffi::SQLITE_FULL, "cannot be written", "cannot be written"),
            (ffi::SQLITE_READONLY, "failed", "cannot be written"),
            (ffi::SQLITE_IOERR_WRITE, "failed", "cannot be written"),
            (ffi::SQLITE_CORRUPT, "is damaged", "is damaged"),
            (ffi::SQLITE_NOTADB, "is damaged", "is damaged"),
            (ffi::SQLITE_BUSY, "failed", "failed"),
        ] {
            let error = Error::SqliteFailure(ffi::Error::new(code), None);
            for (doing, expected) in [(Doing::Reading, reading), (Doing::Writing, writing)] {
                let said = translate(place, doing, &error).to_string();
                assert!(said.starts_with(&format!("the store at /data/x.db {expected}: ")), "{code} {said}");
            }
        }
    }
}
