//! The process as its operating system sees it, under the names that every Prometheus client uses. Read when asked:
//! a registry would round the CPU time to whole seconds.
use std::fmt::Write;

/// Clock ticks per second in `/proc`: `USER_HZ`, 100 on every Linux that Rust knows.
const TICKS_PER_SECOND: f64 = 100.0;

/// Names, kinds and explanations.
pub(super) const FAMILIES: [(&str, &str, &str); 4] = [
    ("process_cpu_seconds_total", "counter", "CPU time in user and system mode, in seconds."),
    ("process_resident_memory_bytes", "gauge", "Resident memory, in bytes."),
    ("process_open_fds", "gauge", "Open file descriptors."),
    ("process_start_time_seconds", "gauge", "Start of the process, in seconds since 1970."),
];

/// Appends the exposition of what can be read; where there is no `/proc`, nothing.
pub(super) fn render(out: &mut String) {
    let values = [cpu_seconds(), resident_bytes(), open_files(), start_seconds()];
    for ((name, kind, help), value) in FAMILIES.iter().zip(values) {
        if let Some(value) = value {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    }
}

/// A field of `/proc/self/stat`, counted from 3 (the one after the command, which may hold spaces).
fn stat(field: usize) -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_ascii_whitespace().nth(field - 3)?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    Some((stat(14)? + stat(15)?) / TICKS_PER_SECOND)
}

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_files() -> Option<f64> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(files.saturating_sub(1)).ok().map(f64::from) // without the one that counts
}

fn start_seconds() -> Option<f64> {
    let stat_of_all = std::fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = stat_of_all.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + stat(22)? / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_knows_its_size_and_age() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let age = now - start_seconds().unwrap();
        assert!((-2.0..3600.0).contains(&age), "{age}");
        assert!(resident_bytes().unwrap() > 1e6 && cpu_seconds().unwrap() >= 0.0 && open_files().unwrap() >= 3.0);
    }
}
