//! How a histogram's cell sums up its rows.
//!
//! The pinball loss has but two gradients. Without weights a cell then counts rows, which is exact in any order; with
//! weights, and for the smoothed loss, it adds gradients in 64-bit floating point.
use super::gain::Sums;
use std::fmt::Debug;

/// A way of summing up rows.
pub(super) trait Tally: Debug + Sync {
    /// What a row adds.
    type Row: Debug + Copy + Send + Sync;
    /// What a cell holds.
    type Cell: Debug + Copy + Default + Send + Sync + PartialEq;

    fn add(cell: &mut Self::Cell, row: Self::Row);
    fn merge(cell: &mut Self::Cell, other: Self::Cell);
    fn subtract(cell: &mut Self::Cell, other: Self::Cell);
    /// First and second derivatives of a cell.
    fn sums(&self, cell: Self::Cell) -> Sums;
    /// Whether all rows pull the same way, so that no split of them lowers the loss.
    fn is_pure(&self, sums: Sums) -> bool;
}

/// Both gradients of an unweighted pinball loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TwoGradients {
    /// Where the prediction is not below the target: 1 - level.
    pub(super) over: f64,
    /// Where it is: -level.
    pub(super) under: f64,
}

impl TwoGradients {
    fn sums(self, rows: u32, over: u32) -> Sums {
        let (rows, over) = (f64::from(rows), f64::from(over));
        Sums { gradient: over * self.over + (rows - over) * self.under, weight: rows }
    }

    #[expect(clippy::float_cmp, reason = "the sums of counts are exact")]
    fn is_pure(self, sums: Sums) -> bool {
        sums.gradient == sums.weight * self.over || sums.gradient == sums.weight * self.under
    }
}

/// Counts up to 65,535 rows: all in the lower half of a cell, those predicted too high in the upper.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallCounts(pub(super) TwoGradients);

impl SmallCounts {
    /// Rows beyond which a count would run over.
    pub(super) const MOST_ROWS: usize = u16::MAX as usize;

    pub(super) const fn row(is_over: bool) -> u32 {
        1 | (is_over as u32) << 16
    }
}

impl Tally for SmallCounts {
    type Row = u32;
    type Cell = u32;

    fn add(cell: &mut u32, row: u32) {
        *cell = cell.wrapping_add(row);
    }

    fn merge(cell: &mut u32, other: u32) {
        *cell = cell.wrapping_add(other);
    }

    fn subtract(cell: &mut u32, other: u32) {
        *cell = cell.wrapping_sub(other);
    }

    fn sums(&self, cell: u32) -> Sums {
        self.0.sums(cell & 0xffff, cell >> 16)
    }

    fn is_pure(&self, sums: Sums) -> bool {
        self.0.is_pure(sums)
    }
}

/// The same for any number of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct LargeCounts(pub(super) TwoGradients);

impl LargeCounts {
    pub(super) const fn row(is_over: bool) -> u64 {
        1 | (is_over as u64) << 32
    }
}

impl Tally for LargeCounts {
    type Row = u64;
    type Cell = u64;

    fn add(cell: &mut u64, row: u64) {
        *cell = cell.wrapping_add(row);
    }

    fn merge(cell: &mut u64, other: u64) {
        *cell = cell.wrapping_add(other);
    }

    fn subtract(cell: &mut u64, other: u64) {
        *cell = cell.wrapping_sub(other);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the halves of a cell")]
    fn sums(&self, cell: u64) -> Sums {
        self.0.sums(cell as u32, (cell >> 32) as u32)
    }

    fn is_pure(&self, sums: Sums) -> bool {
        self.0.is_pure(sums)
    }
}

/// Sums of gradients.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gradients;

/// First and second derivative of the loss at a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gradient {
    pub(super) first: f32,
    pub(super) second: f32,
}

impl Tally for Gradients {
    type Row = Gradient;
    type Cell = Sums;

    fn add(cell: &mut Sums, row: Gradient) {
        cell.gradient += f64::from(row.first);
        cell.weight += f64::from(row.second);
    }

    fn merge(cell: &mut Sums, other: Sums) {
        cell.gradient += other.gradient;
        cell.weight += other.weight;
    }

    fn subtract(cell: &mut Sums, other: Sums) {
        cell.gradient -= other.gradient;
        cell.weight -= other.weight;
    }

    fn sums(&self, cell: Sums) -> Sums {
        cell
    }

    fn is_pure(&self, _: Sums) -> bool {
        false
    }
}
