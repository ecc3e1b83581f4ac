//! The invariants of the house: what reading the sources can prove.
use crate::support::bellwether;
use bellwether::observability::metrics::{CONFIG_VERSION_INFO, FAMILIES, Kind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LONGEST: usize = 400;
/// Longer files, each with its reason; one that has become short must leave the list.
const LONG_FILES: &[(&str, &str)] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder of the repository, by their ending, as paths from its root; none if the folder is absent.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.contains(&ending.to_str().unwrap())) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The sources of the program, without the crates' tests.
fn sources() -> Vec<(String, String)> {
    ["src", "actors/src", "adapters/src", "domain/src", "models/src"]
        .iter()
        .flat_map(|folder| files(folder, &["rs"]))
        .collect()
}

fn everything() -> Vec<(String, String)> {
    let folders =
        ["src", "actors", "adapters", "domain", "models", "tests", "benches", "config", "docs", "deploy", "clients"];
    let endings = ["rs", "toml", "md", "yaml", "yml", "json", "csv", "sh", "py", "ts", "tsx"];
    let mut all: Vec<_> = folders.iter().flat_map(|folder| files(folder, &endings)).collect();
    for name in ["Cargo.toml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Makefile", "clippy.toml"] {
        all.extend(std::fs::read_to_string(root().join(name)).ok().map(|text| (name.to_owned(), text)));
    }
    all.retain(|(name, _)| !name.contains("/node_modules/") && !name.contains("/target/"));
    all
}

/// A file's code: without comments, whose words are free.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn holds_word(text: &str, word: &str) -> bool {
    let inside = |character: Option<char>| character.is_some_and(|one| one.is_alphanumeric() || one == '_');
    text.match_indices(word)
        .any(|(at, _)| !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next()))
}

#[track_caller]
fn assert_none(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let mut faults = Vec::new();
    for (name, text) in everything().into_iter().filter(|(name, _)| name.ends_with(".rs")) {
        let (lines, listed) = (text.lines().count(), LONG_FILES.iter().any(|(long, _)| *long == name));
        if (lines > LONGEST) != listed {
            faults
                .push(format!("{name} has {lines} lines{}", if listed { " and is still listed as long" } else { "" }));
        }
    }
    assert_none("split these, or list them with a reason", &faults);
}

#[test]
fn one_file_one_actor() {
    let mut faults = Vec::new();
    let all = files("actors/src", &["rs"]);
    let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let actors_of = |text: &str| text.matches("impl Actor for ").count();
    // An actor with much to do has a folder of its own, where other files hold its messages and its work.
    let is_own_folder = |place: &str| {
        let here = all.iter().filter(|(name, _)| folder(name) == place);
        place.matches('/').count() > 2 && here.map(|(_, text)| actors_of(text)).sum::<usize>() == 1
    };
    for (name, text) in &all {
        let shared = ["actors/src/runtime/", "actors/src/learning/"].iter().any(|place| name.starts_with(place));
        if shared || name.ends_with("/mod.rs") || name.ends_with("/lib.rs") {
            continue;
        }
        let (code, actors) = (code(text), actors_of(text));
        if holds_word(&code, "actix") && actors != 1 && !is_own_folder(&folder(name)) {
            faults.push(format!("{name} names actix and holds {actors} actors"));
        }
        if actors == 1 {
            for word in ["//! Owns ", "//! Takes ", "//! Queue ", "//! Restarts "] {
                if !text.contains(word) {
                    faults.push(format!("{name}: its head lacks `{word}`"));
                }
            }
        }
    }
    assert_none("an actor file holds one actor and a head that says what it owns, takes, queues and loses", &faults);
}

#[test]
fn models_and_rules_know_no_actors_no_runtime_and_no_clock() {
    let mut faults = Vec::new();
    for (name, text) in files("models/src", &["rs"]).into_iter().chain(files("domain/src", &["rs"])) {
        let code = code(&text);
        for word in [
            "actix",
            "tokio",
            "SystemTime",
            "Instant::now",
            "tracing",
            "metrics::counter",
            "std::fs",
            "std::net",
            "rand::rng",
        ] {
            if holds_word(&code, word) {
                faults.push(format!("{name} names {word}"));
            }
        }
    }
    assert_none("time, randomness and the outside world are parameters here", &faults);
}

