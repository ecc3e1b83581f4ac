//! Rows and what they stand for. Words such as a role are stored as they appear in JSON.
use bellwether_domain::config::ConfigVersion;
use bellwether_domain::safety::{EmergencyEntry, Override};
use bellwether_domain::types::{KeyRecord, ServiceId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A cell whose content has no meaning for us: the file is damaged.
pub(super) fn unreadable(column: usize, why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(why))
}

fn word<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Ok(other.to_string()),
        Err(error) => Err(Error::ToSqlConversionFailure(Box::new(error))),
    }
}

fn from_word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word = serde_json::Value::String(row.get(column)?);
    serde_json::from_value(word).map_err(|error| unreadable(column, error))
}

fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| unreadable(column, error))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_nanoseconds)
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map([], read)?.collect()
}

pub(super) fn set_emergency(connection: &Connection, entry: &EmergencyEntry) -> rusqlite::Result<usize> {
    let EmergencyEntry { scope, active, behaviour, reason, by, since } = entry;
    let sql = "INSERT OR REPLACE INTO emergency (scope, active, behaviour, reason, set_by, since)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![scope.to_string(), active, word(behaviour)?, reason, by, since.nanoseconds()];
    connection.prepare_cached(sql)?.execute(values)
}

/// The brake, by the text of its scopes.
pub(super) fn emergency(connection: &Connection) -> rusqlite::Result<Vec<EmergencyEntry>> {
    let sql = "SELECT scope, active, behaviour, reason, set_by, since FROM emergency ORDER BY scope";
    all(connection, sql, |row| {
        Ok(EmergencyEntry {
            scope: parsed(row, 0)?,
            active: row.get(1)?,
            behaviour: from_word(row, 2)?,
            reason: row.get(3)?,
            by: row.get(4)?,
            since: time(row, 5)?,
        })
    })
}

pub(super) fn add_override(connection: &Connection, one: &Override) -> rusqlite::Result<usize> {
    let Override { id, model, service, output, reason, by, created_at, expires_at } = one;
    let output = serde_json::to_string(output).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT INTO overrides (id, model, service, output, reason, set_by, created_at, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
    let service = service.as_ref().map(ServiceId::as_str);
    let (created_at, expires_at) = (created_at.nanoseconds(), expires_at.nanoseconds());
    let values = params![id, model.stem(), service, output, reason, by, created_at, expires_at];
    connection.prepare_cached(sql)?.execute(values)
}

pub(super) fn remove_override(connection: &Connection, id: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM overrides WHERE id = ?1")?.execute([id])
}

/// Overrides, oldest first.
pub(super) fn overrides(connection: &Connection) -> rusqlite::Result<Vec<Override>> {
    let sql = "SELECT id, model, service, output, reason, set_by, created_at, expires_at FROM overrides
               ORDER BY created_at, id";
    all(connection, sql, |row| {
        let no_service = row.get_ref(2)? == rusqlite::types::ValueRef::Null;
        Ok(Override {
            id: row.get(0)?,
            model: parsed(row, 1)?,
            service: if no_service { None } else { Some(parsed(row, 2)?) },
            output: serde_json::from_str(row.get_ref(3)?.as_str()?).map_err(|error| unreadable(3, error))?,
            reason: row.get(4)?,
            by: row.get(5)?,
            created_at: time(row, 6)?,
            expires_at: time(row, 7)?,
        })
    })
}

pub(super) fn add_key(connection: &Connection, key: &KeyRecord) -> rusqlite::Result<usize> {
    let KeyRecord { id, name, role, sha256, created_at } = key;
    let sql = "INSERT INTO api_keys (id, name, role, sha256, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (id) DO NOTHING";
    let values = params![id, name, word(role)?, sha256, created_at.nanoseconds()];
    connection.prepare_cached(sql)?.execute(values)
}

pub(super) fn remove_key(connection: &Connection, id: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM api_keys WHERE id = ?1")?.execute([id])
}

/// API keys, oldest first.
pub(super) fn keys(connection: &Connection) -> rusqlite::Result<Vec<KeyRecord>> {
    let sql = "SELECT id, name, role, sha256, created_at FROM api_keys ORDER BY created_at, id";
    all(connection, sql, |row| {
        Ok(KeyRecord {
            id: row.get(0)?,
            name: row.get(1)?,
            role: from_word(row, 2)?,
            sha256: row.get(3)?,
            created_at: time(row, 4)?,
        })
    })
}

/// Keeps `version` unless there is one already; whether it did.
pub(super) fn seed_config(connection: &Connection, version: &ConfigVersion) -> rusqlite::Result<usize> {
    let ConfigVersion { id, hash, state, author, created_at, document } = version;
    let sql = "INSERT INTO config_versions (id, hash, state, author, created_at, document)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM config_versions)";
    let values = params![id, hash, word(state)?, author, created_at.nanoseconds(), document];
    connection.prepare_cached(sql)?.execute(values)
}

/// The active version.
pub(super) fn active_config(connection: &Connection) -> rusqlite::Result<Option<ConfigVersion>> {
    let sql = "SELECT id, hash, state, author, created_at, document FROM config_versions WHERE state = 'ACTIVE'";
    let mut found = all(connection, sql, |row| {
        Ok(ConfigVersion {
            id: row.get(0)?,
            hash: row.get(1)?,
            state: from_word(row, 2)?,
            author: row.get(3)?,
            created_at: time(row, 4)?,
            document: row.get(5)?,
        })
    })?;
    Ok(found.pop())
}
