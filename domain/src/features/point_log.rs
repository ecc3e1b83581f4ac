//! Raw points of one series in event-time order, shared between owner and readers without copying.
//!
//! The points lie in chunks behind `Arc`: a clone copies about twenty pointers, and the owner copies at most one chunk
//! when it appends after a clone. That makes both a published snapshot and a recovery snapshot cheap.
use crate::types::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// Points in a full chunk: 4 KiB, the most that an append after a clone copies.
const CHUNK: usize = 256;

/// A value and the time it was measured at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Event time.
    pub(super) at: Timestamp,
    /// Finite.
    pub(super) value: f64,
}

/// Points with strictly rising times.
#[derive(Debug, Clone, Default)]
pub(super) struct PointLog {
    chunks: VecDeque<Arc<Vec<Point>>>,
    /// Points of the first chunk that were dropped already; it is never the whole chunk.
    skipped: usize,
    len: usize,
}

impl PointLog {
    /// How many points.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The point measured last.
    pub(super) fn newest(&self) -> Option<Point> {
        self.chunks.back()?.last().copied()
    }

    /// The point measured first.
    pub(super) fn oldest(&self) -> Option<Point> {
        self.chunks.front()?.get(self.skipped).copied()
    }

    /// Puts a point in its place; false (and no change) if there is one of the same time.
    pub(super) fn insert(&mut self, point: Point) -> bool {
        if self.newest().is_none_or(|newest| newest.at < point.at) {
            self.append(point);
            return true;
        }
        let index = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last.at < point.at));
        let skipped = if index == 0 { std::mem::take(&mut self.skipped) } else { 0 };
        let Some(chunk) = self.chunks.get_mut(index) else { return false };
        let chunk = Arc::make_mut(chunk);
        chunk.drain(..skipped);
        let place = chunk.partition_point(|known| known.at < point.at);
        if chunk.get(place).is_some_and(|known| known.at == point.at) {
            return false;
        }
        chunk.insert(place, point);
        self.len += 1;
        if chunk.len() > 2 * CHUNK {
            let second_half = chunk.split_off(CHUNK);
            self.chunks.insert(index + 1, Arc::new(second_half));
        }
        true
    }

    fn append(&mut self, point: Point) {
        self.len += 1;
        let Some(last) = self.chunks.back_mut().filter(|chunk| chunk.len() < CHUNK) else {
            // The first chunk of a series grows by itself, because most series of a large fleet stay small.
            let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 1 } else { CHUNK });
            chunk.push(point);
            self.chunks.push_back(Arc::new(chunk));
            return;
        };
        match Arc::get_mut(last) {
            Some(chunk) => chunk.push(point),
            None => {
                let mut copy = Vec::with_capacity((last.len() * 2).clamp(4, CHUNK));
                copy.extend_from_slice(last);
                copy.push(point);
                *last = Arc::new(copy);
            }
        }
    }

    /// Takes the oldest point out.
    pub(super) fn pop_oldest(&mut self) -> Option<Point> {
        let first = self.chunks.front()?;
        let point = first.get(self.skipped).copied()?;
        self.skipped += 1;
        self.len -= 1;
        if self.skipped == first.len() {
            self.chunks.pop_front();
            self.skipped = 0;
        }
        Some(point)
    }

    /// Points measured strictly after `time`, oldest first.
    pub(super) fn after(&self, time: Timestamp) -> impl Iterator<Item = Point> + Clone {
        let first = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last.at <= time));
        self.chunks.range(first..).enumerate().flat_map(move |(offset, chunk)| {
            let skipped = if first + offset == 0 { self.skipped } else { 0 };
            let rest = chunk.get(skipped..).unwrap_or_default();
            let start = if offset == 0 { rest.partition_point(|point| point.at <= time) } else { 0 };
            rest.get(start..).unwrap_or_default().iter().copied()
        })
    }

    /// All points, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Point> + Clone {
        self.chunks.iter().enumerate().flat_map(|(index, chunk)| {
            let skipped = if index == 0 { self.skipped } else { 0 };
            chunk.get(skipped..).unwrap_or_default().iter().copied()
        })
    }

    /// All values, oldest first.
    pub(super) fn values(&self) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.len);
        values.extend(self.iter().map(|point| point.value));
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against a sorted map: inserts in any order with repeats, drops at the front, and clones that must not move.
        #[test]
        fn behaves_like_a_sorted_map_and_clones_stand_still(
            steps in prop::collection::vec((0_i64..3_000, any::<bool>(), 0_u8..20), 1..3_000),
        ) {
            let (mut log, mut model) = (PointLog::default(), BTreeMap::new());
            let mut frozen: Option<(PointLog, Vec<f64>)> = None;
            for (index, (time, drop_oldest, freeze)) in steps.into_iter().enumerate() {
                let value = index as f64;
                let fresh = !model.contains_key(&time);
                prop_assert_eq!(log.insert(Point { at: Timestamp::from_nanoseconds(time), value }), fresh);
                model.entry(time).or_insert(value);
                if drop_oldest && index % 3 == 0 {
                    let expected = model.pop_first().map(|(_, value)| value);
                    prop_assert_eq!(log.pop_oldest().map(|point| point.value), expected);
                }
                if freeze == 0 {
                    frozen = Some((log.clone(), log.values()));
                }
            }
            prop_assert_eq!(log.len(), model.len());
            prop_assert_eq!(log.values(), model.values().copied().collect::<Vec<_>>());
            prop_assert_eq!(log.oldest().map(|point| point.value), model.values().next().copied());
            for cutoff in [-1, 0, 700, 1_500, 2_999, 3_000] {
                let after: Vec<f64> = log.after(Timestamp::from_nanoseconds(cutoff)).map(|point| point.value).collect();
                prop_assert_eq!(after, model.range(cutoff + 1..).map(|(_, value)| *value).collect::<Vec<_>>());
            }
            if let Some((log, values)) = frozen {
                prop_assert_eq!(log.values(), values);
            }
        }
    }
}
