//! The registry on a real disk: what damage, a second process and a sudden end do to it.
use super::LocalModelRegistry;
use bellwether_domain::ports::{ModelRegistry, NewVersion, Promotion, RegistryError, Signed};
use bellwether_domain::registry::{
    ColumnKind, ContentHash, FeatureColumn, FeatureSchema, ModelKind, ModelName, PromotionRefused, TrainingData,
    VersionNumber,
};
use bellwether_domain::types::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn signed(reason: Option<&str>) -> Signed {
    Signed { by: "ada".to_owned(), at: Timestamp::from_nanoseconds(7), reason: reason.map(str::to_owned) }
}

fn version(file: &[u8]) -> NewVersion {
    let column = FeatureColumn { name: "load".to_owned(), kind: ColumnKind::Float };
    NewVersion {
        kind: ModelKind::QuantileBoosting,
        file: file.to_vec(),
        quantiles: vec![0.5, 0.95],
        features: FeatureSchema::new(vec![column]),
        training: None,
        sample: None,
        parameters: BTreeMap::from([("rounds".to_owned(), "300".to_owned())]),
        validation: None,
    }
}

fn name() -> ModelName {
    ModelName::new("tail-slo").unwrap()
}

fn promotion(number: u32, reason: Option<&str>) -> Promotion {
    Promotion { version: VersionNumber(number), signed: signed(reason), comparison: None }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> =
        std::fs::read_dir(folder.join("models/files")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn what_was_registered_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    let first = registry.register(&name(), version(b"one"), signed(Some("a start"))).unwrap();
    registry.promote(&name(), promotion(1, None)).unwrap();
    registry.register(&name(), version(b"two"), signed(None)).unwrap();
    drop(registry);
    let mut again = LocalModelRegistry::open(folder.path()).unwrap();
    let model = again.model("tail-slo").unwrap();
    assert_eq!(model.version(VersionNumber(1)), Some(&first));
    assert_eq!((model.champion(), model.challenger()), (Some(VersionNumber(1)), Some(VersionNumber(2))));
    assert_eq!(model.history[0].reason.as_deref(), Some("a start"));
    assert_eq!(again.file(&first.sha256).unwrap(), b"one");
    assert_eq!(again.models().unwrap(), [model]);
    assert!(matches!(again.model("other"), Err(RegistryError::UnknownModel { .. })));
}

#[test]
fn the_same_bytes_are_registered_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    registry.register(&name(), version(b"one"), signed(None)).unwrap();
    let again = registry.register(&name(), version(b"one"), signed(None)).unwrap_err();
    assert!(matches!(again, RegistryError::AlreadyRegistered { version: VersionNumber(1), .. }), "{again}");
    let other = ModelName::new("other").unwrap();
    assert_eq!(registry.register(&other, version(b"one"), signed(None)).unwrap().number, VersionNumber(1));
    assert_eq!(files(folder.path()).len(), 1, "equal bytes are kept once");
}

#[test]
fn a_damaged_file_is_refused_and_registering_the_original_again_mends_it() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("one bit is flipped", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[1] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("it is cut off", |path| std::fs::write(path, b"on").unwrap()),
        ("it is longer", |path| std::fs::write(path, b"one ").unwrap()),
        ("it is empty", |path| std::fs::write(path, b"").unwrap()),
        ("it is gone", |path| std::fs::remove_file(path).unwrap()),
    ];
    for (what, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
        let kept = registry.register(&name(), version(b"one"), signed(None)).unwrap();
        let stamp = registry.file_stamp(&kept.sha256);
        assert!(stamp.is_some() && stamp == registry.file_stamp(&kept.sha256));
        damage(&files(folder.path())[0]);
        assert!(matches!(registry.file(&kept.sha256), Err(RegistryError::DamagedFile { .. })), "{what}");
        assert_ne!(registry.file_stamp(&kept.sha256), stamp, "{what}");
        assert_eq!(registry.register(&name(), version(b"one"), signed(None)).unwrap(), kept, "{what}");
        assert_eq!(registry.file(&kept.sha256).unwrap(), b"one", "{what}");
        assert_eq!(registry.model("tail-slo").unwrap().versions.len(), 1, "{what}");
    }
}

#[test]
fn a_lost_or_foreign_database_is_refused_and_left_as_it_is() {
    for content in [Some(&b""[..]), Some(b"not a database, but a text of some length"), None] {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("models/registry.db");
        LocalModelRegistry::open(folder.path()).unwrap().register(&name(), version(b"one"), signed(None)).unwrap();
        assert!(!folder.path().join("models/registry.db-wal").exists(), "a clean end leaves no log");
        match content {
            Some(bytes) => std::fs::write(&database, bytes).unwrap(),
            None => std::fs::remove_file(&database).unwrap(),
        }
        let refused = LocalModelRegistry::open(folder.path()).unwrap_err();
        assert!(matches!(refused, RegistryError::Damaged { .. }), "{refused}");
        assert_eq!(std::fs::read(&database).ok().as_deref(), content);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let other = rusqlite::Connection::open(folder.path().join("models/registry.db")).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    assert!(matches!(LocalModelRegistry::open(folder.path()), Err(RegistryError::Damaged { .. })));
}

#[test]
fn a_change_by_another_process_is_noticed_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = LocalModelRegistry::open(folder.path()).unwrap();
    assert_eq!((server.has_changed(), server.has_changed()), (Ok(true), Ok(false)));
    let mut command = LocalModelRegistry::open(folder.path()).unwrap();
    command.register(&name(), version(b"one"), signed(None)).unwrap();
    assert_eq!((server.has_changed(), server.has_changed()), (Ok(true), Ok(false)));
    assert_eq!(server.models().unwrap().len(), 1);
}

