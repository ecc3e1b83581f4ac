//! The administrator's key: given by the settings, or made at the first start and left in the data directory.
use crate::http::RequestId;
use crate::http::auth::{generate_key, sha256};
use crate::settings::AdminKey;
use anyhow::Context as _;
use bellwether_actors::runtime::now;
use bellwether_adapters::sqlite::DataDirectory;
use bellwether_domain::ports::{StateStore, StoredState, Write};
use bellwether_domain::types::{KeyRecord, Role};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Identity of the key that the settings give.
const FROM_SETTINGS: &str = "settings-admin";
/// File with the key, in the data directory.
const FILE: &str = "admin.key";

/// Sees to it that there is an administrator.
///
/// # Errors
/// The store or the file cannot be written, or the system gives no random bytes.
pub(super) fn ensure(
    directory: &DataDirectory,
    store: &mut impl StateStore,
    state: &mut StoredState,
    given: Option<&AdminKey>,
) -> anyhow::Result<()> {
    if directory.is_read_only() {
        return Ok(()); // reads go on; there is nobody new to let in
    }
    if let Some(key) = given {
        return from_settings(store, state, key);
    }
    let path = directory.path().join(FILE);
    let known = |text: &str| state.keys.iter().any(|record| record.sha256 == sha256(text.trim()));
    match std::fs::read_to_string(&path) {
        Ok(text) if known(&text) => Ok(()),
        Ok(text) if !text.trim().is_empty() => remember(store, state, admin(sha256(text.trim()))),
        _ => {
            let (text, hash) = generate_key().context("making the administrator's key")?;
            remember(store, state, admin(hash))?;
            write(&path, &text).with_context(|| format!("writing {}", path.display()))
        }
    }
}

fn admin(sha256: [u8; 32]) -> KeyRecord {
    let id = RequestId::generate().as_str().to_owned();
    KeyRecord { id, name: "admin".to_owned(), role: Role::Admin, sha256, created_at: now() }
}

fn from_settings(store: &mut impl StateStore, state: &mut StoredState, key: &AdminKey) -> anyhow::Result<()> {
    let record = KeyRecord { id: FROM_SETTINGS.to_owned(), ..admin(sha256(key.reveal())) };
    match state.keys.iter().find(|known| known.id == FROM_SETTINGS) {
        Some(known) if known.sha256 == record.sha256 => return Ok(()),
        Some(_) => {
            let remove = Write::RemoveKey { id: FROM_SETTINGS.to_owned() };
            store.commit(&[remove]).context("replacing the administrator's key")?;
            state.keys.retain(|known| known.id != FROM_SETTINGS);
        }
        None => {}
    }
    remember(store, state, record)
}

fn remember(store: &mut impl StateStore, state: &mut StoredState, record: KeyRecord) -> anyhow::Result<()> {
    store.commit(&[Write::AddKey(record.clone())]).context("keeping the administrator's key")?;
    state.keys.push(record);
    Ok(())
}

/// Whole or not at all, and for its owner's eyes only.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension("key.unfinished");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}
