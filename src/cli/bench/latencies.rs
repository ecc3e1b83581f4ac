//! Latencies, counted in buckets whose width is below one percent of their value.

/// Buckets of a doubling: 2 to this power.
const PRECISION: u32 = 7;

/// Counts of nanoseconds.
#[derive(Debug, Clone)]
pub(super) struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Latencies {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; ((64 - PRECISION as usize) + 1) << PRECISION], total: 0 }
    }

    pub(super) fn add(&mut self, nanoseconds: u64) {
        self.counts[bucket(nanoseconds)] += 1;
        self.total += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(one, other)| *one += other);
        self.total += other.total;
    }

    pub(super) const fn count(&self) -> u64 {
        self.total
    }

    /// The least latency that a share of all is not above, to a percent; 0 without any.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(index);
            }
        }
        0.0
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let doublings = nanoseconds.checked_ilog2().unwrap_or(0).saturating_sub(PRECISION);
    ((doublings as usize) << PRECISION) + (nanoseconds >> doublings) as usize
}

/// The middle of a bucket.
fn middle(index: usize) -> f64 {
    let size = 1 << PRECISION;
    let doublings = (index / size).saturating_sub(1);
    let start = (index - doublings * size) as f64;
    (start + 0.5 * f64::from(u8::from(doublings > 0))) * 2_f64.powi(doublings as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_values_to_a_percent() {
        let mut latencies = Latencies::new();
        assert_eq!((latencies.quantile(0.5), latencies.count()), (0.0, 0));
        (1..=100_000).for_each(|value| latencies.add(value));
        for (share, expected) in [(0.0, 1.0), (0.001, 100.0), (0.5, 50_000.0), (0.99, 99_000.0), (1.0, 100_000.0)] {
            let found = latencies.quantile(share);
            assert!((found / expected - 1.0_f64).abs() < 0.01, "{share}: {found}");
        }
        latencies.add(u64::MAX);
        latencies.merge(&latencies.clone());
        assert_eq!(latencies.count(), 200_002);
    }
}
