//! Where a feature is cut into bins.
//!
//! Source: Chen and Guestrin 2016, section 3.2 and appendix A (weighted quantile summary); here the summary is exact,
//! since the column is in memory.
use super::Column;

/// How the values of a feature become bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cuts {
    /// Bin i holds the values below cut i that are not below cut i - 1; the last cut lies above all values.
    Numbers {
        /// Ascending.
        cuts: Vec<f32>,
        /// The least value.
        low: f32,
    },
    /// Bin i is category i.
    Categories {
        /// How many there are.
        count: usize,
    },
}

/// A value with the weight of what lies below it and of itself.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    value: f32,
    below: f64,
    weight: f64,
}

impl Ranked {
    /// Weight of the values up to this one.
    fn up_to(self) -> f64 {
        self.below + self.weight
    }
}

impl Cuts {
    /// Cuts of a column into at most `max_bin` bins of about equal weight; one bin each where values are few.
    pub(super) fn of(column: &Column, weights: Option<&[f32]>, max_bin: usize) -> Self {
        if column.is_categorical() {
            return Self::Categories { count: column.category_count().max(1) };
        }
        let ranked = ranked(column.values(), weights);
        let Some((first, last)) = ranked.first().zip(ranked.last()) else {
            // Without a value there is a bin all the same, which stays empty.
            return Self::Numbers { cuts: vec![f32::MAX], low: 0.0 };
        };
        let mut cuts: Vec<f32> = pruned(&ranked, max_bin + 1).skip(1).take(max_bin - 1).collect();
        let above = last.value + (last.value.abs() + 1e-5);
        cuts.push(if above.is_finite() { above } else { f32::INFINITY });
        Self::Numbers { cuts, low: first.value }
    }

    /// How many bins values fall into.
    pub(super) fn bins(&self) -> usize {
        match self {
            Self::Numbers { cuts, .. } => cuts.len(),
            Self::Categories { count } => *count,
        }
    }

    /// The bin of a value; NaN has one of its own behind the others.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes were checked")]
    pub(super) fn bin(&self, value: f32) -> usize {
        match self {
            _ if value.is_nan() => self.bins(),
            Self::Numbers { cuts, .. } => cuts.partition_point(|cut| *cut <= value).min(cuts.len() - 1),
            Self::Categories { .. } => value as usize,
        }
    }
}

/// The distinct values, ascending, with their ranks.
fn ranked(values: &[f32], weights: Option<&[f32]>) -> Vec<Ranked> {
    let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
    let present = values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let mut present: Vec<(f32, f64)> = present.map(|(row, value)| (*value + 0.0, weight(row))).collect();
    present.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranked, mut below) = (Vec::<Ranked>::new(), 0.0);
    for (value, weight) in present {
        match ranked.last_mut() {
            Some(last) if last.value == value => last.weight += weight,
            _ => ranked.push(Ranked { value, below, weight }),
        }
        below += weight;
    }
    ranked
}

/// At most `most` values, ascending, whose ranks lie evenly; the least and the largest are among them.
fn pruned(ranked: &[Ranked], most: usize) -> Box<dyn Iterator<Item = f32> + '_> {
    if ranked.len() <= most {
        return Box::new(ranked.iter().map(|one| one.value));
    }
    let (first, last) = (ranked[0], ranked[ranked.len() - 1]);
    let (begin, range) = (first.up_to(), last.below - first.up_to());
    let mut chosen = vec![0];
    let mut at = 1;
    for k in 1..most - 1 {
        let twice_rank = 2.0 * (k as f64 * range / (most - 1) as f64 + begin);
        while at < ranked.len() - 1 && twice_rank >= ranked[at + 1].up_to() + ranked[at + 1].below {
            at += 1;
        }
        if at == ranked.len() - 1 {
            break;
        }
        let nearer = if twice_rank < ranked[at].up_to() + ranked[at + 1].below { at } else { at + 1 };
        if chosen.last() != Some(&nearer) {
            chosen.push(nearer);
        }
    }
    if chosen.last() != Some(&(ranked.len() - 1)) {
        chosen.push(ranked.len() - 1);
    }
    Box::new(chosen.into_iter().map(|index| ranked[index].value))
}
