//! The distinct questions that a model asks, and all their answers for a row.
use crate::tail::boosting::{BoostedTrees, CategorySet, Node, Split};
use std::collections::{BTreeMap, BTreeSet};

/// The answers to all questions: 0 leads left, 1 right.
pub(super) type Answers<const N: usize> = [u8; N];

/// The number of a question that always leads left.
pub(super) const LEFT: u16 = 0;

/// Questions are numbered feature by feature, the thresholds of a feature in ascending order, so that the answers for a
/// value are ones up to its rank among them and zeros behind.
#[derive(Debug, Clone)]
pub(super) struct Questions {
    thresholds: Vec<Thresholds>,
    /// Ascending; numbered behind all thresholds.
    sets: Vec<Set>,
    /// Number of the first set.
    first_set: usize,
}

/// The thresholds of a feature at which a missing value leads the same way.
#[derive(Debug, Clone)]
struct Thresholds {
    feature: usize,
    default_left: bool,
    /// Number of the first.
    first: usize,
    /// Ascending and distinct.
    values: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    feature: usize,
    default_left: bool,
    set: CategorySet,
}

impl Thresholds {
    /// How many are not above the value.
    fn rank(&self, value: f32) -> usize {
        self.values.partition_point(|threshold| *threshold <= value)
    }
}

/// A NaN threshold is never above a value, as -infinity is not.
fn ordered(threshold: f32) -> f32 {
    if threshold.is_nan() { f32::NEG_INFINITY } else { threshold }
}

impl Questions {
    /// The questions of the trees in use.
    pub(super) fn new(model: &BoostedTrees) -> Self {
        let mut thresholds = BTreeMap::<_, Vec<f32>>::new();
        let mut sets = BTreeSet::new();
        for node in model.trees_in_use().iter().flat_map(|tree| tree.nodes()) {
            let Node::Inner { feature, split, default_left, .. } = node else { continue };
            let (feature, default_left) = (*feature as usize, *default_left);
            match split {
                Split::Below(threshold) => {
                    thresholds.entry((feature, default_left)).or_default().push(ordered(*threshold));
                }
                Split::In(set) => {
                    sets.insert(Set { feature, default_left, set: set.clone() });
                }
            }
        }
        let mut next = usize::from(LEFT) + 1;
        let thresholds = thresholds.into_iter().map(|((feature, default_left), mut values)| {
            values.sort_by(f32::total_cmp);
            values.dedup();
            let first = next;
            next += values.len();
            Thresholds { feature, default_left, first, values }
        });
        Self { thresholds: thresholds.collect(), sets: sets.into_iter().collect(), first_set: next }
    }

    /// One more than the largest number.
    pub(super) fn count(&self) -> usize {
        self.first_set + self.sets.len()
    }

    /// The number of a question; `None` if it is not one of the model's, or too large.
    pub(super) fn number(&self, feature: u32, split: &Split, default_left: bool) -> Option<u16> {
        let feature = feature as usize;
        let number = match split {
            Split::Below(threshold) => {
                let key = |entry: &Thresholds| (entry.feature, entry.default_left);
                let at = self.thresholds.binary_search_by_key(&(feature, default_left), key).ok()?;
                let entry = &self.thresholds[at];
                entry.first + entry.rank(ordered(*threshold)).checked_sub(1)?
            }
            Split::In(set) => {
                let sought = (feature, default_left, set);
                self.first_set
                    + self.sets.binary_search_by(|set| (set.feature, set.default_left, &set.set).cmp(&sought)).ok()?
            }
        };
        number.try_into().ok()
    }

    /// Answers every question about a row; `answers` has a place for each.
    pub(super) fn answer(&self, row: &[f32], answers: &mut [u8]) {
        for entry in &self.thresholds {
            let (value, answers) = (row[entry.feature], &mut answers[entry.first..][..entry.values.len()]);
            if value.is_nan() {
                answers.fill(u8::from(!entry.default_left));
            } else {
                let (ones, zeros) = answers.split_at_mut(entry.rank(value));
                ones.fill(1);
                zeros.fill(0);
            }
        }
        for (entry, answer) in self.sets.iter().zip(&mut answers[self.first_set..]) {
            let value = row[entry.feature];
            *answer = u8::from(if value.is_nan() { !entry.default_left } else { entry.set.holds(value) });
        }
    }
}
