//! Layers, places and refusals, as tables.
use super::*;

fn with_file(text: &str) -> (tempfile::TempDir, Layers) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Layers::new().file(path))
}

/// What, where and hint of every fault of a file and an environment; the file's folder is left out.
fn refusals(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let (folder, layers) = with_file(text);
    let error = layers.environment(environment.iter().copied()).load().unwrap_err();
    let shown = |fault: &Fault| format!("{} @ {} ! {}", fault.what(), fault.place().unwrap_or_default(), fault.hint());
    let place = format!("{}/", folder.path().display());
    error.faults().iter().map(|fault| shown(fault).replace(&place, "")).collect()
}

#[test]
fn the_defaults_are_sound_and_name_every_key() {
    let loaded = Layers::new().load().unwrap();
    assert_eq!(loaded.settings, Settings::embedded().unwrap());
    let listed = loaded.provenance.list(&loaded.settings).unwrap();
    assert!(listed.len() > 25, "{}", listed.len());
    for setting in listed.iter().filter(|setting| !setting.value.is_null()) {
        assert!(loaded.provenance.origin(&setting.key).is_some(), "{} has no default", setting.key);
    }
}

#[test]
fn the_example_files_load() {
    for (name, text) in [
        ("development", include_str!("../../config/development.toml")),
        ("production", include_str!("../../config/production.toml")),
    ] {
        let (_folder, layers) = with_file(text);
        assert!(layers.load().is_ok(), "{name}");
    }
}

#[test]
fn a_later_layer_wins_and_every_value_knows_its_place() {
    let (folder, layers) = with_file("[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3\ndrain_ms = 7\n");
    let loaded = layers
        .environment([
            ("BELLWETHER__SERVER__WORKERS", "4"),
            ("BELLWETHER__SERVER__LISTEN", "127.0.0.1:2"),
            ("BELLWETHER__FAULTS__ENABLED", "true"),
            ("BELLWETHER__LOG__INFERENCE_SAMPLE", "0.25"),
            ("BELLWETHER__FEATURES__TTL_MS__REQUEST_RATE", "3000"),
            ("BELLWETHER_BUILD_CACHE", "not a setting"),
        ])
        .flag("--listen", "server.listen", "localhost:3")
        .load()
        .unwrap();
    let Settings { server, faults, log, features, .. } = &loaded.settings;
    assert_eq!(server.listen.get().to_string(), "127.0.0.1:3");
    assert_eq!(server.workers.threads(), 4);
    assert_eq!(server.drain_ms.duration(), std::time::Duration::from_millis(7));
    assert!(faults.enabled);
    assert!((log.inference_sample.get() - 0.25).abs() < 1e-12);
    assert_eq!(features.ttl_ms.get("request_rate").unwrap().get(), 3000);
    for (key, place) in [
        ("server.listen", "flag --listen".to_owned()),
        ("server.workers", "environment variable BELLWETHER__SERVER__WORKERS".to_owned()),
        ("server.drain_ms", format!("{}/s.toml line 4", folder.path().display())),
        ("store.kind", "default".to_owned()),
    ] {
        assert_eq!(loaded.provenance.origin(key).unwrap().to_string(), place, "{key}");
    }
}

#[test]
fn a_name_with_a_dot_keeps_its_place() {
    let (_folder, layers) = with_file("features.ttl_ms.\"a.b\" = 5\n");
    let loaded = layers.load().unwrap();
    let listed = loaded.provenance.list(&loaded.settings).unwrap();
    let setting = listed.iter().find(|setting| setting.key == "features.ttl_ms.\"a.b\"").unwrap();
    assert!(setting.source.ends_with("s.toml line 1"), "{}", setting.source);
}

#[test]
fn a_refusal_names_key_place_and_remedy() {
    for (text, expected) in [
        (
            "[server]\n\nlisten_ = \"127.0.0.1:1\"",
            "unknown key `server.listen_` @ s.toml line 3 ! did you mean `server.listen`?",
        ),
        ("listen = \"127.0.0.1:1\"", "unknown key `listen` @ s.toml line 1 ! did you mean `server.listen`?"),
        ("[store]\npath = 1", "unknown key `store.path` @ s.toml line 2 ! the keys of `store` are kind"),
        ("[sever]\nworkers = 1", "unknown key `sever` @ s.toml line 1 ! did you mean `server`?"),
        (
            "[server]\ndrain_ms = 700000",
            "`server.drain_ms` is 700000, not a whole number of milliseconds from 0 to 600000 @ s.toml line 2 \
             ! give a whole number of milliseconds from 0 to 600000",
        ),
        (
            "server.drain_ms = \"5s\"",
            "`server.drain_ms` is \"5s\", not a whole number of milliseconds from 0 to 600000 @ s.toml line 1 \
             ! give a whole number of milliseconds from 0 to 600000",
        ),
        (
            "server.drain_ms = 99999999999999999999",
            "`server.drain_ms` is 100000000000000000000, not a whole number of milliseconds from 0 to 600000 \
             @ s.toml line 1 ! give a whole number of milliseconds from 0 to 600000",
        ),
        ("faults.enabled = 1", "`faults.enabled` is 1, not true or false @ s.toml line 1 ! give true or false"),
        ("server = 1", "`server` is 1, not a table @ s.toml line 1 ! give a table"),
        (
            "log.format = \"jsno\"",
            "`log.format` is \"jsno\", not auto, json or text @ s.toml line 1 ! did you mean \"json\"?",
        ),
        (
            "features.cache.kind = \"redis\"",
            "`features.cache.kind` is \"redis\", not memory @ s.toml line 1 ! use memory",
        ),
        (
            "telemetry.simulator.speed = 0",
            "`telemetry.simulator.speed` is 0, not a number above 0, at most 100000 @ s.toml line 1 \
             ! give a number above 0, at most 100000",
        ),
        (
            "auth.admin_key = \"tooshortbutsecret\"",
            "`auth.admin_key` is not at least 32 bytes of visible ASCII, for example from `openssl rand -hex 32` \
             @ s.toml line 1 ! give at least 32 bytes of visible ASCII, for example from `openssl rand -hex 32`",
        ),
        (
            "supervision.backoff_initial_ms = 5000",
            "`supervision.backoff_initial_ms`: 5000 ms is above supervision.backoff_max_ms, which is 1000 ms \
             @ s.toml line 1 ! lower the first or raise the second",
        ),
        (
            "log.level = \"inof\"",
            "`log.level` is \"inof\", not error, warn, info, debug, trace or off, or a filter such as \
             info,bellwether=debug @ s.toml line 1 ! give error, warn, info, debug, trace or off, or a filter such as \
             info,bellwether=debug",
        ),
    ] {
        assert_eq!(refusals(text, &[]), [expected], "{text}");
    }
}

