//! A sample of fixed size from a stream of unknown length.

/// Positions of a simple random sample of at most `size` of `rows` rows, ascending; the same for the same seed.
///
/// Vitter's algorithm R (1985): row i replaces a random place of the sample with probability size / (i + 1). Random numbers
/// come from `SplitMix64` (Steele, Lea and Flood 2014), whose 64 bits make the bias of a remainder negligible.
#[must_use]
pub fn reservoir(rows: u64, size: usize, seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut sample: Vec<u64> = (0..rows.min(size as u64)).collect();
    for row in size as u64..rows {
        let place = split_mix(&mut state) % (row + 1);
        if let Some(place) = usize::try_from(place).ok().filter(|place| *place < size) {
            sample[place] = row;
        }
    }
    sample.sort_unstable();
    sample
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_table_is_taken_whole_and_a_large_one_in_part_without_repetition() {
        assert_eq!(reservoir(3, 5, 7), [0, 1, 2]);
        assert_eq!(reservoir(0, 5, 7), [0_u64; 0]);
        assert_eq!(reservoir(9, 0, 7), [0_u64; 0]);
        let sample = reservoir(10_000, 100, 7);
        assert_eq!((sample.len(), &sample), (100, &reservoir(10_000, 100, 7)));
        assert!(sample.windows(2).all(|pair| pair[0] < pair[1]) && sample[99] < 10_000);
        assert_ne!(sample, reservoir(10_000, 100, 8));
    }

    /// Each of 20 rows is among 5 with probability 1/4: 2,000 seeds give 500, with a standard deviation of 19.4.
    #[test]
    fn every_row_has_the_same_chance() {
        let mut counts = [0_i32; 20];
        for seed in 0..2_000 {
            for row in reservoir(20, 5, seed) {
                counts[usize::try_from(row).unwrap()] += 1;
            }
        }
        assert!(counts.iter().all(|count| (count - 500).abs() < 97), "beyond five standard deviations: {counts:?}");
    }
}
