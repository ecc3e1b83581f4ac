//! The registry's conversation with SQLite and the file system.
use super::error::translate;
use super::files::{Files, Kept};
use super::{connection, wire};
use bellwether_domain::ports::{FileStamp, ModelRegistry, NewVersion, Promotion, RegistryError, Signed};
use bellwether_domain::registry::{
    Action, ContentHash, ModelEvent, ModelName, ModelVersion, RegisteredModel, VersionNumber, may_promote,
    rollback_target,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};

/// Folder of the registry in the data directory.
const FOLDER: &str = "models";
/// Name of its database.
const DATABASE: &str = "registry.db";
/// Folder of its files.
const FILES: &str = "files";

/// [`ModelRegistry`] in a data directory.
#[derive(Debug)]
pub struct LocalModelRegistry {
    path: PathBuf,
    connection: Connection,
    files: Files,
    /// SQLite's number for the state that was seen last.
    seen: Option<i64>,
}

impl LocalModelRegistry {
    /// Opens the registry of a data directory; makes it (folders 0700, files 0600) if there is none.
    ///
    /// # Errors
    /// [`RegistryError::Damaged`] if the database is cut off, lost (there are model files without it) or not ours;
    /// [`RegistryError::NotWritable`] if there is none and none can be made; others if it cannot be opened.
    pub fn open(data_directory: &Path) -> Result<Self, RegistryError> {
        let folder = data_directory.join(FOLDER);
        let (path, files) = (folder.join(DATABASE), Files::new(folder.join(FILES)));
        if connection::is_lost(&path) && files.any() {
            let why = "it is empty or gone, but files of models are there".to_owned();
            return Err(RegistryError::Damaged { place: path.display().to_string(), why });
        }
        let connection = connection::open(&path)?;
        Ok(Self { path, connection, files, seen: None })
    }

    /// Whether a data directory has a registry, or what is left of one.
    #[must_use]
    pub fn is_there(data_directory: &Path) -> bool {
        data_directory.join(FOLDER).is_dir()
    }

    fn read<T>(&self, reading: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, RegistryError> {
        reading(&self.connection).map_err(|error| translate(&self.path, &error))
    }

    /// Runs `change` alone among all processes; nothing has changed if it fails.
    fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>, &Path) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| translate(path, &error))?;
        let changed = change(&transaction, path)?;
        transaction.commit().map_err(|error| translate(path, &error))?;
        Ok(changed)
    }
}

impl ModelRegistry for LocalModelRegistry {
    fn has_changed(&mut self) -> Result<bool, RegistryError> {
        let now: i64 = self.read(|connection| connection.pragma_query_value(None, "data_version", |row| row.get(0)))?;
        Ok(self.seen.replace(now) != Some(now))
    }

    fn models(&mut self) -> Result<Vec<RegisteredModel>, RegistryError> {
        self.read(|connection| wire::models(connection, None))
    }

    fn model(&mut self, name: &str) -> Result<RegisteredModel, RegistryError> {
        let found = self.read(|connection| wire::models(connection, Some(name)))?;
        found.into_iter().next().ok_or_else(|| RegistryError::UnknownModel { name: name.to_owned() })
    }

    fn register(
        &mut self,
        name: &ModelName,
        version: NewVersion,
        signed: Signed,
    ) -> Result<ModelVersion, RegistryError> {
        let sample = version.sample.as_ref().map(|sample| self.files.keep(sample)).transpose()?;
        let (sha256, kept) = self.files.keep(&version.file)?;
        self.write(|transaction, path| {
            let failed = |error: rusqlite::Error| translate(path, &error);
            if let Some(known) = wire::version_of(transaction, name, &sha256).map_err(failed)? {
                let known_sample = known.training.as_ref().map(|training| training.sample);
                let is_mended = kept == Kept::Written
                    || sample.is_some_and(|(hash, kept)| kept == Kept::Written && known_sample == Some(hash));
                let (name, version) = (name.clone(), known.number);
                return if is_mended { Ok(known) } else { Err(RegistryError::AlreadyRegistered { name, version }) };
            }
            let number = wire::next_number(transaction, name).map_err(failed)?;
            let version = numbered(number, sha256, version, &signed);
            wire::add_version(transaction, name, &version).map_err(failed)?;
            let event = event(Action::Registered, number, signed, None);
            wire::add_event(transaction, name, &event).map_err(failed)?;
            Ok(version)
        })
    }

