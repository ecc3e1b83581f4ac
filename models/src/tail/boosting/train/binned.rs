//! The table in bins, as histograms read it.
use super::TrainingTable;
use super::cuts::Cuts;

/// Bins of a narrow feature, the one of missing values included: what a byte tells apart.
pub(super) const NARROW: usize = 256;

/// A table whose values are bins.
#[derive(Debug)]
pub(super) struct BinnedTable {
    pub(super) features: Vec<BinnedFeature>,
    /// Bins of the narrow features, row behind row.
    narrow: Vec<u8>,
    narrow_count: usize,
    /// Bins of the others, column by column.
    wide: Vec<Vec<u16>>,
}

/// Where a feature's bins stand.
#[derive(Debug)]
pub(super) struct BinnedFeature {
    pub(super) cuts: Cuts,
    pub(super) place: Place,
    pub(super) has_missing: bool,
}

/// Position among the narrow or the wide features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Narrow(usize),
    Wide(usize),
}

impl BinnedTable {
    #[expect(clippy::cast_possible_truncation, reason = "a place holds as many bins as its feature has")]
    pub(super) fn new(table: &TrainingTable, max_bin: usize) -> Self {
        let (mut narrow_count, mut wide_count) = (0, 0);
        let mut features = Vec::with_capacity(table.columns().len());
        for column in table.columns() {
            let has_missing = column.values().iter().any(|value| value.is_nan());
            let most = max_bin.min(NARROW - usize::from(has_missing)).max(2);
            let cuts = Cuts::of(column, table.weights(), most);
            let place = if cuts.bins() + usize::from(has_missing) <= NARROW {
                narrow_count += 1;
                Place::Narrow(narrow_count - 1)
            } else {
                wide_count += 1;
                Place::Wide(wide_count - 1)
            };
            features.push(BinnedFeature { cuts, place, has_missing });
        }
        let rows = table.rows();
        let mut narrow = vec![0_u8; rows * narrow_count];
        let mut wide = vec![Vec::new(); wide_count];
        for (feature, column) in features.iter().zip(table.columns()) {
            let bins = column.values().iter().map(|value| feature.cuts.bin(*value));
            match feature.place {
                Place::Narrow(at) => {
                    narrow[at..].iter_mut().step_by(narrow_count).zip(bins).for_each(|(cell, bin)| *cell = bin as u8);
                }
                Place::Wide(at) => wide[at] = bins.map(|bin| bin as u16).collect(),
            }
        }
        Self { features, narrow, narrow_count, wide }
    }

    /// How many features are narrow.
    pub(super) const fn narrow_count(&self) -> usize {
        self.narrow_count
    }

    /// The narrow features' bins of a row.
    pub(super) fn narrow_row(&self, row: u32) -> &[u8] {
        let start = row as usize * self.narrow_count;
        &self.narrow[start..start + self.narrow_count]
    }

    /// The bins of each wide feature.
    pub(super) fn wide(&self) -> &[Vec<u16>] {
        &self.wide
    }

    /// Cells of each wide feature's histogram.
    pub(super) fn wide_lengths(&self) -> impl Iterator<Item = usize> + '_ {
        let wide = self.features.iter().filter(|feature| matches!(feature.place, Place::Wide(_)));
        wide.map(|feature| feature.cuts.bins() + 1)
    }

    /// The bin of a row's value.
    pub(super) fn bin(&self, row: u32, place: Place) -> usize {
        match place {
            Place::Narrow(at) => usize::from(self.narrow[row as usize * self.narrow_count + at]),
            Place::Wide(at) => usize::from(self.wide[at][row as usize]),
        }
    }
}
