//! What was measured, as text.
use crate::RATE;
use crate::closed_loop::Saturated;
use crate::open_loop::Scheduled;
use std::fmt::Write as _;
use std::time::Duration;

/// What one server did with one kind of request.
pub(crate) struct Measured<'a> {
    pub(crate) server: &'a str,
    pub(crate) closed: Vec<Saturated>,
    pub(crate) open: Scheduled,
}

/// Everything that is printed.
pub(crate) struct Report {
    load_at_begin: String,
    pub(crate) ready_after: Vec<Duration>,
    pub(crate) idle: Option<(Duration, u64)>,
    pub(crate) resident_after_load: Option<u64>,
    /// Of the disk alone, sorted.
    pub(crate) flushes: Vec<Duration>,
    closed: String,
    open: String,
}

impl Report {
    pub(crate) fn begin() -> Self {
        let (closed, open) = (
            "| endpoint | reply | server | requests/s | CPU per request | of the rounds | to bare | bad |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned(),
            "| endpoint | server | p50 | p99 | p99.9 | worst | p99.9 to bare | p99.9 the generator was late | bad |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned(),
        );
        let (ready_after, idle, resident_after_load) = (Vec::new(), None, None);
        let (load_at_begin, flushes) = (load_average(), Vec::new());
        Self { load_at_begin, ready_after, idle, resident_after_load, flushes, closed, open }
    }

    /// Adds the rows of one endpoint; the first server is what the others are compared with.
    pub(crate) fn add(&mut self, endpoint: &str, reply: usize, mut measured: Vec<Measured<'_>>) {
        let mut first: Option<(f64, f64)> = None;
        for Measured { server, closed, open } in &mut measured {
            closed.sort_by_key(|round| round.cpu);
            open.latencies.sort_unstable();
            open.late.sort_unstable();
            let (cpu, tail) = (closed[closed.len() / 2].cpu, quantile(&open.latencies, 0.999));
            let (bare_cpu, bare_tail) = *first.get_or_insert((cpu.as_secs_f64(), tail.as_secs_f64()));
            let mut rates: Vec<f64> = closed.iter().map(|round| round.per_second).collect();
            rates.sort_by(f64::total_cmp);
            let bad: u64 = closed.iter().map(|round| round.bad).sum();
            let _ = writeln!(
                self.closed,
                "| {endpoint} | {reply} B | {server} | {:.0} | {} | {} to {} | {:.2} | {bad} |",
                rates[rates.len() / 2],
                micro(cpu),
                micro(closed[0].cpu),
                micro(closed[closed.len() - 1].cpu),
                cpu.as_secs_f64() / bare_cpu.max(1e-9),
            );
            let _ = writeln!(
                self.open,
                "| {endpoint} | {server} | {} | {} | {} | {} | {:.2} | {} | {} |",
                milli(quantile(&open.latencies, 0.5)),
                milli(quantile(&open.latencies, 0.99)),
                milli(tail),
                milli(quantile(&open.latencies, 1.0)),
                tail.as_secs_f64() / bare_tail.max(1e-9),
                milli(quantile(&open.late, 0.999)),
                open.bad,
            );
        }
    }

    pub(crate) fn text(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut text =
            format!("{cores} cores; load average {} at the begin, {} at the end\n", self.load_at_begin, load_average());
        let mut ready = self.ready_after.clone();
        ready.sort_unstable();
        if let (Some(best), Some(worst)) = (ready.first(), ready.last()) {
            let _ = writeln!(text, "ready after {} to {} ({} starts)", milli(*best), milli(*worst), ready.len());
        }
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        if let Some((after, bytes)) = self.idle {
            let _ = writeln!(text, "resident {:.1} MB after {} s without a request", megabytes(bytes), after.as_secs());
        }
        if let Some(bytes) = self.resident_after_load {
            let _ = writeln!(text, "resident {:.1} MB after the load", megabytes(bytes));
        }
        let [half, most, nearly_all, worst] =
            [0.5, 0.99, 0.999, 1.0].map(|share| milli(quantile(&self.flushes, share)));
        let _ = writeln!(
            text,
            "the disk alone, {RATE} flushes/s: p50 {half}, p99 {most}, p99.9 {nearly_all}, worst {worst}"
        );
        let _ = writeln!(text, "\nClosed loop, saturated (median of the rounds):\n\n{}", self.closed);
        let _ = writeln!(text, "Open loop, {RATE} requests/s, latency from the due moment:\n\n{}", self.open);
        text
    }
}

/// Of sorted values; zero of none.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn micro(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

fn milli(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}