/// Each of four writers opens the registry anew and registers 25 files.
#[test]
fn writers_at_the_same_time_get_different_numbers_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let folder = folder.path();
            scope.spawn(move || {
                let mut registry = LocalModelRegistry::open(folder).unwrap();
                for file in 0..25 {
                    registry.register(&name(), version(&[writer, file]), signed(None)).unwrap();
                }
            });
        }
    });
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    let model = registry.model("tail-slo").unwrap();
    let numbers: Vec<u32> = model.versions.iter().map(|version| version.number.0).collect();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    assert_eq!(model.history.len(), 100);
    assert!(model.versions.iter().all(|version| registry.file(&version.sha256).is_ok()));
}

#[test]
fn a_comparison_with_a_former_champion_promotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    for bytes in [b"one", b"two", b"3rd"] {
        registry.register(&name(), version(bytes), signed(None)).unwrap();
    }
    registry.promote(&name(), promotion(1, None)).unwrap();
    let refused = registry.promote(&name(), promotion(2, None)).unwrap_err();
    assert!(matches!(refused, RegistryError::Promotion(PromotionRefused::NoEvidence { .. })), "{refused}");
    registry.promote(&name(), promotion(2, Some("by hand"))).unwrap();
    let target = [1.0, 2.0];
    let predictions = |values| bellwether_domain::registry::Predictions { levels: &[0.5], values };
    let comparison =
        bellwether_domain::registry::compare(&target, predictions(&[1.0, 2.0]), predictions(&[0.0, 0.0])).unwrap();
    let late = Promotion { comparison: Some((VersionNumber(1), comparison)), ..promotion(3, None) };
    let refused = registry.promote(&name(), late.clone()).unwrap_err();
    assert!(matches!(refused, RegistryError::ChampionChanged { compared: VersionNumber(1) }), "{refused}");
    assert_eq!(registry.model("tail-slo").unwrap().champion(), Some(VersionNumber(2)));
    let comparison = late.comparison.map(|(_, comparison)| (VersionNumber(2), comparison));
    let promoted = registry.promote(&name(), Promotion { comparison, ..promotion(3, None) }).unwrap();
    assert_eq!(promoted.champion(), Some(VersionNumber(3)));
    assert!(registry.model("tail-slo").unwrap().history.last().unwrap().comparison.is_some());
    let back = registry.rollback(&name(), None, signed(Some("it drifts"))).unwrap();
    assert_eq!(back.champion(), Some(VersionNumber(2)));
    assert_eq!(registry.model("tail-slo").unwrap(), back);
}

#[test]
fn what_a_writer_that_died_left_behind_is_no_model_and_is_removed_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    registry.register(&name(), version(b"one"), signed(None)).unwrap();
    let place = |file: &str| folder.path().join("models/files").join(file);
    for (file, age_s) in [(".old.1.0.part", 7_200), (".young.1.0.part", 0)] {
        let left = std::fs::File::create(place(file)).unwrap();
        left.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(age_s)).unwrap();
    }
    registry.register(&name(), version(b"two"), signed(None)).unwrap();
    assert!(!place(".old.1.0.part").exists() && place(".young.1.0.part").exists());
    assert_eq!(registry.models().unwrap()[0].versions.len(), 2);
}

#[test]
fn a_damaged_file_or_sample_is_not_promoted() {
    let folder = tempfile::tempdir().unwrap();
    let mut registry = LocalModelRegistry::open(folder.path()).unwrap();
    let sample = b"load,y\n1,2\n".to_vec();
    let training = TrainingData {
        file: "train.csv".to_owned(),
        sha256: ContentHash::of(b"whole"),
        rows: 1,
        columns: vec!["load".to_owned(), "y".to_owned()],
        target: "y".to_owned(),
        sample: ContentHash::of(&sample),
    };
    let with_sample =
        || NewVersion { training: Some(training.clone()), sample: Some(sample.clone()), ..version(b"one") };
    let kept = registry.register(&name(), with_sample(), signed(None)).unwrap();
    let place = |hash: &ContentHash| folder.path().join("models/files").join(hash.to_string());
    for hash in [kept.sha256, training.sample] {
        let whole = std::fs::read(place(&hash)).unwrap();
        std::fs::write(place(&hash), b"other").unwrap();
        let refused = registry.promote(&name(), promotion(1, Some("by hand"))).unwrap_err();
        assert!(matches!(refused, RegistryError::DamagedFile { .. }), "{refused}");
        assert_eq!(registry.model("tail-slo").unwrap().champion(), None, "nothing has changed");
        assert_eq!(registry.register(&name(), with_sample(), signed(None)).unwrap(), kept);
        assert_eq!(std::fs::read(place(&hash)).unwrap(), whole, "registering it again mends it");
    }
    registry.promote(&name(), promotion(1, None)).unwrap();
}
