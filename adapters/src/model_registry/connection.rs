//! Opens the registry's database: several processes may do so at once, and the first one makes it.
use super::error::{not_written, translate};
use bellwether_domain::ports::RegistryError;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// How long SQLite waits for another process before it gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// Attempts at switching to the write-ahead log, which does not wait by itself while another process does the same.
const ATTEMPTS: u32 = 30;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(50);
/// Says that a database is a registry of ours ("BWMR").
const APPLICATION_ID: i32 = 0x4257_4d52;

/// Each entry lifts the schema by one version and never changes once released.
const MIGRATIONS: &[&str] = &["
CREATE TABLE versions (
    model TEXT NOT NULL,
    number INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    document TEXT NOT NULL, -- JSON object
    PRIMARY KEY (model, number)
) WITHOUT ROWID;
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL,
    document TEXT NOT NULL -- JSON object
);
CREATE INDEX events_of_model ON events (model, sequence);
"];

/// Opens the database at `path` for writing, and makes it if there is none; where nothing can be written an existing one is
/// opened for reading.
pub(super) fn open(path: &Path) -> Result<Connection, RegistryError> {
    match open_writable(path) {
        Err(RegistryError::NotWritable { place, why }) if path.exists() => {
            open_read_only(path).map_err(|_| RegistryError::NotWritable { place, why })
        }
        other => other,
    }
}

fn open_writable(path: &Path) -> Result<Connection, RegistryError> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| not_written(path, &error))?;
    }
    // Made here for its mode; SQLite gives its log the same.
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map_err(|error| not_written(path, &error))?;
    let failed = |error: rusqlite::Error| translate(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    let version = version_of_ours(path, &connection)?;
    use_write_ahead_log(path, &connection)?;
    connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
    if version < MIGRATIONS.len() {
        migrate(&mut connection).map_err(failed)?;
    }
    Ok(connection)
}

/// After a clean end there is no log, and where nobody can write the database may be read as it lies.
fn open_read_only(path: &Path) -> Result<Connection, RegistryError> {
    let failed = |error: rusqlite::Error| translate(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    version_of_ours(path, &connection)?;
    Ok(connection)
}

/// The schema's version, 0 for a new file; refuses what another program, or a newer one, wrote.
fn version_of_ours(path: &Path, connection: &Connection) -> Result<usize, RegistryError> {
    let failed = |error: rusqlite::Error| translate(path, &error);
    let place = || path.display().to_string();
    // One view of the file for all three reads: another process may be making the database just now.
    let view = connection.unchecked_transaction().map_err(failed)?;
    let number = |name: &str| -> Result<i64, RegistryError> {
        view.pragma_query_value(None, name, |row| row.get(0)).map_err(failed)
    };
    let (id, version) = (number("application_id")?, number("user_version")?);
    // Reads the schema, so that a cut-off file is found now.
    let tables: i64 = view.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    drop(view);
    match (id, tables) {
        (0, 0) => Ok(0),
        _ if id != i64::from(APPLICATION_ID) => {
            Err(RegistryError::Damaged { place: place(), why: "it is another program's database".to_owned() })
        }
        _ => match usize::try_from(version) {
            Ok(version) if version <= MIGRATIONS.len() => Ok(version),
            _ => {
                let why = format!("a newer program wrote it (schema {version}, known {})", MIGRATIONS.len());
                Err(RegistryError::Failed { place: place(), why })
            }
        },
    }
}

fn use_write_ahead_log(path: &Path, connection: &Connection) -> Result<(), RegistryError> {
    let switch = || connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
    let mut attempt = 0;
    loop {
        attempt += 1;
        match switch() {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let why = format!("write-ahead logging is not possible there (journal mode {mode})");
                return Err(RegistryError::Failed { place: path.display().to_string(), why });
            }
            Err(error) if is_busy(&error) && attempt < ATTEMPTS => std::thread::sleep(PAUSE),
            Err(error) => return Err(translate(path, &error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Takes the steps that are missing, unless another process took them meanwhile.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (step, number) in MIGRATIONS.iter().zip(1_i64..).skip(usize::try_from(done).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}

/// Whether a database that held something is gone or empty: SQLite would take it for new.
pub(super) fn is_lost(path: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map_or(0, |facts| facts.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    length(path) == 0 && length(Path::new(&log)) == 0
}
