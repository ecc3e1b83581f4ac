//! Drawing of rows and features: a function of the seed and of what is drawn for, so that threads cannot disturb it.
use super::ColumnShares;

/// Where a draw starts: the seed, and for which round, quantile, level or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream(u64);

impl Stream {
    pub(super) const fn new(seed: u64) -> Self {
        Self(scrambled(seed))
    }

    /// The stream for a part of what this one is for.
    #[must_use]
    pub(super) const fn part(self, number: usize) -> Self {
        Self(scrambled(self.0 ^ scrambled(number as u64)))
    }

    /// Number `index` of the stream, uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn uniform(self, index: usize) -> f64 {
        (self.part(index).0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
const fn scrambled(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Each row with probability `share`; if none comes, the first one.
#[expect(clippy::cast_possible_truncation, reason = "rows fit, as the table checked")]
pub(super) fn rows(count: usize, share: f64, stream: Stream) -> Vec<u32> {
    if share >= 1.0 {
        return (0..count as u32).collect();
    }
    let drawn: Vec<u32> = (0..count).filter(|row| stream.uniform(*row) < share).map(|row| row as u32).collect();
    if drawn.is_empty() { vec![0] } else { drawn }
}

/// A share of the features, at least one, ascending.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn features(of: &[usize], share: f64, stream: Stream) -> Vec<usize> {
    let wanted = ((of.len() as f64 * share) as usize).max(1);
    if wanted >= of.len() {
        return of.to_vec();
    }
    let mut shuffled = of.to_vec();
    for at in 0..wanted {
        let other = at + (stream.uniform(at) * (shuffled.len() - at) as f64) as usize;
        shuffled.swap(at, other.min(of.len() - 1));
    }
    shuffled.truncate(wanted);
    shuffled.sort_unstable();
    shuffled
}

/// The features that a tree and its nodes see.
#[derive(Debug)]
pub(super) struct DrawnFeatures {
    tree: Vec<usize>,
    shares: ColumnShares,
    stream: Stream,
}

impl DrawnFeatures {
    pub(super) fn new(count: usize, shares: ColumnShares, stream: Stream) -> Self {
        let all: Vec<usize> = (0..count).collect();
        Self { tree: features(&all, shares.by_tree, stream.part(0)), shares, stream }
    }

    /// Those of a node at a depth.
    pub(super) fn of_node(&self, depth: u32, node: usize) -> Vec<usize> {
        let level = features(&self.tree, self.shares.by_level, self.stream.part(1).part(depth as usize));
        features(&level, self.shares.by_node, self.stream.part(2).part(node))
    }
}
