//! The folder of everything that must survive; one process at a time may use it.
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Name of the file whose lock says that a process uses the directory.
const LOCK: &str = "lock";
/// Name of the database.
const DATABASE: &str = "bellwether.db";

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum DataDirectoryError {
    #[error("the data directory {path} is in use by {holder}: stop that process or give another directory")]
    InUse { path: String, holder: String },
    #[error("the data directory {path} cannot be made: {source}; give a place where this user may write")]
    NotMade { path: String, source: io::Error },
    #[error("the data directory {path} cannot be used: {source}; mend it or give another directory")]
    NotUsable { path: String, source: io::Error },
}

/// A data directory that this process holds until the value is dropped (or the process ends, however it ends).
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// Holds the lock; absent where none can be made, on a read-only directory.
    _lock: Option<File>,
    read_only: bool,
}

impl DataDirectory {
    /// Makes the directory if it is missing (mode 0700) and holds it for this process. On an existing directory where
    /// nothing can be written it still opens, so that what is there can be read.
    ///
    /// # Errors
    /// [`DataDirectoryError`] if another process holds it, or if it cannot be made or used.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataDirectoryError> {
        let path: PathBuf = path.into();
        let shown = || path.display().to_string();
        let not_usable = |source| DataDirectoryError::NotUsable { path: shown(), source };
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(not_usable(ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| DataDirectoryError::NotMade { path: shown(), source })?,
            Err(error) => return Err(not_usable(error)),
        }
        let (lock, read_only) = match writable_lock(&path) {
            Ok(file) => (Some(file), false),
            Err(error) if is_not_writable(&error) => match File::open(path.join(LOCK)) {
                Ok(file) => (Some(file), true),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => (None, true),
                Err(error) => return Err(not_usable(error)),
            },
            Err(error) => return Err(not_usable(error)),
        };
        if let Some(file) = &lock {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(DataDirectoryError::InUse { path: shown(), holder: holder(file) });
                }
                Err(TryLockError::Error(error)) => return Err(not_usable(error)),
            }
            if !read_only {
                sign(file);
            }
        }
        Ok(Self { path, _lock: lock, read_only })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the database of [`super::SqliteStore`] lies.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Whether nothing could be written there when it was opened.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }
}

fn writable_lock(directory: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(directory.join(LOCK))
}

fn is_not_writable(error: &io::Error) -> bool {
    use ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | StorageFull | QuotaExceeded)
}

/// Leaves this process's id for whoever finds the lock taken; a full disk only costs that courtesy.
fn sign(mut file: &File) {
    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
}

fn holder(file: &File) -> String {
    let mut text = String::new();
    match file.take(20).read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(process) => format!("process {process}"),
        None => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_missing_directory_is_made_for_its_owner_alone_and_held_until_dropped() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let held = DataDirectory::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = DataDirectory::open(&path).unwrap_err().to_string();
        let holder = format!("is in use by process {}: stop", std::process::id());
        assert!(refused.contains(&holder) && refused.contains(path.to_str().unwrap()), "{refused}");
        drop(held);
        assert!(!DataDirectory::open(&path).unwrap().is_read_only());
    }

    #[test]
    fn a_file_in_its_place_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataDirectory::open(file.path()), Err(DataDirectoryError::NotUsable { .. })));
        assert!(matches!(DataDirectory::open(file.path().join("x")), Err(DataDirectoryError::NotUsable { .. })));
    }
}
