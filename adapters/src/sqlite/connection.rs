//! Opens the file: makes it whole or not at all, never touches what is not ours, and falls back to reading.
use super::client::SqliteOptions;
use super::error::{Doing, translate};
use super::schema;
use bellwether_domain::ports::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long SQLite waits for another connection (a reader's checkpoint, say) before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Statements kept ready: all that there are, or the commonest are prepared anew whenever a rare one came between.
const STATEMENTS: usize = 64;
/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Length of its head, in bytes.
const HEAD: usize = 100;

/// An open file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Why it cannot be written, if so.
    pub(super) read_only: Option<StoreError>,
}

/// Opens the database at `path`, makes it if there is none, and falls back to reading where writing is impossible.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Opened, StoreError> {
    inspect_or_make(path)?;
    match open_writable(path, options) {
        Ok(connection) => Ok(Opened { connection, read_only: None }),
        Err(refusal @ StoreError::NotWritable { .. }) => {
            let connection = open_read_only(path)?;
            Ok(Opened { connection, read_only: Some(refusal) })
        }
        Err(other) => Err(other),
    }
}

/// Opens an existing database for writing.
pub(super) fn open_writable(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| translate(path, Doing::Writing, &error);
    // The hashes of keys live there, and SQLite makes the log with the file's mode. Where the file is another user's, its mode is that user's business.
    if fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
        let _ = fs::set_permissions(path, Permissions::from_mode(0o600));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::NotWritable { place: shown(path), why: "the file is read-only".to_owned() });
    }
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    check_is_ours(path, &connection, Doing::Writing)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let why = format!("write-ahead logging is not possible there (journal mode {mode})");
        return Err(StoreError::Failed { place: shown(path), why });
    }
    for (name, value) in [("synchronous", "full"), ("foreign_keys", "on")] {
        connection.pragma_update(None, name, value).map_err(failed)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Keeps the log small after a burst; pragmas that answer with a row need the checked form.
    connection.pragma_update_and_check(None, "journal_size_limit", 1 << 26, |_| Ok(())).map_err(failed)?;
    if let Some(bytes) = options.max_bytes {
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX).checked_div(page).unwrap_or(1).clamp(1, 0xffff_fffe);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(failed)?;
    }
    schema::migrate(&mut connection).map_err(failed)?;
    Ok(connection)
}

fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let attempt = Connection::open_with_flags(path, flags)
        .map_err(|error| translate(path, Doing::Reading, &error))
        .and_then(|connection| readable(path, connection));
    let refusal = match attempt {
        Ok(connection) => return Ok(connection),
        Err(refusal @ StoreError::Failed { .. }) => refusal,
        Err(other) => return Err(other),
    };
    // After a clean stop there is no log and SQLite would have to make one. Nobody can write where we cannot make a
    // file, so the database may be read as it lies.
    if has_log(path) {
        return Err(refusal);
    }
    let connection = Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|error| translate(path, Doing::Reading, &error))?;
    readable(path, connection)
}

fn readable(path: &Path, connection: Connection) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| translate(path, Doing::Reading, &error);
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    check_is_ours(path, &connection, Doing::Reading)?;
    match schema::version(&connection).map_err(failed)? {
        schema::VERSION => Ok(connection),
        older => {
            let why = format!("it has schema {older}, must be lifted to {}, and is read-only", schema::VERSION);
            Err(StoreError::NotWritable { place: shown(path), why })
        }
    }
}

fn check_is_ours(path: &Path, connection: &Connection, doing: Doing) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| translate(path, doing, &error);
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if id != schema::APPLICATION_ID {
        return Err(StoreError::Damaged { place: shown(path), why: "it is another program's database".to_owned() });
    }
    let found = schema::version(connection).map_err(failed)?;
    if found > schema::VERSION {
        let why = format!("a newer program wrote it (schema {found}, known {}): run that one", schema::VERSION);
        return Err(StoreError::Failed { place: shown(path), why });
    }
    // Reads every page of the schema, so that a cut-off file is found now.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map_err(failed)?;
    Ok(())
}

/// Looks at the file before SQLite does: SQLite takes an empty one for new, which would hide a loss.
fn inspect_or_make(path: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::Failed { place: shown(path), why: error.to_string() };
    let damaged = |why: &str| Err(StoreError::Damaged { place: shown(path), why: why.to_owned() });
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            Err(StoreError::Failed { place: shown(path), why: "it is no regular file".to_owned() })
        }
        Ok(_) => {
            let mut head = [0; HEAD];
            let mut file = File::open(path).map_err(failed)?;
            match file.read_exact(&mut head) {
                Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(failed(error)),
                Ok(()) if head.starts_with(MAGIC) => {}
                _ => return damaged("it is no SQLite database (cut off or another kind of file)"),
            }
            let length = file.metadata().map_err(failed)?.len();
            // With a log the file may lawfully be shorter: the log holds the rest.
            match said_length(&head) {
                Some(said) if length < said && !has_log(path) => damaged("it is cut off"),
                _ => Ok(()),
            }
        }
        // A new database beside an old log would take the log for its own.
        Err(error) if error.kind() == ErrorKind::NotFound && beside(path, "-wal").exists() => {
            damaged("the database is gone but its log (-wal) is there")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a new database under another name and moves it into place, so that a database is never half made.
fn make(path: &Path) -> Result<(), StoreError> {
    let new = beside(path, ".new");
    let no_place = |error: io::Error| {
        let why = format!("no database is there and none can be made: {error}");
        StoreError::NotWritable { place: shown(path), why }
    };
    for leftover in [new.clone(), beside(&new, "-journal")] {
        match fs::remove_file(leftover) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(no_place(error)),
            _ => {}
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(no_place)?;
    fill(&new).map_err(|error| translate(path, Doing::Writing, &error))?;
    fs::rename(&new, path).map_err(no_place)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(no_place)
}

fn fill(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    schema::migrate(&mut connection)?;
    connection.close().map_err(|(_, error)| error)
}

/// The file's length as its head says, in bytes; `None` where the head does not know it (SQLite file format, 1.3.7).
fn said_length(head: &[u8; HEAD]) -> Option<u64> {
    let number = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    let page = match u64::from(number(16)? >> 16) {
        1 => 65_536,
        bytes => bytes,
    };
    (number(24)? == number(92)?).then_some(u64::from(number(28)?) * page)
}

fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.is_file() && log.len() > 0)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}