#[test]
fn variables_are_read_by_the_type_of_their_key() {
    for (name, value, expected) in [
        (
            "BELLWETHER__SERVER__LISTN",
            "127.0.0.1:1",
            "unknown key `server.listn` @ environment variable BELLWETHER__SERVER__LISTN ! did you mean `server.listen`?",
        ),
        (
            "BELLWETHER__FAULTS__ENABLED",
            "yes",
            "`faults.enabled` is \"yes\", not true or false @ environment variable BELLWETHER__FAULTS__ENABLED \
             ! give true or false",
        ),
        (
            "BELLWETHER__SERVER",
            "1",
            "`server` is \"1\", not a table @ environment variable BELLWETHER__SERVER ! give a table",
        ),
    ] {
        assert_eq!(refusals("", &[(name, value)]), [expected], "{name}");
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = "[server]\nlisen = 1\nworkers = 0\n[log]\nformat = 3\n[supervision]\nbackoff_max_ms = 1\n";
    let found = refusals(text, &[("BELLWETHER__FAULTS__ENABLED", "on"), ("BELLWETHER__X", "1")]);
    let places: Vec<_> = found.iter().map(|fault| fault.split(" @ ").next().unwrap()).collect();
    assert_eq!(found.len(), 6, "{found:#?}");
    for expected in [
        "unknown key `server.lisen`",
        "`server.workers` is 0, not \"auto\" or a whole number from 1 to 256",
        "`log.format` is 3, not auto or json or text",
        "`faults.enabled` is \"on\", not true or false",
        "unknown key `x`",
        "`supervision.backoff_initial_ms`: 50 ms is above supervision.backoff_max_ms, which is 1 ms",
    ] {
        assert!(places.contains(&expected), "{expected}: {places:#?}");
    }
}

#[test]
fn a_file_that_is_no_settings_file_is_refused_with_its_line() {
    for (text, start) in [
        ("[server\nlisten = 1\n", "not TOML: "),
        ("[server]\nworkers = 1\nworkers = 2\n", "not TOML: duplicate key"),
        ("a = = 3", "not TOML: "),
        ("ttl = 1d\n", "not TOML: "),
    ] {
        let found = refusals(text, &[]);
        assert!(found[0].starts_with(start) && found[0].contains("s.toml line "), "{text}: {found:?}");
    }
    let missing = Layers::new().file("no/such/file.toml").load().unwrap_err();
    assert!(missing.to_string().starts_with("cannot read the settings file no/such/file.toml: "), "{missing}");
    let (_folder, layers) = with_file(&"x".repeat(2 << 20));
    assert!(layers.load().unwrap_err().to_string().contains("larger than 1 MiB"));
}

#[test]
fn one_fault_takes_three_lines_and_several_one_each() {
    let (_folder, layers) = with_file("[server]\nlisen = 1\n");
    let text = layers.load().unwrap_err().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        (lines.len(), lines[0], lines[2]),
        (3, "unknown key `server.lisen`", "hint: did you mean `server.listen`?")
    );
    let (_folder, layers) = with_file("[server]\nlisen = 1\nworker = 2\n");
    assert_eq!(layers.load().unwrap_err().to_string().lines().count(), 4);
}

#[test]
fn no_output_shows_the_admin_key() {
    let key = "0123456789abcdef0123456789abcdef";
    let loaded = Layers::new().environment([("BELLWETHER__AUTH__ADMIN_KEY", key)]).load().unwrap();
    assert_eq!(loaded.settings.auth.admin_key.as_ref().unwrap().reveal(), key);
    let listed = loaded.provenance.list(&loaded.settings).unwrap();
    let shown: Vec<String> = listed.iter().map(ToString::to_string).collect();
    assert!(!format!("{:?} {shown:?}", loaded.settings).contains(key));
    let line = shown.iter().find(|line| line.starts_with("auth.admin_key")).unwrap();
    assert!(line.contains("\"***\"") && line.ends_with("# environment variable BELLWETHER__AUTH__ADMIN_KEY"), "{line}");
}
