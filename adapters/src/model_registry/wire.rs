//! Rows of the registry's tables: documents in JSON beside the columns that are looked up.
use bellwether_domain::registry::{ContentHash, ModelEvent, ModelName, ModelVersion, RegisteredModel, VersionNumber};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, params};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// All models by name, or the one of that name.
pub(super) fn models(connection: &Connection, name: Option<&str>) -> rusqlite::Result<Vec<RegisteredModel>> {
    let mut models: BTreeMap<ModelName, RegisteredModel> = BTreeMap::new();
    let sql = "SELECT model, document FROM versions WHERE ?1 IS NULL OR model = ?1 ORDER BY model, number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![name])?;
    while let Some(row) = rows.next()? {
        let (name, version) = (model_name(row)?, document::<ModelVersion>(row, 1)?);
        let empty = || RegisteredModel { name: name.clone(), versions: Vec::new(), history: Vec::new() };
        models.entry(name.clone()).or_insert_with(empty).versions.push(version);
    }
    let sql = "SELECT model, document FROM events WHERE ?1 IS NULL OR model = ?1 ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![name])?;
    while let Some(row) = rows.next()? {
        let event = document::<ModelEvent>(row, 1)?;
        if let Some(model) = models.get_mut(&model_name(row)?) {
            model.history.push(event);
        }
    }
    Ok(models.into_values().collect())
}

pub(super) fn add_version(connection: &Connection, name: &ModelName, version: &ModelVersion) -> rusqlite::Result<()> {
    let document = text(version)?;
    let sql = "INSERT INTO versions (model, number, sha256, document) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![name.as_str(), version.number.0, version.sha256.as_bytes(), document])?;
    Ok(())
}

pub(super) fn add_event(connection: &Connection, name: &ModelName, event: &ModelEvent) -> rusqlite::Result<()> {
    let document = text(event)?;
    connection
        .execute("INSERT INTO events (model, document) VALUES (?1, ?2)", params![name.as_str(), document])
        .map(|_| ())
}

/// The version of a model that holds these bytes.
pub(super) fn version_of(
    connection: &Connection,
    name: &ModelName,
    hash: &ContentHash,
) -> rusqlite::Result<Option<ModelVersion>> {
    let sql = "SELECT model, document FROM versions WHERE model = ?1 AND sha256 = ?2 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![name.as_str(), hash.as_bytes()])?;
    rows.next()?.map(|row| document(row, 1)).transpose()
}

/// The number of a model's next version.
pub(super) fn next_number(connection: &Connection, name: &ModelName) -> rusqlite::Result<VersionNumber> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM versions WHERE model = ?1";
    connection.query_row(sql, [name.as_str()], |row| row.get(0).map(VersionNumber))
}

fn model_name(row: &Row<'_>) -> rusqlite::Result<ModelName> {
    let name: String = row.get(0)?;
    ModelName::new(&name).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

fn document<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn text(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}
