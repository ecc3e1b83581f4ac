//! The store's conversation with SQLite: one transaction per commit, one range per page.
use super::connection::{self, Opened};
use super::dictionary::Dictionary;
use super::error::{Doing, translate};
use super::{learner_log, position, wire};
use bellwether_domain::ports::{
    Claimed, Learner, Logged, ObservationPage, ObservationQuery, StateStore, StoreError, StoredState, Write, Written,
};
use bellwether_domain::types::{ExperimentName, FeatureName, Observation, ServiceId, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::{Path, PathBuf};

/// What may be chosen when the store is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Size that the database file may reach, in bytes; beyond it commits fail with [`StoreError::NotWritable`] until
    /// something is removed. A file that is larger already keeps its size. No limit when absent.
    pub max_bytes: Option<u64>,
}

/// [`StateStore`] on one SQLite file: WAL, flushed to disk at every commit.
///
/// An identity that exists is not replaced: adding it again is [`Written::Unchanged`]. An observation whose value is
/// not finite is not kept and counts as not new.
///
/// When the place cannot be written, reads go on; each commit tries anew, so writes resume without reopening. Hold the
/// [`super::DataDirectory`] as long as the store: nothing else keeps a second process away.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    options: SqliteOptions,
    opened: Opened,
    dictionaries: Dictionaries,
}

#[derive(Debug, Default)]
pub(super) struct Dictionaries {
    pub(super) services: Dictionary<ServiceId>,
    pub(super) names: Dictionary<FeatureName>,
    pub(super) experiments: Dictionary<ExperimentName>,
}

impl SqliteStore {
    /// Opens the database file at `path`; makes it (mode 0600) if there is none. Where it can be read but not written
    /// it opens all the same and commits are refused.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`] if there is no database and none can be made, [`StoreError::Damaged`] if the file
    /// is cut off or not ours (it is left as it is), [`StoreError::Failed`] for anything else, such as a newer schema.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: impl Into<PathBuf>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = path.into();
        let opened = connection::open(&path, &options)?;
        Ok(Self { path, options, opened, dictionaries: Dictionaries::default() })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why nothing could be written when the store was opened or last tried to write after that; `None` while the
    /// file is open for writing.
    #[must_use]
    pub const fn read_only(&self) -> Option<&StoreError> {
        self.opened.read_only.as_ref()
    }

    fn read<T>(
        &mut self,
        reading: impl FnOnce(&Connection, &mut Dictionaries) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        reading(&self.opened.connection, &mut self.dictionaries)
            .map_err(|error| translate(&self.path, Doing::Reading, &error))
    }

