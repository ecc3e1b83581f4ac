//! Reads `/proc/self` at every poll.
use super::wire;
use bellwether_domain::ports::{Polled, SourceError, TelemetrySource};
use bellwether_domain::types::{FeatureName, InvalidName, Observation, ServiceId, Timestamp};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// What the process calls itself.
const SERVICE: &str = "bellwether";
const SOURCE: &str = "process metrics";

/// [`TelemetrySource`] of the process itself, as service `bellwether`:
///
/// - `process_resident_memory_bytes`
/// - `process_cpu_share`: CPU time since the last poll per time passed, 1 for one busy core; not on the first poll,
///   to the precision of 10 ms of CPU time
/// - `process_threads`
/// - `process_open_files`
#[derive(Debug)]
pub struct ProcessMetrics {
    root: PathBuf,
    interval: Duration,
    /// Time of the last poll and CPU time spent until then.
    last: Option<(Timestamp, Duration)>,
}

impl ProcessMetrics {
    /// Reads `/proc/self`, every `interval`.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { root: PathBuf::from("/proc/self"), interval, last: None }
    }

    fn read(&self, file: &str) -> Result<String, SourceError> {
        let path = self.root.join(file);
        fs::read_to_string(&path)
            .map_err(|error| failed(format!("{} cannot be read: {error}; {NEEDS}", path.display())))
    }
}

const NEEDS: &str = "it needs Linux with /proc mounted, turn the source off elsewhere";

fn failed(why: String) -> SourceError {
    SourceError { source_name: SOURCE, why }
}

impl TelemetrySource for ProcessMetrics {
    fn poll(&mut self, now: Timestamp) -> Result<Polled, SourceError> {
        let unknown = |what: &str| failed(format!("{} has no readable {what}; {NEEDS}", self.root.display()));
        let cpu = wire::cpu_time(&self.read("stat")?).ok_or_else(|| unknown("CPU time"))?;
        let status = self.read("status")?;
        let kibibytes = wire::number(&status, "VmRSS").ok_or_else(|| unknown("VmRSS"))?;
        let threads = wire::number(&status, "Threads").ok_or_else(|| unknown("Threads"))?;
        let files = fs::read_dir(self.root.join("fd")).map_err(|error| unknown(&format!("fd ({error})")))?;
        let files = files.count().saturating_sub(1); // without the one that lists them
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let mut values = vec![
            ("process_resident_memory_bytes", kibibytes as f64 * 1024.0),
            ("process_threads", threads as f64),
            ("process_open_files", files as f64),
        ];
        if let Some((then, spent)) = self.last.filter(|(then, _)| now > *then) {
            let share = cpu.saturating_sub(spent).as_secs_f64() / now.since(then).as_secs_f64();
            values.push(("process_cpu_share", share));
        }
        if self.last.is_none_or(|(then, _)| now > then) {
            self.last = Some((now, cpu));
        }
        let observations = values.into_iter().map(|(name, value)| {
            Ok(Observation { service: ServiceId::new(SERVICE)?, name: FeatureName::new(name)?, at: now, value })
        });
        let observations: Result<_, InvalidName> = observations.collect();
        observations.map(Polled::Observations).map_err(|error| failed(error.to_string()))
    }

    fn interval(&self) -> Duration {
        self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(source: &mut ProcessMetrics, seconds: i64) -> Vec<(String, f64)> {
        match source.poll(Timestamp::from_milliseconds(seconds * 1000)).unwrap() {
            Polled::Ended => panic!("ended"),
            Polled::Observations(all) => all.into_iter().map(|one| (one.name.to_string(), one.value)).collect(),
        }
    }

    fn place(cpu_ticks: u64) -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        write_stat(&place, cpu_ticks);
        fs::write(place.path().join("status"), "VmRSS:\t2 kB\nThreads:\t3\n").unwrap();
        fs::create_dir(place.path().join("fd")).unwrap();
        for file in 0..5 {
            fs::write(place.path().join("fd").join(file.to_string()), "").unwrap();
        }
        place
    }

    fn write_stat(place: &tempfile::TempDir, ticks: u64) {
        let stat = format!("1 (x) S 1 2 3 4 5 6 7 8 9 10 {ticks} 0 0 0");
        fs::write(place.path().join("stat"), stat).unwrap();
    }

    #[test]
    fn the_share_of_a_core_is_cpu_time_between_polls_over_time_passed() {
        let place = place(100);
        let mut source = ProcessMetrics { root: place.path().into(), ..ProcessMetrics::new(Duration::from_secs(1)) };
        let first = values(&mut source, 10);
        assert_eq!(first.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [2048.0, 3.0, 4.0]);
        write_stat(&place, 300);
        assert_eq!(values(&mut source, 14)[3], ("process_cpu_share".to_owned(), 0.5));
        // A clock that stands still or goes back gives no share instead of a nonsensical one.
        assert_eq!((values(&mut source, 14).len(), values(&mut source, 13).len()), (3, 3));
    }

    #[test]
    fn without_proc_it_says_so_and_may_be_asked_again() {
        let nowhere = tempfile::tempdir().unwrap();
        let mut source = ProcessMetrics { root: nowhere.path().join("x"), ..ProcessMetrics::new(Duration::ZERO) };
        for _ in 0..2 {
            let refusal = source.poll(Timestamp::from_milliseconds(0)).unwrap_err().to_string();
            assert!(refusal.starts_with("process metrics failed: ") && refusal.contains(NEEDS), "{refusal}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_threads_and_files() {
        let values = values(&mut ProcessMetrics::new(Duration::ZERO), 0);
        assert!(values.iter().all(|(_, value)| *value >= 1.0), "{values:?}");
    }
}
