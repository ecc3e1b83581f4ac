//! What the disk alone takes: three pages written and flushed at the rate of the open loop, by nobody else. Whoever waits
//! for the disk cannot be quicker.
use crate::RATE;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Pages of the file, written over and over as a write-ahead log is.
const PAGES: u64 = 1_500;
const PAGE: usize = 4_120;

/// Latencies of the flushes, sorted.
pub(crate) fn flushes(length: Duration) -> std::io::Result<Vec<Duration>> {
    let (file, page): (File, _) = (tempfile::tempfile()?, [7_u8; PAGE]);
    (0..PAGES).try_for_each(|at| file.write_all_at(&page, at * PAGE as u64))?;
    file.sync_all()?;
    let (begin, mut latencies) = (Instant::now(), Vec::new());
    for number in 0..(length.as_secs_f64() * f64::from(RATE)) as u32 {
        let due = begin + Duration::from_secs(1) / RATE * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let begun = Instant::now();
        for page_number in 0..3 {
            file.write_all_at(&page, (u64::from(number) * 3 + page_number) % PAGES * PAGE as u64)?;
        }
        file.sync_data()?;
        latencies.push(begun.elapsed());
    }
    latencies.sort_unstable();
    Ok(latencies)
}