    /// Opens the file for writing if it was open for reading only.
    fn ensure_writable(&mut self) -> Result<(), StoreError> {
        if self.opened.read_only.is_some() {
            match connection::open_writable(&self.path, &self.options) {
                Ok(connection) => {
                    self.opened = Opened { connection, read_only: None };
                    self.dictionaries = Dictionaries::default();
                }
                Err(refusal) => {
                    self.opened.read_only = Some(refusal.clone());
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }
}

impl StateStore for SqliteStore {
    fn load(&mut self) -> Result<StoredState, StoreError> {
        self.read(|connection, _| {
            Ok(StoredState {
                emergency: wire::emergency(connection)?,
                overrides: wire::overrides(connection)?,
                keys: wire::keys(connection)?,
                config: wire::active_config(connection)?,
            })
        })
    }

    fn commit(&mut self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        self.ensure_writable()?;
        let done = write_all(&mut self.opened.connection, &mut self.dictionaries, writes);
        done.map_err(|error| {
            self.dictionaries = Dictionaries::default();
            translate(&self.path, Doing::Writing, &error)
        })
    }

    fn observations(&mut self, query: &ObservationQuery) -> Result<ObservationPage, StoreError> {
        let after = query.after.as_deref().map(position::parse).transpose()?;
        self.read(|connection, dictionaries| page(connection, dictionaries, query, after.as_ref()))
    }

    fn observations_since(&mut self, since: Timestamp, limit: usize) -> Result<Vec<Observation>, StoreError> {
        self.read(|connection, dictionaries| newest(connection, dictionaries, since, limit))
    }

    fn claim(&mut self, learner: Learner) -> Result<Claimed, StoreError> {
        self.ensure_writable()?;
        let claimed = learner_log::claim(&mut self.opened.connection, learner);
        claimed.map_err(|error| translate(&self.path, Doing::Writing, &error))
    }

    fn log_after(&mut self, learner: Learner, after: u64, limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.read(|connection, dictionaries| learner_log::log_after(connection, dictionaries, learner, after, limit))
    }
}

fn write_all(
    connection: &mut Connection,
    dictionaries: &mut Dictionaries,
    writes: &[Write],
) -> rusqlite::Result<Vec<Written>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut outcomes = Vec::with_capacity(writes.len());
    for write in writes {
        let changed = match write {
            Write::Observations(observations) => {
                outcomes.push(Written::Observations(keep(&transaction, dictionaries, observations)?));
                continue;
            }
            Write::ForgetObservationsBefore(end) => {
                forget(&transaction, dictionaries, *end)?;
                outcomes.push(Written::Done);
                continue;
            }
            Write::Learner(write) => {
                outcomes.push(Written::Learner(learner_log::write(&transaction, dictionaries, write)?));
                continue;
            }
            Write::ForgetDecisionsBefore(end) => learner_log::forget_decisions(&transaction, *end)?,
            Write::Emergency(entry) => wire::set_emergency(&transaction, entry)?,
            Write::AddOverride(one) => wire::add_override(&transaction, one)?,
            Write::RemoveOverride { id } => wire::remove_override(&transaction, id)?,
            Write::AddKey(key) => wire::add_key(&transaction, key)?,
            Write::RemoveKey { id } => wire::remove_key(&transaction, id)?,
            Write::SeedConfig(version) => wire::seed_config(&transaction, version)?,
        };
        outcomes.push(if changed > 0 { Written::Done } else { Written::Unchanged });
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn keep(
    connection: &Connection,
    Dictionaries { services, names, .. }: &mut Dictionaries,
    observations: &[Observation],
) -> rusqlite::Result<Vec<bool>> {
    let sql = "INSERT INTO observations (service, at, name, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut insert = connection.prepare_cached(sql)?;
    let mut new = Vec::with_capacity(observations.len());
    for Observation { service, name, at, value } in observations {
        let is_new = value.is_finite() && {
            let (service, name) = (services.number_of(connection, service)?, names.number_of(connection, name)?);
            insert.execute(params![service, at.nanoseconds(), name, value])? > 0
        };
        new.push(is_new);
    }
    Ok(new)
}

fn forget(connection: &Connection, dictionaries: &mut Dictionaries, end: Timestamp) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM observations WHERE service = ?1 AND at < ?2")?;
    for service in dictionaries.services.all(connection)?.keys() {
        delete.execute(params![service, end.nanoseconds()])?;
    }
    Ok(())
}

fn page(
    connection: &Connection,
    Dictionaries { services, names, .. }: &mut Dictionaries,
    query: &ObservationQuery,
    after: Option<&(Timestamp, FeatureName)>,
) -> rusqlite::Result<ObservationPage> {
    let name = match &query.name {
        None => None,
        Some(name) => match names.find(connection, name)? {
            Some(number) => Some(number),
            None => return Ok(ObservationPage::default()),
        },
    };
    let Some(service) = services.find(connection, &query.service)? else {
        return Ok(ObservationPage::default());
    };
    let names = names.all(connection)?;
    let sql = "SELECT at, name, value FROM observations
               WHERE service = ?1 AND at >= ?2 AND (?3 IS NULL OR name = ?3) ORDER BY at, name";
    let mut statement = connection.prepare_cached(sql)?;
    let start = after.map_or(i64::MIN, |(at, _)| at.nanoseconds());
    let mut rows = statement.query(params![service, start, name])?;
    let mut observations: Vec<Observation> = Vec::new();
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_nanoseconds(row.get(0)?);
        // Within one point in time rows come by number, not by text: read it to its end.
        if observations.len() > query.limit && observations.last().is_some_and(|last| last.at != at) {
            break;
        }
        let Some(name) = names.get(&row.get(1)?) else { continue }; // foreign keys forbid it
        if after.is_some_and(|after| (at, name) <= (after.0, &after.1)) {
            continue;
        }
        let (service, name) = (query.service.clone(), name.clone());
        observations.push(Observation { service, name, at, value: row.get(2)? });
    }
    observations.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    let more = observations.len() > query.limit;
    observations.truncate(query.limit);
    let next = if more { observations.last().map(position::print) } else { None };
    Ok(ObservationPage { observations, next })
}

fn newest_first(a: &Observation, b: &Observation) -> std::cmp::Ordering {
    (b.at, &b.service, &b.name).cmp(&(a.at, &a.service, &a.name))
}

/// The newest `limit` of all services: service by service, where the oldest row that can still be among them raises
/// the floor for the services that follow.
fn newest(
    connection: &Connection,
    Dictionaries { services, names, .. }: &mut Dictionaries,
    since: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<Observation>> {
    let (services, names) = (services.all(connection)?, names.all(connection)?);
    let sql = "SELECT at, name, value FROM observations WHERE service = ?1 AND at >= ?2 ORDER BY at DESC, name DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let (mut floor, mut found) = (since, Vec::<Observation>::new());
    for (number, service) in services {
        let mut rows = statement.query(params![number, floor.nanoseconds()])?;
        let (mut taken, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_nanoseconds(row.get(0)?);
            if taken >= limit && last != Some(at) {
                break;
            }
            (taken, last) = (taken + 1, Some(at));
            let Some(name) = names.get(&row.get(1)?) else { continue }; // foreign keys forbid it
            let (service, name) = (service.clone(), name.clone());
            found.push(Observation { service, name, at, value: row.get(2)? });
        }
        // Only now and then: each selection looks at all that was found.
        if found.len() > limit.saturating_mul(2) {
            let (_, oldest, _) = found.select_nth_unstable_by(limit, newest_first);
            floor = oldest.at;
            found.truncate(limit);
        }
    }
    found.sort_unstable_by(newest_first);
    found.truncate(limit);
    found.reverse();
    Ok(found)
}