#[test]
fn concrete_adapters_are_named_where_everything_is_wired_and_nowhere_else() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        // A command that reads a file is its own wiring.
        let elsewhere = ["adapters/", "src/startup", "src/cli/"].iter().any(|place| name.starts_with(place));
        let code = code(text.split("#[cfg(test)]").next().unwrap_or(""));
        for word in ["bellwether_adapters", "rusqlite", "SqliteStore", "InMemoryStore", "ProcessMetrics", "CsvReader"] {
            if !elsewhere && holds_word(&code, word) {
                faults.push(format!("{name} names {word}"));
            }
        }
    }
    assert_none("behind a port nobody knows which adapter it is", &faults);
}

#[test]
fn dependencies_point_inwards() {
    let allowed: [(&str, &[&str]); 5] = [
        ("models/Cargo.toml", &[]),
        ("domain/Cargo.toml", &[]),
        ("adapters/Cargo.toml", &["domain"]),
        ("actors/Cargo.toml", &["domain", "models"]),
        ("Cargo.toml", &["domain", "models", "adapters", "actors"]),
    ];
    let mut faults = Vec::new();
    for (name, allowed) in allowed {
        let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(root().join(name)).unwrap()).unwrap();
        for dependency in manifest["dependencies"].as_table().unwrap().keys() {
            let ours = dependency.strip_prefix("bellwether-");
            if ours.is_some_and(|ours| !allowed.contains(&ours)) {
                faults.push(format!("{name} depends on {dependency}"));
            }
        }
        let runtime = ["actix", "actix-rt", "actix-web", "tokio"];
        let pure = name.starts_with("models") || name.starts_with("domain");
        for forbidden in runtime.iter().filter(|_| pure) {
            if manifest["dependencies"].as_table().unwrap().contains_key(*forbidden) {
                faults.push(format!("{name} depends on {forbidden}"));
            }
        }
    }
    assert_none("these dependencies point outwards", &faults);
}

/// Names of series that sources write down in a macro, such as `counter!("name", …)`.
fn recorded() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (name, text) in sources() {
        for macro_name in ["counter!(", "gauge!(", "histogram!("] {
            for rest in code(text.split("#[cfg(test)]").next().unwrap_or("")).split(macro_name).skip(1) {
                let literal = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                found.extend(literal.map(|literal| (literal.to_owned(), name.clone())));
            }
        }
    }
    found
}

#[test]
fn every_recorded_series_belongs_to_a_declared_family() {
    let declared = |series: &str| FAMILIES.iter().any(|family| family.name == series);
    let faults: Vec<String> = recorded()
        .into_iter()
        .filter(|(series, _)| !declared(series))
        .map(|(series, file)| format!("{series}, in {file}"))
        .collect();
    assert_none("not in src/observability/metrics.rs, so without an explanation and absent until it happens", &faults);
}

#[test]
fn every_metric_is_written_down() {
    let text = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let mut faults = Vec::new();
    let mut rows = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        rows.insert((cells[0].trim_matches('`').to_owned(), cells[1].to_owned(), cells[2].to_owned()));
        if cells.get(3).is_none_or(|meaning| meaning.len() < 10) {
            faults.push(format!("{} is not explained", cells[0]));
        }
    }
    let mut known = BTreeSet::from([CONFIG_VERSION_INFO.to_owned()]);
    for family in FAMILIES {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        known.insert(family.name.to_owned());
        if !rows.contains(&(family.name.to_owned(), kind.to_owned(), labels.join(", "))) {
            faults.push(format!("| `{}` | {kind} | {} | is missing", family.name, labels.join(", ")));
        }
    }
    for (name, ..) in rows.iter().filter(|(name, ..)| !known.contains(name) && !name.starts_with("process_")) {
        faults.push(format!("{name} is written down but not exported"));
    }
    assert_none("docs/metrics.md and src/observability/metrics.rs differ", &faults);
}

