//! Full, read-only, cut off, foreign: what the store says, and that it goes on reading.
use super::support::{assert_small_database_reads, at, key, observation, query, small_database};
use bellwether_adapters::sqlite::{DataDirectory, SqliteOptions, SqliteStore};
use bellwether_domain::ports::{StateStore, StoreError, Write, Written};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

fn batch(first: i64) -> Write {
    Write::Observations((first..first + 1000).map(|time| observation("a", "load", time, 0.1)).collect())
}

#[test]
fn a_full_store_refuses_whole_commits_goes_on_reading_and_resumes_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    let options = SqliteOptions { max_bytes: Some(256 * 1024) };
    let mut store = SqliteStore::open_with(&path, options).unwrap();
    let mut kept = 0;
    let refusal = loop {
        match store.commit(&[Write::AddKey(key(&kept.to_string(), kept)), batch(kept * 1000)]) {
            Ok(_) => kept += 1,
            Err(refusal) => break refusal,
        }
        assert!(kept < 1000, "the limit does not hold");
    };
    assert!(matches!(&refusal, StoreError::NotWritable { place, .. } if Path::new(place) == path), "{refusal}");
    assert!(kept > 2 && fs::metadata(&path).unwrap().len() <= 256 * 1024);
    // The key came first in the refused commit: all or nothing.
    assert_eq!(store.load().unwrap().keys.len(), usize::try_from(kept).unwrap());
    assert_eq!(store.observations(&query("a", None, 10, None)).unwrap().observations.len(), 10);
    assert_eq!(store.observations_since(at(0), usize::MAX).unwrap().len(), usize::try_from(kept * 1000).unwrap());

    let forget = Write::ForgetObservationsBefore(at(kept * 500));
    assert_eq!(store.commit(&[forget]), Ok(vec![Written::Done]));
    assert_eq!(store.commit(&[batch(kept * 1000)]), Ok(vec![Written::Observations(vec![true; 1000])]));
}

#[test]
fn a_service_first_named_in_a_failed_commit_is_stored_by_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    let mut store = SqliteStore::open_with(&path, SqliteOptions { max_bytes: Some(256 * 1024) }).unwrap();
    let too_much = (0..20_000).map(|time| observation("new", "new", time, 0.1));
    assert!(matches!(store.commit(&[Write::Observations(too_much.collect())]), Err(StoreError::NotWritable { .. })));
    let one = observation("new", "new", 1, 0.5);
    store.commit(&[Write::Observations(vec![one.clone()])]).unwrap();
    assert_eq!(store.observations(&query("new", None, 10, None)).unwrap().observations, [one]);
}

#[test]
fn the_file_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    small_database(&path);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let _store = SqliteStore::open(&path).unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn a_damaged_or_foreign_file_is_named_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole.db");
    small_database(&whole);
    let whole = fs::read(whole).unwrap();
    let foreign = directory.path().join("foreign.db");
    rusqlite_file(&foreign);
    let mut page_of_noise = whole.clone();
    page_of_noise[100..4096].fill(0xa5);
    for (name, content) in [
        ("empty", Vec::new()),
        ("cut in the header", whole[..60].to_vec()),
        ("cut after the magic", whole[..16].to_vec()),
        ("cut after a page", whole[..4096].to_vec()),
        ("cut within a page", whole[..whole.len() - 1000].to_vec()),
        ("first page overwritten", page_of_noise),
        ("text", b"ts,service,name,value\n".repeat(1000)),
        ("another program's", fs::read(&foreign).unwrap()),
    ] {
        let path = directory.path().join(format!("{name}.db"));
        fs::write(&path, &content).unwrap();
        let refusal = SqliteStore::open(&path).err();
        assert!(matches!(refusal, Some(StoreError::Damaged { .. })), "{name}: {refusal:?}");
        assert!(fs::read(&path).unwrap() == content, "{name} was changed");
    }
}

/// A valid database that is none of ours.
fn rusqlite_file(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
}

#[test]
fn damage_in_the_middle_is_an_error_when_it_is_met_and_never_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    let mut store = SqliteStore::open(&path).unwrap();
    for first in 0..20 {
        store.commit(&[batch(first * 1000)]).unwrap();
    }
    drop(store);
    let mut content = fs::read(&path).unwrap();
    let (from, to) = (content.len() / 2, content.len() / 2 + 20_000);
    content[from..to].fill(0xff);
    fs::write(&path, content).unwrap();
    let mut store = SqliteStore::open(&path).unwrap();
    let refusal = store.observations_since(at(0), usize::MAX).err();
    assert!(matches!(refusal, Some(StoreError::Damaged { .. })), "{refusal:?}");
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    small_database(&path);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refusal = SqliteStore::open(&path).unwrap_err();
    assert!(refusal.to_string().contains("a newer program wrote it (schema 99, known 2)"), "{refusal}");
}

