//! A correction for each group.
use super::split::Distance;
use super::{Calibrated, ConformalError, Corrected, Correction, Interval, SplitConformal};
use std::collections::BTreeMap;

/// The correction of one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupCorrection {
    /// The correction.
    pub correction: Correction,
    /// Number of the group's calibration rows.
    pub size: usize,
    /// The group has too few rows for the coverage and borrows the correction of all groups together.
    pub is_pooled: bool,
}

/// A model's intervals, calibrated in each group by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibratedByGroup<K> {
    pooled: Calibrated,
    groups: BTreeMap<K, GroupCorrection>,
}

impl<K: Ord + Clone> CalibratedByGroup<K> {
    pub(super) fn new(
        wanted: &SplitConformal,
        pooled: Calibrated,
        rows: &[Distance],
        groups: &[K],
    ) -> Result<Self, ConformalError> {
        let mut divided: BTreeMap<&K, Vec<Distance>> = BTreeMap::new();
        for (group, row) in groups.iter().zip(rows) {
            divided.entry(group).or_default().push(*row);
        }
        let mut corrections = BTreeMap::new();
        for (group, rows) in divided {
            let (size, is_pooled) = (rows.len(), rows.len() < wanted.minimum_size());
            let correction = if is_pooled { pooled.correction() } else { wanted.correction(&rows)? };
            corrections.insert(group.clone(), GroupCorrection { correction, size, is_pooled });
        }
        Ok(Self { pooled, groups: corrections })
    }

    /// All calibration rows together: what small and unknown groups borrow.
    #[must_use]
    pub const fn pooled(&self) -> &Calibrated {
        &self.pooled
    }

    /// The groups that calibration saw, in their order.
    #[must_use]
    pub const fn groups(&self) -> &BTreeMap<K, GroupCorrection> {
        &self.groups
    }

    /// The correction of a group; that of all rows, with size 0, for one that calibration never saw.
    #[must_use]
    pub fn of(&self, group: &K) -> GroupCorrection {
        let unknown = GroupCorrection { correction: self.pooled.correction(), size: 0, is_pooled: true };
        self.groups.get(group).copied().unwrap_or(unknown)
    }

    /// Corrects an interval of the model for a row of a group.
    #[must_use]
    pub fn correct(&self, group: &K, interval: Interval) -> Corrected {
        self.of(group).correction.of(interval)
    }
}
