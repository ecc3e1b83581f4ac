//! A process that is killed in the middle of its work has lost nothing that it acknowledged.
use super::support::{at, observation};
use bellwether_adapters::sqlite::{DataDirectory, SqliteStore};
use bellwether_domain::ports::{StateStore, Write, Written};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Tells the child where to work; without it the child's test does nothing.
const PLACE: &str = "BELLWETHER_TEST_KILLED_IN";

#[test]
fn child_commits_until_it_is_killed() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let directory = DataDirectory::open(place).unwrap();
    let mut store = SqliteStore::open(directory.database()).unwrap();
    let already = store.observations_since(at(i64::MIN), usize::MAX).unwrap().len();
    for number in i64::try_from(already).unwrap().. {
        let written = store.commit(&[Write::Observations(vec![observation("s", "n", number, 0.5)])]).unwrap();
        assert_eq!(written, [Written::Observations(vec![true])]);
        println!("acknowledged {number}");
    }
}

#[test]
fn everything_acknowledged_before_a_kill_is_there_exactly_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stores::killed::child_commits_until_it_is_killed", "--nocapture"])
            .env(PLACE, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = acknowledged.len();
        let deadline = Instant::now() + Duration::from_secs(60);
        let take = |line: &str| line.rsplit_once("acknowledged ").and_then(|(_, number)| number.parse::<i64>().ok());
        // The wish: some rounds die early, some after checkpoints of the log.
        while acknowledged.len() < before + 30 + 200 * round && Instant::now() < deadline {
            acknowledged.extend(take(&lines.next().unwrap().unwrap()));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| take(&line)));
        assert!(acknowledged.len() >= before + 30, "round {round}: {acknowledged:?}");
    }
    let held = DataDirectory::open(directory.path()).unwrap();
    let mut store = SqliteStore::open(held.database()).unwrap();
    let mut found = BTreeMap::new();
    for one in store.observations_since(at(i64::MIN), usize::MAX).unwrap() {
        *found.entry(one.at.nanoseconds()).or_insert(0) += 1;
    }
    assert!(acknowledged.iter().all(|number| found.get(number) == Some(&1)));
    // A kill between commit and acknowledgement leaves at most one row per round that nobody heard of.
    assert!(found.len() <= acknowledged.len() + 4, "{} of {}", found.len(), acknowledged.len());
}

#[test]
fn a_second_process_is_refused_while_the_first_lives_and_let_in_when_it_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores::killed::child_commits_until_it_is_killed", "--nocapture"])
        .env(PLACE, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("acknowledged")));
    let refused = DataDirectory::open(directory.path()).unwrap_err().to_string();
    assert!(refused.contains(&format!("in use by process {}", child.id())), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(DataDirectory::open(directory.path()).is_ok());
}