#[test]
fn a_log_without_its_database_is_not_given_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    fs::write(directory.path().join("x.db-wal"), "anything").unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Damaged { .. })));
    assert!(!path.exists());
}

/// Tells the child where to work; without it the child's test does nothing.
const PLACE: &str = "BELLWETHER_TEST_READ_ONLY_IN";

/// Runs as a user who may read but not write there.
#[test]
fn child_reads_where_it_cannot_write() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let place = Path::new(&place);
    let held = DataDirectory::open(place.join("data")).unwrap();
    assert!(held.is_read_only());
    let mut store = SqliteStore::open(held.database()).unwrap();
    assert!(store.read_only().is_some());
    assert_small_database_reads(&mut store);
    for _ in 0..2 {
        let refusal = store.commit(&[batch(0)]).unwrap_err();
        assert!(matches!(&refusal, StoreError::NotWritable { place, .. } if Path::new(place) == held.database()));
    }
    assert_small_database_reads(&mut store);

    let refusal = SqliteStore::open(place.join("none.db")).unwrap_err().to_string();
    assert!(refusal.contains("none.db cannot be written: no database is there and none can be made"), "{refusal}");
    let refusal = DataDirectory::open(place.join("new")).unwrap_err().to_string();
    assert!(refusal.contains("new cannot be made: "), "{refusal}");
    println!("read as another user");
}

/// Runs [`child_reads_where_it_cannot_write`] on `place`: as a user without rights if we are root, whom modes do not
/// bind. The program is copied beside, where that user can reach it.
fn read_without_rights(place: &Path) {
    let program = place.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for directory in [place, &place.join("data")] {
        fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    }
    let mut command = Command::new(program);
    command.args(["--exact", "stores::failing_places::child_reads_where_it_cannot_write", "--nocapture"]);
    let is_root = fs::File::create(place.join("probe")).is_ok();
    if is_root {
        command.uid(65_534).gid(65_534);
    }
    let output = command.env(PLACE, place).current_dir("/").output().unwrap();
    for directory in [place, &place.join("data")] {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("read as another user"), "{output:?}");
}

fn readable_by_all(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o444)).unwrap();
    }
}

#[test]
fn a_read_only_directory_is_read_after_a_clean_stop() {
    let place = tempfile::tempdir().unwrap();
    let data = DataDirectory::open(place.path().join("data")).unwrap();
    small_database(&data.database());
    drop(data);
    readable_by_all(&place.path().join("data"));
    read_without_rights(place.path());
}

#[test]
fn a_read_only_directory_is_read_after_a_crash_that_left_a_log() {
    let place = tempfile::tempdir().unwrap();
    let data = DataDirectory::open(place.path().join("live")).unwrap();
    let mut store = SqliteStore::open(data.database()).unwrap();
    store.commit(&[Write::Observations(vec![observation("a", "load", 1, 1.5)]), Write::AddKey(key("k", 1))]).unwrap();
    // The files as a crash leaves them: copied while the store is open.
    fs::create_dir(place.path().join("data")).unwrap();
    for entry in fs::read_dir(data.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), place.path().join("data").join(entry.file_name())).unwrap();
    }
    assert!(fs::metadata(place.path().join("data/bellwether.db-wal")).unwrap().len() > 0);
    readable_by_all(&place.path().join("data"));
    read_without_rights(place.path());
}

#[test]
fn writes_resume_when_a_read_only_file_becomes_writable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    small_database(&path);
    // A directory in the place of the log keeps even root from writing.
    let log = directory.path().join("x.db-wal");
    fs::create_dir(&log).unwrap();
    let mut store = SqliteStore::open(&path).unwrap();
    assert!(matches!(store.commit(&[batch(10)]), Err(StoreError::NotWritable { .. })));
    assert_small_database_reads(&mut store);
    fs::remove_dir(&log).unwrap();
    assert_eq!(store.commit(&[batch(10)]), Ok(vec![Written::Observations(vec![true; 1000])]));
    assert_eq!(store.observations_since(at(0), 5000).unwrap().len(), 1001);
    assert_eq!(store.read_only(), None);
}
