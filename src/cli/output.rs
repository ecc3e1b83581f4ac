//! Results: on standard output, or in a file that is either complete or not there.
use super::Refusal;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes to standard output.
///
/// # Errors
/// When it cannot be written to; a reader that left early is no error to [`super::run`].
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a file under another name beside its own and renames it into place.
///
/// # Errors
/// A [`Refusal`] that names the file.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Refusal> {
    let refused = |error: io::Error| {
        Refusal::new(format!("{} cannot be written: {error}", path.display()), "name a file in a writable folder")
    };
    let name = path.file_name().ok_or_else(|| refused(io::Error::other("it names no file")))?;
    if path.is_dir() {
        return Err(refused(io::Error::other("it is a folder")));
    }
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}.part", std::process::id()));
    let draft = path.with_file_name(draft);
    let written = fs::write(&draft, content).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // It may never have been made; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.svg");
        for content in ["first", "second"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_or_a_missing_one_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none/out.svg"), "/".into()] {
            let said = replace(&path, b"x").unwrap_err().to_string();
            assert!(said.starts_with(&path.display().to_string()) && said.contains("\nhint: "), "{said}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
