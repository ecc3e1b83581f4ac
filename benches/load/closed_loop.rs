//! A closed loop: so many connections, each of which asks again as soon as it is answered. It saturates the server, and
//! tells what a request costs it; of latency it tells nothing.
use crate::http1::{PATIENCE, extent};
use crate::requests::Endpoint;
use crate::servers::Server;
use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections, each with one request in flight.
const CONNECTIONS: usize = 32;

/// What a saturated server did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Saturated {
    pub(crate) per_second: f64,
    /// CPU time of the server per request.
    pub(crate) cpu: Duration,
    /// Replies that were not good.
    pub(crate) bad: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    good: u64,
    bad: u64,
}

/// Saturates the server for `warm_up`, then for `duration`, which counts.
pub(crate) fn saturate(
    server: &Server,
    endpoint: &Endpoint,
    warm_up: Duration,
    duration: Duration,
) -> anyhow::Result<Saturated> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(server.address).await.context("connecting")?;
            stream.set_nodelay(true)?;
            connections.push((stream, Vec::with_capacity(32 * 1024)));
        }
        ask_until(Instant::now() + warm_up, endpoint, &mut connections).await?;
        let (before, begin) = (server.cpu()?, Instant::now());
        let Count { good, bad } = ask_until(begin + duration, endpoint, &mut connections).await?;
        let (elapsed, after) = (begin.elapsed(), server.cpu()?);
        let count = (good + bad).max(1) as f64;
        Ok(Saturated { per_second: count / elapsed.as_secs_f64(), cpu: (after - before).div_f64(count), bad })
    })
}

async fn ask_until(
    end: Instant,
    endpoint: &Endpoint,
    connections: &mut [(TcpStream, Vec<u8>)],
) -> anyhow::Result<Count> {
    let all = try_join_all(connections.iter_mut().map(|(stream, buffer)| one(end, endpoint, stream, buffer)));
    let limit = end.saturating_duration_since(Instant::now()) + PATIENCE;
    let counts = tokio::time::timeout(limit, all).await.context("a reply does not come")??;
    Ok(counts
        .into_iter()
        .fold(Count::default(), |sum, one| Count { good: sum.good + one.good, bad: sum.bad + one.bad }))
}

async fn one(end: Instant, endpoint: &Endpoint, stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<Count> {
    let (mut count, mut request) = (Count::default(), Vec::new());
    let sign = memchr::memmem::Finder::new(endpoint.sign);
    while Instant::now() < end {
        endpoint.write(&mut request);
        stream.write_all(&request).await?;
        buffer.clear();
        loop {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the server closed a connection");
            }
            if let Some(extent) = extent(buffer)?
                && buffer.len() >= extent.whole
            {
                let good = extent.status == 200 && sign.find(&buffer[extent.head..]).is_some();
                count.good += u64::from(good);
                count.bad += u64::from(!good);
                break;
            }
        }
    }
    Ok(count)
}