    fn promote(&mut self, name: &ModelName, promotion: Promotion) -> Result<RegisteredModel, RegistryError> {
        let Promotion { version, signed, comparison } = promotion;
        let files = self.files.clone();
        self.write(|transaction, path| {
            let model = of_name(transaction, path, name)?;
            let known = model.version(version);
            let known = known.ok_or_else(|| RegistryError::UnknownVersion { name: name.clone(), version })?;
            verify(&files, known)?;
            let comparison = match comparison {
                Some((compared, _)) if model.champion() != Some(compared) => {
                    return Err(RegistryError::ChampionChanged { compared });
                }
                other => other.map(|(_, comparison)| comparison),
            };
            may_promote(&model, version, comparison.as_ref(), signed.reason.as_deref())?;
            append(transaction, path, model, event(Action::Promoted, version, signed, comparison))
        })
    }

    fn rollback(
        &mut self,
        name: &ModelName,
        to: Option<VersionNumber>,
        signed: Signed,
    ) -> Result<RegisteredModel, RegistryError> {
        let files = self.files.clone();
        self.write(|transaction, path| {
            let model = of_name(transaction, path, name)?;
            if let Some(version) = to.filter(|version| model.version(*version).is_none()) {
                return Err(RegistryError::UnknownVersion { name: name.clone(), version });
            }
            let target = rollback_target(&model, to, signed.reason.as_deref().unwrap_or_default())?;
            if let Some(version) = model.version(target) {
                verify(&files, version)?;
            }
            append(transaction, path, model, event(Action::RolledBack, target, signed, None))
        })
    }

    fn file(&mut self, hash: &ContentHash) -> Result<Vec<u8>, RegistryError> {
        self.files.read(hash)
    }

    fn file_stamp(&mut self, hash: &ContentHash) -> Option<FileStamp> {
        self.files.stamp(hash)
    }
}

fn of_name(transaction: &Transaction<'_>, path: &Path, name: &ModelName) -> Result<RegisteredModel, RegistryError> {
    let found = wire::models(transaction, Some(name.as_str())).map_err(|error| translate(path, &error))?;
    found.into_iter().next().ok_or_else(|| RegistryError::UnknownModel { name: name.as_str().to_owned() })
}

/// What is damaged becomes no champion.
fn verify(files: &Files, version: &ModelVersion) -> Result<(), RegistryError> {
    files.read(&version.sha256)?;
    version.training.iter().try_for_each(|training| files.read(&training.sample).map(drop))
}

fn append(
    transaction: &Transaction<'_>,
    path: &Path,
    mut model: RegisteredModel,
    event: ModelEvent,
) -> Result<RegisteredModel, RegistryError> {
    wire::add_event(transaction, &model.name, &event).map_err(|error| translate(path, &error))?;
    model.history.push(event);
    Ok(model)
}

fn event(
    action: Action,
    version: VersionNumber,
    signed: Signed,
    comparison: Option<bellwether_domain::registry::Comparison>,
) -> ModelEvent {
    let Signed { by, at, reason } = signed;
    ModelEvent { action, version, at, by, reason: reason.filter(|reason| !reason.trim().is_empty()), comparison }
}

fn numbered(number: VersionNumber, sha256: ContentHash, version: NewVersion, signed: &Signed) -> ModelVersion {
    ModelVersion {
        number,
        sha256,
        bytes: version.file.len() as u64,
        kind: version.kind,
        quantiles: version.quantiles,
        features_sha256: version.features.hash(),
        features: version.features,
        training: version.training,
        parameters: version.parameters,
        validation: version.validation,
        registered_at: signed.at,
        registered_by: signed.by.clone(),
    }
}
