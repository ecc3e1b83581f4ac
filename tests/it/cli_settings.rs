//! `bellwether settings show`, and settings that are refused.
use crate::support::bellwether;
use serde_json::Value;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn show_prints_every_setting_with_the_place_it_is_from() {
    let settings = file("[server]\ndrain_ms = 7\n\n[auth]\nadmin_key = \"0123456789abcdef0123456789abcdef\"\n");
    let path = settings.path().to_str().unwrap();
    let environment = [("BELLWETHER__SERVER__WORKERS", "3")];
    let shown = bellwether(&["settings", "show", "--config", path, "--format", "json"], &environment);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{shown:?}");
    let listed: Value = serde_json::from_str(&shown.stdout).unwrap();
    let listed = listed["settings"].as_array().unwrap();
    for (key, value, source) in [
        ("server.drain_ms", serde_json::json!(7), format!("{path} line 2")),
        ("server.workers", serde_json::json!(3), "environment variable BELLWETHER__SERVER__WORKERS".to_owned()),
        ("server.listen", serde_json::json!("127.0.0.1:8000"), "default".to_owned()),
        ("auth.admin_key", serde_json::json!("***"), format!("{path} line 5")),
    ] {
        let expected = serde_json::json!({ "key": key, "value": value, "source": source });
        assert!(listed.contains(&expected), "{expected}: {}", shown.stdout);
    }
    let text = bellwether(&["settings", "show", "--config", path], &environment);
    for line in ["server.drain_ms = 7", "auth.admin_key = \"***\""] {
        assert!(
            text.stdout.lines().any(|one| one.starts_with(line) && one.contains(&format!("# {path} line"))),
            "{}",
            text.stdout
        );
    }
    assert_eq!(text.stdout.lines().count(), listed.len());
    assert!(!shown.stdout.contains(SECRET) && !text.stdout.contains(SECRET));
    let parsed: toml::Table = toml::from_str(&text.stdout).expect("it can be used as a settings file");
    assert_eq!(parsed["server"]["drain_ms"].as_integer(), Some(7));
}

#[test]
fn the_shipped_settings_files_are_sound() {
    for name in ["default", "development", "production"] {
        let path = format!("{}/config/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(bellwether(&["settings", "show", "--config", &path], &[]).code, Some(0), "{name}");
    }
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_a_remedy() {
    let settings = file("# mine\n[server]\nlistn = \"127.0.0.1:1\"\n");
    let path = settings.path().to_str().unwrap();
    let said = bellwether(&["settings", "show", "--config", path], &[]);
    let said = said.refusal();
    for part in ["server.listn", &format!("{path} line 3"), "did you mean `server.listen`?"] {
        assert!(said.contains(part), "{said}");
    }
    let refused = bellwether(&["settings", "show"], &[("BELLWETHER__SERVER__DRIAN_MS", "1")]);
    for part in ["server.drian_ms", "BELLWETHER__SERVER__DRIAN_MS", "did you mean `server.drain_ms`?"] {
        assert!(refused.refusal().contains(part), "{refused:?}");
    }
}

#[test]
fn a_value_that_cannot_be_is_named_with_its_place() {
    for (text, parts) in [
        ("[server]\ndrain_ms = -1\n", &["server.drain_ms", "line 2"][..]),
        ("[server]\ndrain_ms = \"soon\"\n", &["server.drain_ms", "line 2"]),
        ("[server]\nlisten = \"nowhere\"\n", &["server.listen", "line 2", "nowhere"]),
        ("[log]\nformat = \"xml\"\n", &["log.format", "line 2", "xml"]),
        ("[supervision]\nbackoff_initial_ms = 5000\n", &["supervision.backoff_initial_ms", "backoff_max_ms"]),
        ("[server\n", &["line 1"]),
    ] {
        let settings = file(text);
        let refused = bellwether(&["settings", "show", "--config", settings.path().to_str().unwrap()], &[]);
        for part in parts {
            assert!(refused.refusal().contains(part), "{part}: {refused:?}");
        }
    }
    let refused = bellwether(&["settings", "show"], &[("BELLWETHER__AUTH__ADMIN_KEY", "hunter2")]);
    assert!(refused.refusal().contains("auth.admin_key") && !refused.stderr.contains("hunter2"), "{refused:?}");
    let refused = bellwether(&["settings", "show", "--config", "/nonexistent/settings.toml"], &[]);
    assert!(refused.refusal().contains("/nonexistent/settings.toml"), "{refused:?}");
}

#[test]
fn all_faults_are_told_at_once() {
    let settings = file("[server]\nlistn = 1\ndrain_ms = -1\n[log]\nformat = \"xml\"\n");
    let refused = bellwether(&["settings", "show", "--config", settings.path().to_str().unwrap()], &[]);
    assert_eq!(refused.code, Some(2));
    for part in ["listn", "drain_ms", "log.format"] {
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
}
