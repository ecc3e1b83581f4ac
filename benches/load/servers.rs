//! The servers under load: child processes on loopback that end with their owner.
use crate::http1::Connection;
use anyhow::{Context as _, bail};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for a server to be ready.
const START: Duration = Duration::from_secs(20);
/// What a server prints before its address.
pub(crate) const LISTENS: &str = "listens on http://";

/// A server process.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start to its first good answer.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// The program under test, as a user starts it; its log goes nowhere. A share of good inferences is logged.
    pub(crate) fn bellwether(data: &TempDir, logged: f64) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bellwether"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        command.env("BELLWETHER__LOG__INFERENCE_SAMPLE", logged.to_string());
        let server = Self::start(command, "/health/ready")?;
        server.wait_for_features()?;
        Ok(server)
    }

    /// The simulator's first observations come with its first tick.
    fn wait_for_features(&self) -> anyhow::Result<()> {
        let (begin, mut connection) = (Instant::now(), Connection::open(self.address)?);
        let request = b"GET /features/order-gateway HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while connection.exchange(request)?.0 != 200 {
            if begin.elapsed() > START {
                bail!("there are no features after {START:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The handlers that it is compared with: this very program with other arguments.
    pub(crate) fn bare(replies: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(crate::BARE).arg(replies);
        Self::start(command, "/health/live")
    }

    fn start(mut command: Command, probe: &str) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().context("a server has no output")?;
        let (found, address) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once(LISTENS) {
                    let _ = found.send(address.trim().to_owned());
                }
            }
        });
        let mut server = Self { child, address: ([127, 0, 0, 1], 0).into(), ready_after: Duration::ZERO };
        let address = address.recv_timeout(START).with_context(|| format!("{command:?} did not say its address"))?;
        server.address = address.parse()?;
        let request = format!("GET {probe} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut connection = Connection::open(server.address)?;
        while connection.exchange(request.as_bytes())?.0 != 200 {
            if begin.elapsed() > START {
                bail!("{command:?} is not ready after {START:?}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = begin.elapsed();
        Ok(server)
    }

    /// User and system time of all its threads so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let behind_name = stat.rsplit_once(')').context("/proc/PID/stat has no name")?.1;
        let times = behind_name.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = times.sum::<Result<u64, _>>()?;
        Ok(Duration::from_secs(ticks).div_f64(rustix::param::clock_ticks_per_second() as f64))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
