//! Services, names and experiments as small numbers. What was read stays in memory; it is forgotten when a transaction fails,
//! because the numbers that it gave out are gone then.
use super::wire::unreadable;
use bellwether_domain::types::{ExperimentName, FeatureName, ServiceId};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;
use std::hash::Hash;

/// A kind of text that has a table of its own.
pub(super) trait Entry:
    Clone + Eq + Hash + std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>
{
    const ALL: &'static str;
    const FIND: &'static str;
    const ADD: &'static str;
    fn text(&self) -> &str;
}

impl Entry for ServiceId {
    const ALL: &'static str = "SELECT id, text FROM services";
    const FIND: &'static str = "SELECT id FROM services WHERE text = ?1";
    const ADD: &'static str = "INSERT INTO services (text) VALUES (?1)";
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Entry for FeatureName {
    const ALL: &'static str = "SELECT id, text FROM names";
    const FIND: &'static str = "SELECT id FROM names WHERE text = ?1";
    const ADD: &'static str = "INSERT INTO names (text) VALUES (?1)";
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Entry for ExperimentName {
    const ALL: &'static str = "SELECT id, text FROM experiments";
    const FIND: &'static str = "SELECT id FROM experiments WHERE text = ?1";
    const ADD: &'static str = "INSERT INTO experiments (text) VALUES (?1)";
    fn text(&self) -> &str {
        self.as_str()
    }
}

/// Texts and their numbers, both ways.
#[derive(Debug)]
pub(super) struct Dictionary<T> {
    complete: bool,
    numbers: HashMap<T, i64>,
    texts: HashMap<i64, T>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { complete: false, numbers: HashMap::new(), texts: HashMap::new() }
    }
}

impl<T: Entry> Dictionary<T> {
    /// The number of `text`, given out now if it has none. Only inside a transaction.
    pub(super) fn number_of(&mut self, connection: &Connection, text: &T) -> rusqlite::Result<i64> {
        if let Some(number) = self.find(connection, text)? {
            return Ok(number);
        }
        connection.prepare_cached(T::ADD)?.execute([text.text()])?;
        Ok(self.keep(connection.last_insert_rowid(), text.clone()))
    }

    /// The number of `text`, if it has one.
    pub(super) fn find(&mut self, connection: &Connection, text: &T) -> rusqlite::Result<Option<i64>> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(Some(*number));
        }
        let found = connection.prepare_cached(T::FIND)?.query_row([text.text()], |row| row.get(0)).optional()?;
        Ok(found.map(|number| self.keep(number, text.clone())))
    }

    /// The text of a number that a row holds.
    pub(super) fn text_of(&mut self, connection: &Connection, number: i64) -> rusqlite::Result<T> {
        if let Some(text) = self.texts.get(&number) {
            return Ok(text.clone());
        }
        self.all(connection)?.get(&number).cloned().ok_or(rusqlite::Error::QueryReturnedNoRows) // foreign keys forbid it
    }

    /// Every text by its number.
    pub(super) fn all(&mut self, connection: &Connection) -> rusqlite::Result<&HashMap<i64, T>> {
        if !self.complete {
            let mut statement = connection.prepare_cached(T::ALL)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text = row.get_ref(1)?.as_str()?.parse().map_err(|error| unreadable(1, error))?;
                self.keep(row.get(0)?, text);
            }
            self.complete = true;
        }
        Ok(&self.texts)
    }

    fn keep(&mut self, number: i64, text: T) -> i64 {
        self.texts.insert(number, text.clone());
        self.numbers.insert(text, number);
        number
    }
}
