//! The passes over one tree, down and up, for a few points of the quadrature at a time.
use super::compiled::{CompiledNode, CompiledTree, Inner};
use super::quadrature::Point;

/// Points of a pass: as many as trees with up to eight features on a path need.
const MOST: usize = 4;

/// Working memory, kept from tree to tree.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// Whether the row comes to the node if it does to the one below the same feature's previous question.
    follows: Vec<bool>,
    sums: Vec<[f64; MOST]>,
}

/// The points of a pass as columns; unused ones weigh nothing.
#[derive(Debug)]
struct Columns {
    place: [f64; MOST],
    rest: [f64; MOST],
    weight: [f64; MOST],
    inverse_rest: [f64; MOST],
}

impl Columns {
    fn new(points: &[Point]) -> Self {
        let idle = Point { place: 0.5, rest: 0.5, weight: 0.0 };
        let column = |of: fn(&Point) -> f64| std::array::from_fn(|q| of(points.get(q).unwrap_or(&idle)));
        Self {
            place: column(|point| point.place),
            rest: column(|point| point.rest),
            weight: column(|point| point.weight),
            inverse_rest: column(|point| 1.0 / point.rest),
        }
    }
}

impl Passes {
    /// Adds a tree's contributions for a row.
    pub(super) fn add(&mut self, tree: &CompiledTree, points: &[Point], row: &[f32], contributions: &mut [f64]) {
        self.follow(tree, row);
        self.sums.resize(self.sums.len().max(tree.nodes.len()), [0.0; MOST]);
        for points in points.chunks(MOST) {
            let columns = Columns::new(points);
            match points.len() {
                1 => self.pass::<1>(tree, &columns, contributions),
                2 => self.pass::<2>(tree, &columns, contributions),
                3 => self.pass::<3>(tree, &columns, contributions),
                _ => self.pass::<MOST>(tree, &columns, contributions),
            }
        }
    }

    fn follow(&mut self, tree: &CompiledTree, row: &[f32]) {
        self.follows.clear();
        self.follows.resize(tree.nodes.len(), true);
        for node in &tree.nodes {
            if let CompiledNode::Inner(inner) = node {
                let before = self.follows[inner.previous as usize];
                let goes_left = inner.split.goes_left(row[inner.feature as usize], inner.default_left);
                self.follows[inner.left as usize] = before && goes_left;
                self.follows[inner.left as usize + 1] = before && !goes_left;
            }
        }
    }

    /// Down: the product over the path's features. Up: leaf times product, summed over the leaves below.
    fn pass<const N: usize>(&mut self, tree: &CompiledTree, columns: &Columns, contributions: &mut [f64]) {
        self.sums[0] = [1.0; MOST];
        for (at, node) in tree.nodes.iter().enumerate() {
            match node {
                CompiledNode::Leaf(value) => self.sums[at][..N].iter_mut().for_each(|sum| *sum *= value),
                CompiledNode::Inner(inner) => self.down::<N>(at, inner, columns),
            }
        }
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            if let CompiledNode::Inner(inner) = node {
                contributions[inner.feature as usize] += self.up::<N>(at, inner, columns);
            }
        }
    }

    /// Exchanges the feature's old factor for the new one, in the products of both children.
    fn down<const N: usize>(&mut self, at: usize, inner: &Inner, columns: &Columns) {
        let (parent, left) = (self.sums[at], inner.left as usize);
        let product: [f64; N] = std::array::from_fn(|q| parent[q]);
        if !self.follows[inner.previous as usize] {
            for side in 0..2 {
                for (sum, product) in self.sums[left + side].iter_mut().zip(product) {
                    *sum = product * inner.shares[side];
                }
            }
            return;
        }
        let scaled: [f64; N] =
            std::array::from_fn(|q| product[q] / (columns.place[q] + inner.before * columns.rest[q]));
        for side in 0..2 {
            let known = f64::from(u8::from(self.follows[left + side]));
            let share = inner.before * inner.shares[side];
            for (q, (sum, scaled)) in self.sums[left + side].iter_mut().zip(scaled).enumerate() {
                *sum = scaled * (known * columns.place[q] + share * columns.rest[q]);
            }
        }
    }

    /// Adds up the leaves below; returns what the question contributes beyond the same feature's previous one.
    fn up<const N: usize>(&mut self, at: usize, inner: &Inner, columns: &Columns) -> f64 {
        let left = inner.left as usize;
        let (one, other) = (self.sums[left], self.sums[left + 1]);
        for q in 0..N {
            self.sums[at][q] = one[q] + other[q];
        }
        if !self.follows[inner.previous as usize] {
            return 0.0;
        }
        let goes_left = self.follows[left];
        let (known, unknown) = if goes_left { (one, other) } else { (other, one) };
        let share = inner.before * inner.shares[usize::from(!goes_left)];
        let mut added = 0.0;
        for q in 0..N {
            let (place, rest) = (columns.place[q], columns.rest[q]);
            let here = (1.0 - share) / (place + share * rest);
            let above = (1.0 - inner.before) / (place + inner.before * rest);
            let sum = known[q] * here - unknown[q] * columns.inverse_rest[q] - (known[q] + unknown[q]) * above;
            added += columns.weight[q] * sum;
        }
        added
    }
}
