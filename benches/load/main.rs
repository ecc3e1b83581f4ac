//! The server under load, beside bare actix-web handlers for the same requests, alternating in one run.
//!
//! `cargo bench --bench load` takes some minutes; `-- --quick` (or `--test`) runs everything once in seconds.
//! `--only TEXT` keeps the endpoints whose name holds it, `--rounds N` and `--seconds X` bound the closed loop.
mod bare;
mod closed_loop;
mod disk;
mod http1;
mod open_loop;
mod report;
mod requests;
mod servers;

use anyhow::Context as _;
use closed_loop::{Saturated, saturate};
use open_loop::{Scheduled, follow_schedule};
use report::{Measured, Report};
use requests::Endpoint;
use servers::Server;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The argument that makes this program the bare server.
pub(crate) const BARE: &str = "--bare-server";
/// Requests per second of the open loop.
pub(crate) const RATE: u32 = 1_000;

/// How much is measured.
struct Plan {
    only: String,
    rounds: usize,
    warm_up: Duration,
    closed: Duration,
    open: Duration,
    idle: Duration,
    starts: usize,
}

impl Plan {
    fn from_arguments(arguments: &[String]) -> anyhow::Result<Self> {
        let given = |name: &str| arguments.iter().any(|argument| argument == name);
        let value = |name: &str| -> anyhow::Result<Option<&String>> {
            let Some(place) = arguments.iter().position(|argument| argument == name) else { return Ok(None) };
            Ok(Some(arguments.get(place + 1).with_context(|| format!("{name} needs a value"))?))
        };
        // `cargo bench` passes `--bench`; without it this runs as a test.
        let quick = given("--quick") || given("--test") || !given("--bench");
        let seconds = Duration::from_secs_f64;
        let mut plan = if quick {
            let short = seconds(0.05);
            let (warm_up, idle) = (Duration::ZERO, Duration::ZERO);
            Self { only: String::new(), rounds: 1, warm_up, closed: short, open: short, idle, starts: 1 }
        } else {
            let (warm_up, closed, open) = (seconds(0.5), seconds(2.0), seconds(5.0));
            Self { only: String::new(), rounds: 5, warm_up, closed, open, idle: seconds(10.0), starts: 5 }
        };
        plan.only = value("--only")?.cloned().unwrap_or_default();
        if let Some(rounds) = value("--rounds")? {
            plan.rounds = rounds.parse::<usize>()?.clamp(1, 100);
        }
        if let Some(length) = value("--seconds")? {
            plan.closed = seconds(length.parse::<f64>()?.clamp(0.05, 600.0));
        }
        Ok(plan)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, replies] = arguments.as_slice()
        && first == BARE
    {
        return bare::serve(Path::new(replies));
    }
    let plan = Plan::from_arguments(&arguments)?;
    open_loop::wake_exactly();
    measure(&plan)
}

fn measure(plan: &Plan) -> anyhow::Result<()> {
    let mut report = Report::begin();
    let directories = [TempDir::new()?, TempDir::new()?];
    for _ in 1..plan.starts {
        let fresh = TempDir::new()?;
        report.ready_after.push(Server::bellwether(&fresh, 1.0)?.ready_after);
    }
    let ours = Server::bellwether(&directories[0], 1.0)?;
    report.ready_after.push(ours.ready_after);
    std::thread::sleep(plan.idle);
    report.idle = Some((plan.idle, ours.resident()?));

    let key = std::fs::read_to_string(directories[0].path().join("admin.key")).context("reading the admin's key")?;
    let endpoints = requests::endpoints(key.trim());
    let replies = bare::replies(&ours, &endpoints)?;
    let kept = directories[0].path().join("replies.json");
    bare::keep(&replies, &kept)?;
    let bare = Server::bare(&kept)?;
    bare::replies(&bare, &endpoints)?;
    // Inferences write a line each; one more server shows what the lines cost.
    let silent = Server::bellwether(&directories[1], 0.0)?;

    for (endpoint, reply) in endpoints.iter().zip(&replies).filter(|(endpoint, _)| endpoint.name.contains(&plan.only)) {
        let mut servers = vec![("bare handler", &bare), ("bellwether", &ours)];
        if endpoint.path.starts_with("/models") {
            servers.push(("bellwether, no log", &silent));
        }
        let measured = of_endpoint(plan, endpoint, &servers)?;
        report.add(endpoint.name, reply.len(), measured);
    }
    report.flushes = disk::flushes(plan.open * u32::try_from(plan.rounds)?).context("flushing a file")?;
    report.resident_after_load = Some(ours.resident()?);
    print!("{}", report.text());
    Ok(())
}

/// Alternates between the servers, so that a disturbance of the machine meets all of them.
fn of_endpoint<'a>(
    plan: &Plan,
    endpoint: &Endpoint,
    servers: &[(&'a str, &Server)],
) -> anyhow::Result<Vec<Measured<'a>>> {
    let mut measured: Vec<Measured<'a>> = servers
        .iter()
        .map(|(name, _)| Measured { server: name, closed: Vec::new(), open: Scheduled::default() })
        .collect();
    for _ in 0..plan.rounds {
        for ((_, server), measured) in servers.iter().zip(&mut measured) {
            let saturated: Saturated = saturate(server, endpoint, plan.warm_up, plan.closed)
                .with_context(|| format!("{} at {}", endpoint.name, measured.server))?;
            measured.closed.push(saturated);
        }
        for ((_, server), measured) in servers.iter().zip(&mut measured) {
            measured.open.merge(follow_schedule(server, endpoint, RATE, plan.open)?);
        }
    }
    Ok(measured)
}
