//! Histograms: what each bin's rows sum up to.
use super::binned::{BinnedTable, NARROW, Place};
use super::tally::Tally;
use rayon::prelude::*;

/// Rows times features from which the work is worth sharing among threads.
const SHARED_WORK: usize = 1 << 17;

/// The cells of every feature.
#[derive(Debug)]
pub(super) struct Histogram<T: Tally> {
    narrow: Vec<[T::Cell; NARROW]>,
    wide: Vec<Vec<T::Cell>>,
}

impl<T: Tally> Histogram<T> {
    pub(super) fn empty(table: &BinnedTable) -> Self {
        Self {
            narrow: (0..table.narrow_count()).map(|_| [T::Cell::default(); NARROW]).collect(),
            wide: table.wide_lengths().map(|length| vec![T::Cell::default(); length]).collect(),
        }
    }

    /// Sums up the rows anew. Every cell takes its rows in their order, whoever does the work.
    pub(super) fn fill(&mut self, table: &BinnedTable, rows: &[u32], of: &[T::Row], threads: usize) {
        if threads > 1 && rows.len() * table.features.len() >= SHARED_WORK {
            let share = self.narrow.len().div_ceil(threads).max(1);
            self.narrow.par_chunks_mut(share).enumerate().for_each(|(index, cells)| {
                fill_narrow::<T>(cells, index * share, table, rows, of);
            });
            self.wide.par_iter_mut().zip(table.wide()).for_each(|(cells, bins)| fill_wide::<T>(cells, bins, rows, of));
        } else {
            fill_narrow::<T>(&mut self.narrow, 0, table, rows, of);
            self.wide.iter_mut().zip(table.wide()).for_each(|(cells, bins)| fill_wide::<T>(cells, bins, rows, of));
        }
    }

    /// Takes away another histogram, of a part of the same rows.
    pub(super) fn subtract(&mut self, other: &Self) {
        let narrow = self.narrow.as_flattened_mut().iter_mut().zip(other.narrow.as_flattened());
        narrow.for_each(|(cell, other)| T::subtract(cell, *other));
        let wide = self.wide.iter_mut().flatten().zip(other.wide.iter().flatten());
        wide.for_each(|(cell, other)| T::subtract(cell, *other));
    }

    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.narrow.len() * NARROW + self.wide.iter().map(Vec::len).sum::<usize>()
    }

    /// The cells of a feature, that of missing values behind the others.
    pub(super) fn cells(&self, place: Place) -> &[T::Cell] {
        match place {
            Place::Narrow(at) => &self.narrow[at],
            Place::Wide(at) => &self.wide[at],
        }
    }
}

/// Fills neighbouring narrow features, the first of which is number `first`.
fn fill_narrow<T: Tally>(
    cells: &mut [[T::Cell; NARROW]],
    first: usize,
    table: &BinnedTable,
    rows: &[u32],
    of: &[T::Row],
) {
    cells.as_flattened_mut().fill(T::Cell::default());
    let count = cells.len();
    for &row in rows {
        let (bins, add) = (&table.narrow_row(row)[first..first + count], of[row as usize]);
        for (cells, bin) in cells.iter_mut().zip(bins) {
            T::add(&mut cells[usize::from(*bin)], add);
        }
    }
}

fn fill_wide<T: Tally>(cells: &mut [T::Cell], bins: &[u16], rows: &[u32], of: &[T::Row]) {
    cells.fill(T::Cell::default());
    for &row in rows {
        T::add(&mut cells[usize::from(bins[row as usize])], of[row as usize]);
    }
}
