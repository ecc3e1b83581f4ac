//! A = L D L' of a symmetric positive definite matrix, kept instead of the inverse: a rank-one change costs O(d²) and
//! loses no definiteness, where an inverse kept by Sherman-Morrison drifts.
//!
//! Source: Gill, Golub, Murray and Saunders, "Methods for Modifying Matrix Factorizations", Mathematics of Computation
//! 28, 1974, method C1.
use serde::{Deserialize, Serialize};

/// Columns that are taken together, so that a vector is read and written once for all of them.
const PANEL: usize = 4;

/// The factors of a d x d matrix. L has ones on its diagonal; what lies below it is packed column after column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Factor {
    pivots: Vec<f64>,
    columns: Vec<f64>,
}

impl Factor {
    /// The factors of `ridge` times the identity.
    pub(super) fn ridge(dimension: usize, ridge: f64) -> Self {
        Self { pivots: vec![ridge; dimension], columns: vec![0.0; below_diagonal(dimension)] }
    }

    pub(super) fn is_sound(&self, dimension: usize) -> bool {
        self.pivots.len() == dimension
            && self.columns.len() == below_diagonal(dimension)
            && self.pivots.iter().all(|pivot| *pivot > 0.0 && pivot.is_finite())
            && self.columns.iter().all(|entry| entry.is_finite())
    }

    /// Adds `weight` · x x' to the matrix; `x` is used up. A negative weight takes away: see
    /// [`remains_definite`](Self::remains_definite).
    pub(super) fn add(&mut self, weight: f64, x: &mut [f64]) {
        let (mut weight, mut columns) = (weight, self.columns.as_mut_slice());
        let mut rest = x;
        for pivot in &mut self.pivots {
            let Some((&mut head, tail)) = std::mem::take(&mut rest).split_first_mut() else { return };
            let (column, others) = std::mem::take(&mut columns).split_at_mut(tail.len());
            (rest, columns) = (tail, others);
            if head == 0.0 {
                continue;
            }
            let grown = *pivot + weight * head * head;
            let gain = weight * head / grown;
            weight *= *pivot / grown;
            *pivot = grown;
            for (entry, element) in column.iter_mut().zip(rest.iter_mut()) {
                *element -= head * *entry;
                *entry += gain * *element;
            }
        }
    }

    /// The factors of `scale` · V + `ridge` · I; V is given by its diagonal and, packed by columns, what lies below it.
    pub(super) fn make(&mut self, diagonal: &[f64], below: &[f64], scale: f64, ridge: f64) {
        self.pivots.clear();
        self.pivots.extend(diagonal.iter().map(|entry| scale * entry + ridge));
        self.columns.clear();
        self.columns.extend(below.iter().map(|entry| scale * entry));
        let dimension = self.pivots.len();
        for index in 0..dimension {
            let start = column_start(dimension, index);
            let (column, mut others) = self.columns[start..].split_at_mut(dimension - 1 - index);
            let (done, later) = self.pivots.split_at_mut(index + 1);
            // In exact numbers no pivot is below the ridge.
            done[index] = done[index].max(ridge);
            let inverse = 1.0 / done[index];
            for (offset, pivot) in later.iter_mut().enumerate() {
                let (target, behind) = std::mem::take(&mut others).split_at_mut(column.len() - 1 - offset);
                let entry = column[offset] * inverse;
                *pivot -= entry * column[offset];
                for (value, factor) in target.iter_mut().zip(&column[offset + 1..]) {
                    *value -= entry * factor;
                }
                others = behind;
            }
            column.iter_mut().for_each(|entry| *entry *= inverse);
        }
    }

    /// Whether the matrix stays positive definite, far enough from singular, when `weight` · x x' is taken away;
    /// `quadratic` is x' A⁻¹ x.
    pub(super) fn remains_definite(weight: f64, quadratic: f64) -> bool {
        1.0 - weight * quadratic > 1e-10
    }

    /// x' A⁻¹ x; `x` becomes L⁻¹ x.
    pub(super) fn quadratic(&self, x: &mut [f64]) -> f64 {
        self.solve_lower(x);
        let mut sums = [0.0; 4];
        let (mut elements, mut pivots) = (x.chunks_exact(4), self.pivots.chunks_exact(4));
        for (element, pivot) in elements.by_ref().zip(pivots.by_ref()) {
            for lane in 0..4 {
                sums[lane] += element[lane] * element[lane] / pivot[lane];
            }
        }
        let rest = elements.remainder().iter().zip(pivots.remainder()).map(|(x, pivot)| x * x / pivot);
        (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest.sum::<f64>()
    }

    /// A⁻¹ x in place.
    pub(super) fn solve(&self, x: &mut [f64]) {
        self.solve_lower(x);
        for (element, pivot) in x.iter_mut().zip(&self.pivots) {
            *element /= pivot;
        }
        let mut end = self.columns.len();
        for row in (0..x.len()).rev() {
            let (head, tail) = x.split_at_mut(row + 1);
            let start = end - tail.len();
            head[row] -= dot(&self.columns[start..end], tail);
            end = start;
        }
    }

    /// L⁻¹ x in place, a panel of columns at a time.
    fn solve_lower(&self, x: &mut [f64]) {
        let mut columns = self.columns.as_slice();
        let mut rest = x;
        while rest.len() > PANEL {
            let below = rest.len() - PANEL;
            let (head, tail) = std::mem::take(&mut rest).split_at_mut(PANEL);
            let mut panel = [&[][..]; PANEL];
            for (index, column) in panel.iter_mut().enumerate() {
                let inside = PANEL - 1 - index;
                let (this, others) = columns.split_at(inside + below);
                let (triangle, rectangle) = this.split_at(inside);
                for (step, entry) in triangle.iter().enumerate() {
                    head[index + 1 + step] -= head[index] * entry;
                }
                (*column, columns) = (rectangle, others);
            }
            let [first, second, third, fourth] = panel;
            let [a, b, c, d] = [head[0], head[1], head[2], head[3]];
            let (first, second, third, fourth) = (&first[..below], &second[..below], &third[..below], &fourth[..below]);
            let tail = &mut tail[..below];
            for row in 0..below {
                tail[row] -= (a * first[row] + b * second[row]) + (c * third[row] + d * fourth[row]);
            }
            rest = tail;
        }
        while let Some((head, tail)) = std::mem::take(&mut rest).split_first_mut() {
            let (column, others) = columns.split_at(tail.len());
            for (element, entry) in tail.iter_mut().zip(column) {
                *element -= *head * entry;
            }
            (rest, columns) = (tail, others);
        }
    }
}

/// Where column `index` starts in the packed numbers below the diagonal.
fn column_start(dimension: usize, index: usize) -> usize {
    below_diagonal(dimension) - below_diagonal(dimension - index)
}

/// Numbers below the diagonal of a d x d matrix.
pub(super) fn below_diagonal(dimension: usize) -> usize {
    dimension * dimension.saturating_sub(1) / 2
}

/// The scalar product, in four sums that a processor makes at once.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (mut left, mut right) = (a.chunks_exact(4), b.chunks_exact(4));
    for (x, y) in left.by_ref().zip(right.by_ref()) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y);
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest.sum::<f64>()
}
