//! The leaves that may still be split, in the order in which they will be.
use super::GrowPolicy;
use super::histogram::Histogram;
use super::split::BestSplit;
use super::tally::Tally;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A leaf with its best split.
#[derive(Debug)]
pub(super) struct Expansion<T: Tally> {
    pub(super) node: usize,
    pub(super) split: BestSplit,
    /// Of the node's rows; `None` where memory is short.
    pub(super) histogram: Option<Histogram<T>>,
}

#[derive(Debug)]
struct Entry<T: Tally> {
    policy: GrowPolicy,
    expansion: Expansion<T>,
}

/// Leaves to be split.
#[derive(Debug)]
pub(super) struct Frontier<T: Tally> {
    policy: GrowPolicy,
    heap: BinaryHeap<Entry<T>>,
}

impl<T: Tally> Frontier<T> {
    pub(super) const fn new(policy: GrowPolicy) -> Self {
        Self { policy, heap: BinaryHeap::new() }
    }

    pub(super) fn push(&mut self, expansion: Expansion<T>) {
        self.heap.push(Entry { policy: self.policy, expansion });
    }

    pub(super) fn pop(&mut self) -> Option<Expansion<T>> {
        self.heap.pop().map(|entry| entry.expansion)
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T: Tally> Ord for Entry<T> {
    /// The greatest is split first; node numbers grow with depth.
    fn cmp(&self, other: &Self) -> Ordering {
        let earlier = other.expansion.node.cmp(&self.expansion.node);
        match self.policy {
            GrowPolicy::DepthWise => earlier,
            GrowPolicy::LossGuided => self.expansion.split.gain.total_cmp(&other.expansion.split.gain).then(earlier),
        }
    }
}

impl<T: Tally> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Tally> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Tally> Eq for Entry<T> {}
