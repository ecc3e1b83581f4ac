//! As much of HTTP/1.1 as a load generator needs: replies with a known length over kept-alive connections.
use anyhow::{Context as _, bail};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest wait for a reply.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Where the head of a reply says that the reply ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) status: u16,
    pub(crate) head: usize,
    pub(crate) whole: usize,
}

/// The extent of the reply that begins `bytes`; `None` until its head is complete.
pub(crate) fn extent(bytes: &[u8]) -> anyhow::Result<Option<Extent>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).context("the head of a reply is not text")?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).context("a reply has no status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let Some(length) = length else { bail!("a reply has no length") };
    Ok(Some(Extent { status, head: end + 4, whole: end + 4 + length }))
}

/// One connection that blocks.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("connecting")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and waits for its whole reply: status and body.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> anyhow::Result<(u16, &[u8])> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        loop {
            let before = self.buffer.len();
            self.buffer.resize(before + 16 * 1024, 0);
            let read = self.stream.read(&mut self.buffer[before..])?;
            self.buffer.truncate(before + read);
            if read == 0 {
                bail!("the server closed the connection");
            }
            if let Some(extent) = extent(&self.buffer)?
                && self.buffer.len() >= extent.whole
            {
                return Ok((extent.status, &self.buffer[extent.head..extent.whole]));
            }
        }
    }
}
