//! Files named by the hash of their bytes: whole or not there, verified whenever they are read.
use super::error::not_written;
use bellwether_domain::ports::{FileStamp, RegistryError};
use bellwether_domain::registry::ContentHash;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Largest file that is kept or read, in bytes.
const LARGEST: u64 = 256 << 20;
/// End of the name of a file that is being written.
const UNFINISHED: &str = ".part";
/// Age of an unfinished file beyond which its writer must have died.
const ABANDONED_AFTER: Duration = Duration::from_secs(3_600);
/// Tells apart what one process writes at the same time.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// What keeping a file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is there now, and was not, or not whole.
    Written,
    /// It was there, whole.
    Before,
}

/// A folder of such files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether there is any finished file.
    pub(super) fn any(&self) -> bool {
        let finished = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| !entry.file_name().to_string_lossy().ends_with(UNFINISHED))
        };
        fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.any(finished))
    }

    /// Keeps bytes: on disk under their hash before this returns, and under another name until they are.
    pub(super) fn keep(&self, bytes: &[u8]) -> Result<(ContentHash, Kept), RegistryError> {
        let hash = ContentHash::of(bytes);
        let place = self.place(&hash);
        if bytes.len() as u64 > LARGEST {
            let why = io::Error::other(format!("the file is larger than {} MiB", LARGEST >> 20));
            return Err(not_written(&place, &why));
        }
        if self.read(&hash).is_ok() {
            return Ok((hash, Kept::Before));
        }
        let failed = |error: io::Error| not_written(&place, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        self.remove_abandoned();
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder.join(format!(".{hash}.{}.{number}{UNFINISHED}", std::process::id()));
        let written = write_durably(&draft, bytes).and_then(|()| fs::rename(&draft, &place));
        if written.is_err() {
            // It may never have been made; the first error is the one to tell.
            let _ = fs::remove_file(&draft);
        }
        written.and_then(|()| File::open(&self.folder)?.sync_all()).map_err(failed)?;
        Ok((hash, Kept::Written))
    }

    /// The bytes behind a hash, verified.
    pub(super) fn read(&self, hash: &ContentHash) -> Result<Vec<u8>, RegistryError> {
        let place = self.place(hash);
        let damaged = |why: String| RegistryError::DamagedFile { place: place.display().to_string(), why };
        let mut bytes = Vec::new();
        let read = File::open(&place).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        read.map_err(|error| damaged(error.to_string()))?;
        let found = ContentHash::of(&bytes);
        if found == *hash {
            return Ok(bytes);
        }
        Err(damaged(format!("its bytes have the SHA-256 {found}, not the one registered")))
    }

    /// What changes with every write to the file behind a hash.
    pub(super) fn stamp(&self, hash: &ContentHash) -> Option<FileStamp> {
        let facts = fs::metadata(self.place(hash)).ok()?;
        let changed_at = i128::from(facts.ctime()) * 1_000_000_000 + i128::from(facts.ctime_nsec());
        Some(FileStamp { bytes: facts.len(), changed_at })
    }

    fn place(&self, hash: &ContentHash) -> PathBuf {
        self.folder.join(hash.to_string())
    }

    /// Removes what writers that died left behind; what cannot be removed harms nobody.
    fn remove_abandoned(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.filter_map(Result::ok) {
            let age = entry.metadata().and_then(|facts| facts.modified()).ok().and_then(|at| at.elapsed().ok());
            let is_unfinished = entry.file_name().to_string_lossy().ends_with(UNFINISHED);
            if is_unfinished && age.is_some_and(|age| age > ABANDONED_AFTER) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
