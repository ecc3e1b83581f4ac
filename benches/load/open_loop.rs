//! An open loop: requests are due on a fixed schedule, whatever the server does, and each latency counts from the moment
//! at which its request was due. A stall is charged to every request that it delayed: no coordinated omission.
use crate::http1::Connection;
use crate::requests::Endpoint;
use crate::servers::Server;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Connections with a thread each; a request that finds none free is sent late, and its lateness counts.
const CONNECTIONS: usize = 24;

/// What a server did under a schedule.
#[derive(Debug, Default)]
pub(crate) struct Scheduled {
    /// From the due moment to the last byte of the reply.
    pub(crate) latencies: Vec<Duration>,
    /// From the due moment to the sending, of requests that had a free connection in time: the generator's own noise.
    pub(crate) late: Vec<Duration>,
    /// Replies that were not good, or did not come.
    pub(crate) bad: u64,
}

impl Scheduled {
    pub(crate) fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.late.extend(other.late);
        self.bad += other.bad;
    }
}

/// Lets the threads of this process that start from now on be woken on time: the kernel may otherwise wait for 50 us.
pub(crate) fn wake_exactly() {
    let _ = std::fs::write("/proc/self/timerslack_ns", "1000"); // without it all servers are measured with 50 us more
}

/// Asks at `rate` per second for `duration`.
pub(crate) fn follow_schedule(
    server: &Server,
    endpoint: &Endpoint,
    rate: u32,
    duration: Duration,
) -> anyhow::Result<Scheduled> {
    let total = (duration.as_secs_f64() * f64::from(rate)) as u32;
    let step = Duration::from_secs(1) / rate;
    let next = AtomicU32::new(0);
    let connections = (0..CONNECTIONS).map(|_| Connection::open(server.address));
    let connections = connections.collect::<anyhow::Result<Vec<_>>>()?;
    let begin = Instant::now() + Duration::from_millis(20);
    let mut all = Scheduled::default();
    std::thread::scope(|scope| {
        let ask = |connection| one(server, connection, endpoint, &next, |place| begin + step * place, total);
        let threads: Vec<_> = connections.into_iter().map(|one| scope.spawn(move || ask(one))).collect();
        for thread in threads {
            all.merge(thread.join().unwrap_or_default());
        }
    });
    all.latencies.sort_unstable();
    Ok(all)
}

fn one(
    server: &Server,
    mut connection: Connection,
    endpoint: &Endpoint,
    next: &AtomicU32,
    due: impl Fn(u32) -> Instant,
    total: u32,
) -> Scheduled {
    let (mut found, mut request) = (Scheduled::default(), Vec::new());
    let sign = memchr::memmem::Finder::new(endpoint.sign);
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        if place >= total {
            return found;
        }
        endpoint.write(&mut request);
        let due = due(place);
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
            found.late.push(due.elapsed());
        }
        let good = match connection.exchange(&request) {
            Ok((status, body)) => status == 200 && sign.find(body).is_some(),
            Err(_) => {
                // What never came counts with the time that was waited for it.
                if let Ok(fresh) = Connection::open(server.address) {
                    connection = fresh;
                }
                false
            }
        };
        found.latencies.push(due.elapsed());
        found.bad += u64::from(!good);
    }
}
