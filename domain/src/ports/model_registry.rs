//! Where registered models are kept: versions, their files, and the history of each model.
//!
//! Several processes may use it at a time (a running server and commands). A version's file is durable before the version
//! is, so whoever sees a version finds its file.
use crate::registry::{
    Comparison, ContentHash, ModelKind, ModelName, ModelVersion, PromotionRefused, RegisteredModel, RollbackRefused,
    TrainingData, VersionNumber,
};
use crate::registry::{Evaluation, FeatureSchema};
use crate::types::Timestamp;
use std::collections::BTreeMap;

/// Who does something, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The operating system's user for a command, the key's name over HTTP.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, if it was said.
    pub reason: Option<String>,
}

/// A version on its way into the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// What kind of model it is.
    pub kind: ModelKind,
    /// The model's file, whole.
    pub file: Vec<u8>,
    /// The levels that it predicts, ascending.
    pub quantiles: Vec<f64>,
    /// Its inputs.
    pub features: FeatureSchema,
    /// What it was trained on, if known; [`Self::sample`] is the sample that it names.
    pub training: Option<TrainingData>,
    /// A sample of what it was trained on, as CSV.
    pub sample: Option<Vec<u8>>,
    /// How it was trained.
    pub parameters: BTreeMap<String, String>,
    /// How well it predicts a validation file.
    pub validation: Option<Evaluation>,
}

/// A wish to make a version the champion.
#[derive(Debug, Clone, PartialEq)]
pub struct Promotion {
    /// Which version.
    pub version: VersionNumber,
    /// Who, when, why.
    pub signed: Signed,
    /// What it is decided by, and the champion that the version was compared with.
    pub comparison: Option<(VersionNumber, Comparison)>,
}

/// Why the registry refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum RegistryError {
    #[error("there is no model \"{name}\"; `bellwether models list` names those that there are")]
    UnknownModel { name: String },
    #[error("model \"{name}\" has no version {version}; `bellwether models show {name}` lists its versions")]
    UnknownVersion { name: ModelName, version: VersionNumber },
    #[error("{0}")]
    Promotion(#[from] PromotionRefused),
    #[error("{0}")]
    Rollback(#[from] RollbackRefused),
    #[error("version {compared} is the champion no more: compare with the present one")]
    ChampionChanged { compared: VersionNumber },
    #[error("version {version} of model \"{name}\" holds these very bytes; promote that one")]
    AlreadyRegistered { name: ModelName, version: VersionNumber },
    #[error("the file {place} is damaged: {why}; register the model again from its original")]
    DamagedFile { place: String, why: String },
    #[error("the registry at {place} is damaged: {why}; restore it from a backup or move it away to start anew")]
    Damaged { place: String, why: String },
    #[error("the registry at {place} cannot be written: {why}; free space or mend the permissions")]
    NotWritable { place: String, why: String },
    #[error("the registry at {place} is busy: another process is writing; try again")]
    Busy { place: String },
    #[error("the registry at {place} failed: {why}; look at what it names and try again")]
    Failed { place: String, why: String },
}

/// The registry of models: blocking.
pub trait ModelRegistry: Send {
    /// Whether another process, or another value of this type, has changed the registry since this was last asked.
    ///
    /// # Errors
    /// [`RegistryError`] if it cannot be read.
    fn has_changed(&mut self) -> Result<bool, RegistryError>;

    /// All models, by name, with their versions and histories.
    ///
    /// # Errors
    /// [`RegistryError`] if it cannot be read.
    fn models(&mut self) -> Result<Vec<RegisteredModel>, RegistryError>;

    /// One model.
    ///
    /// # Errors
    /// [`RegistryError::UnknownModel`], others if it cannot be read.
    fn model(&mut self, name: &str) -> Result<RegisteredModel, RegistryError>;

    /// Keeps a new version, which becomes the challenger: first its file, then the version, each durable.
    ///
    /// # Errors
    /// [`RegistryError::AlreadyRegistered`] if the model has a version of the same bytes whose file is whole; others if it
    /// cannot be written.
    fn register(
        &mut self,
        name: &ModelName,
        version: NewVersion,
        signed: Signed,
    ) -> Result<ModelVersion, RegistryError>;

    /// Makes a version the champion if [`crate::registry::may_promote`] lets it.
    ///
    /// # Errors
    /// [`RegistryError::Promotion`], [`RegistryError::ChampionChanged`] if it was compared with another champion, others if
    /// it cannot be written.
    fn promote(&mut self, name: &ModelName, promotion: Promotion) -> Result<RegisteredModel, RegistryError>;

    /// Makes a former champion the champion again, by [`crate::registry::rollback_target`].
    ///
    /// # Errors
    /// [`RegistryError::Rollback`], others if it cannot be written.
    fn rollback(
        &mut self,
        name: &ModelName,
        to: Option<VersionNumber>,
        signed: Signed,
    ) -> Result<RegisteredModel, RegistryError>;

    /// A file's bytes, whose hash has been verified.
    ///
    /// # Errors
    /// [`RegistryError::DamagedFile`] if they are not the bytes that were registered or are gone.
    fn file(&mut self, hash: &ContentHash) -> Result<Vec<u8>, RegistryError>;

    /// What changes whenever somebody writes to the file, without reading it; `None` if it is gone.
    fn file_stamp(&mut self, hash: &ContentHash) -> Option<FileStamp>;
}

/// What the file system says of a file: as long as it stays, nobody has written to it by ordinary means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    /// Length, in bytes.
    pub bytes: u64,
    /// Last change of content or owner, in nanoseconds since 1970.
    pub changed_at: i128,
}