/// Subcommands of a command, by its help.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    lines
        .filter(|line| !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_flag_is_written_down() {
    let mut documents: Vec<String> = files("docs", &["md"]).into_iter().map(|(_, text)| text).collect();
    let Ok(readme) = std::fs::read_to_string(root().join("README.md")) else {
        println!("skipped: there is no README.md yet");
        return;
    };
    documents.push(readme);
    let (mut faults, mut commands) = (Vec::new(), vec![Vec::<String>::new()]);
    while let Some(command) = commands.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = bellwether(&arguments, &[]).stdout;
        let words = help
            .lines()
            .filter(|line| line.trim_start().starts_with('-'))
            .flat_map(|line| line.split([' ', ',', '[', '<', '=']));
        for flag in words.filter(|word| word.starts_with("--") && !["--help", "--version"].contains(word)) {
            if !documents.iter().any(|text| text.contains(flag)) {
                faults.push(format!("{flag} of `bellwether {}`", command.join(" ")));
            }
        }
        commands.extend(subcommands(&help).into_iter().map(|name| [command.clone(), vec![name]].concat()));
    }
    assert_none("neither in README.md nor in docs/", &faults);
}

#[test]
fn nothing_is_left_undone() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            if code(&text).contains(word) {
                faults.push(format!("{name} holds {word}…)"));
            }
        }
    }
    assert_none("finish these", &faults);
}

/// The message of a log macro's arguments: the last literal that is no field's value.
fn message(arguments: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped, mut start) = (0_i32, false, false, 0);
    let mut last = None;
    for (at, character) in arguments.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if quoted => {
                quoted = false;
                if depth == 0 && !arguments[..start].trim_end().ends_with('=') {
                    last = Some(&arguments[start + 1..at]);
                }
            }
            '"' => (quoted, start) = (true, at),
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => return last,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    last
}

#[test]
fn log_messages_begin_small_and_end_without_a_full_stop() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (name, text) in sources() {
        let code = code(&text);
        for level in ["error", "warn", "info", "debug", "trace"] {
            for arguments in code.split(&format!("tracing::{level}!(")).skip(1) {
                let Some(message) = message(arguments) else {
                    faults.push(format!("{name}: a {level} line without a message"));
                    continue;
                };
                seen += 1;
                let capital = message.chars().next().is_some_and(char::is_uppercase);
                let word = message.split_whitespace().next().unwrap_or("");
                let acronym = word.len() > 1 && word.chars().all(|one| !one.is_lowercase());
                if (capital && !acronym) || message.ends_with(['.', '!', '\n']) || message.is_empty() {
                    faults.push(format!("{name}: {message:?}"));
                }
            }
        }
    }
    assert!(seen > 10, "the search finds only {seen} log lines");
    assert_none("a log message is lowercase, without a full stop", &faults);
}

#[test]
fn no_file_knows_on_which_machine_it_was_written() {
    // In pieces, so that this file does not find itself.
    let places = ["/ho#me/", "/ro#ot/", "/wo#rk/", "/Us#ers/", "C:#\\"].map(|place| place.replace('#', ""));
    let mut faults = Vec::new();
    for (name, text) in everything() {
        for place in &places {
            faults.extend(text.contains(place.as_str()).then(|| format!("{name} names {place}")));
        }
    }
    assert_none("paths of a machine", &faults);
}

#[test]
fn the_message_of_a_log_line_is_found() {
    for (arguments, expected) in [
        (r#""ready")"#, Some("ready")),
        (r#"%address, ready_after_ms = took(), "ready"); info("x")"#, Some("ready")),
        (r#"target: "inference", model = f("a"), "answered")"#, Some("answered")),
        (r#"reason = "x", "a \"quoted\" word")"#, Some(r#"a \"quoted\" word"#)),
        (r#"reason = "x")"#, None),
    ] {
        let found = message(arguments);
        assert!(found == expected || (expected.is_none() && found != Some("x")), "{arguments}: {found:?}");
    }
    assert!(
        PathBuf::from("a.rs").extension().is_some()
            && holds_word("use actix::Actor", "actix")
            && !holds_word("actixy", "actix")
    );
}
