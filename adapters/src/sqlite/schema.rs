//! The tables, as a list of migrations; `PRAGMA user_version` counts those that took place.
use rusqlite::{Connection, TransactionBehavior};

/// Says that a database is ours ("BWTH").
pub(super) const APPLICATION_ID: i32 = 0x4257_5448;

/// Each entry lifts the schema by one version and never changes once released.
///
/// Observations are keyed by (service, at, name): a poll of one service lands on neighbouring pages, a page of one
/// service is one range, and services and names are numbers so that a row takes some 20 bytes.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE services (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE observations (
    service INTEGER NOT NULL REFERENCES services (id),
    at INTEGER NOT NULL, -- nanoseconds since 1970
    name INTEGER NOT NULL REFERENCES names (id),
    value REAL NOT NULL,
    PRIMARY KEY (service, at, name)
) WITHOUT ROWID;
CREATE TABLE emergency (
    scope TEXT PRIMARY KEY,
    active INTEGER NOT NULL,
    behaviour TEXT NOT NULL,
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    since INTEGER NOT NULL -- nanoseconds since 1970
) WITHOUT ROWID;
CREATE TABLE overrides (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    service TEXT,
    output TEXT NOT NULL, -- JSON object
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL
);
CREATE TABLE config_versions (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    state TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
",
    "
CREATE TABLE learners (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL, -- which owner writes its log
    position INTEGER NOT NULL -- last entry that the parts below hold
) WITHOUT ROWID;
CREATE TABLE learner_parts (
    learner TEXT NOT NULL,
    part TEXT NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (learner, part)
) WITHOUT ROWID;
CREATE TABLE experiments (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY, -- position in the bandit's log, shared with rewards and experiment_events
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16), -- ULID
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    at INTEGER NOT NULL,
    mode INTEGER NOT NULL, -- 0 live, 1 shadow, 2 baseline only
    rewardable_until INTEGER NOT NULL,
    reward_lower REAL,
    reward_upper REAL,
    arm INTEGER NOT NULL,
    pick INTEGER,
    propensity REAL NOT NULL,
    round INTEGER NOT NULL,
    model_version INTEGER NOT NULL,
    context BLOB NOT NULL -- doubles, little-endian
);
CREATE TABLE rewards (
    seq INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL UNIQUE, -- decisions.seq
    value REAL NOT NULL,
    at INTEGER NOT NULL
);
CREATE TABLE experiment_events (
    seq INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE stream_values (
    seq INTEGER PRIMARY KEY, -- position in regime detection's log
    service INTEGER NOT NULL REFERENCES services (id),
    name INTEGER NOT NULL REFERENCES names (id),
    at INTEGER NOT NULL,
    value REAL NOT NULL
);
",
];

/// The version that this program writes.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// The database's version.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX)) // a negative version is none of ours: newer than any
}

/// Takes the steps that are missing, each whole or not at all.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let done = version(connection)?;
    for (step, number) in MIGRATIONS.iter().zip(1_i64..).skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
