//! Text of `/proc/self/stat` and `/proc/self/status` (man 5 proc); no files here.
use std::time::Duration;

/// Length of a clock tick of `stat`: Linux tells user space 100 a second on every architecture that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// CPU time spent so far, in user and kernel mode, by all threads; from `stat`.
pub(super) fn cpu_time(stat: &str) -> Option<Duration> {
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11); // fields 14 and 15
    let ticks: u64 = fields.next()?.parse::<u64>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    TICK.checked_mul(u32::try_from(ticks).ok()?)
}

/// A number of `status`, by its key, without its unit.
pub(super) fn number(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_user_and_kernel_time_whatever_the_program_is_called() {
        let stat = "42 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 150 50 7 7 20 0 3 0 100 1000 10";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(2)));
        for bad in ["", "42 (a", "42 (a) S 1 2", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x 50"] {
            assert_eq!(cpu_time(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn status_is_read_by_key() {
        let status = "Name:\tx\nVmRSS:\t    1234 kB\nThreads:\t5\n";
        assert_eq!((number(status, "VmRSS"), number(status, "Threads")), (Some(1234), Some(5)));
        assert_eq!((number(status, "Thread"), number(status, "Name")), (None, None));
    }
}
