//! Quantiles of a set of values that is added to, removed from and merged, with a relative error of 1 %.
//!
//! Source: Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB
//! 2019, section 2: buckets of geometric width, counted. Buckets are kept sparse and never collapsed, because a window
//! holds a bounded number of points. The crate `sketches-ddsketch` does not serve: it cannot remove, which a rolling
//! window needs for every point that leaves; and its collapsing stores give up the bound for the lowest values.

/// Promised relative error of a quantile of one value: 1 %.
pub const RELATIVE_ERROR: f64 = 0.01;
/// ln((1 + a) / (1 - a)), the width of a bucket, for a = [`RELATIVE_ERROR`].
const LN_GAMMA: f64 = 0.020_000_666_706_669_524;
/// Magnitudes below this count as zero.
const SMALLEST: f64 = 1e-300;

/// A mergeable sketch of finite values from which values can be removed again.
///
/// - Order statistics of magnitude 1e-300 and more are right to [`RELATIVE_ERROR`]; smaller ones count as 0.
/// - Memory: 8 bytes for each occupied bucket, about 115 buckets for each power of ten that the values span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sketch {
    /// Buckets of the positive values and, by magnitude, of the negative ones.
    positive: Buckets,
    negative: Buckets,
    zeros: u32,
    count: u32,
}

/// Counts by bucket index, sorted by index, none of them 0.
#[derive(Debug, Clone, Default, PartialEq)]
struct Buckets(Vec<(i32, u32)>);

impl Buckets {
    fn add(&mut self, index: i32, count: u32) {
        match self.0.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(count),
            Err(place) => self.0.insert(place, (index, count)),
        }
    }

    fn remove(&mut self, index: i32) -> bool {
        let Ok(place) = self.0.binary_search_by_key(&index, |(known, _)| *known) else { return false };
        self.0[place].1 -= 1;
        if self.0[place].1 == 0 {
            self.0.remove(place);
        }
        true
    }
}

/// Index of the bucket (γ^(i-1), γ^i] that holds `magnitude`.
fn index(magnitude: f64) -> i32 {
    (magnitude.ln() / LN_GAMMA).ceil() as i32
}

/// The value that is within [`RELATIVE_ERROR`] of everything in the bucket: 2 γ^i / (γ + 1).
fn representative(index: i32) -> f64 {
    (f64::from(index) * LN_GAMMA).exp() * (1.0 - RELATIVE_ERROR)
}

impl Sketch {
    /// How many values it holds.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Adds a value; one that is not finite is ignored.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count = self.count.saturating_add(1);
        if value.abs() < SMALLEST {
            self.zeros = self.zeros.saturating_add(1);
        } else if value > 0.0 {
            self.positive.add(index(value), 1);
        } else {
            self.negative.add(index(-value), 1);
        }
    }

    /// Takes out a value that was added before; false (and no change) if its bucket holds none.
    pub fn remove(&mut self, value: f64) -> bool {
        let known = if value.abs() < SMALLEST {
            let some = self.zeros > 0;
            self.zeros = self.zeros.saturating_sub(1);
            some
        } else if value > 0.0 {
            self.positive.remove(index(value))
        } else {
            self.negative.remove(index(-value))
        };
        self.count -= u32::from(known);
        known
    }

    /// Takes over everything that `other` holds; the same as having added its values here.
    pub fn merge(&mut self, other: &Self) {
        other.positive.0.iter().for_each(|(index, count)| self.positive.add(*index, *count));
        other.negative.0.iter().for_each(|(index, count)| self.negative.add(*index, *count));
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.count = self.count.saturating_add(other.count);
    }

    /// The value of rank `rank` (0 is the smallest), right to [`RELATIVE_ERROR`]; absent beyond the last.
    #[must_use]
    pub fn order_statistic(&self, rank: u32) -> Option<f64> {
        let mut below = 0_u32;
        let mut holds = |count: u32| {
            below = below.saturating_add(count);
            rank < below
        };
        if let Some((index, _)) = self.negative.0.iter().rev().find(|(_, count)| holds(*count)) {
            return Some(-representative(*index));
        }
        if holds(self.zeros) {
            return Some(0.0);
        }
        self.positive.0.iter().find(|(_, count)| holds(*count)).map(|(index, _)| representative(*index))
    }

    /// The `probability`-quantile: order statistics interpolated as Hyndman and Fan's type 7 does (R's and NumPy's default).
    ///
    /// - `probability`: 0 to 1; absent outside and for an empty sketch.
    /// - Its error is at most [`RELATIVE_ERROR`] of the larger magnitude of the two order statistics around it.
    #[must_use]
    pub fn quantile(&self, probability: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&probability) || self.count == 0 {
            return None;
        }
        let position = probability * f64::from(self.count - 1);
        let lower = self.order_statistic(position.floor() as u32)?;
        let upper = self.order_statistic(position.ceil() as u32)?;
        let part = position.fract();
        Some(lower * (1.0 - part) + upper * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Magnitudes over the whole range, both signs, zeros and repeats.
    pub(crate) fn values(most: usize) -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![
            2 => (-300.0_f64..300.0).prop_map(|exponent| 10.0_f64.powf(exponent)),
            2 => (-300.0_f64..300.0).prop_map(|exponent| -(10.0_f64.powf(exponent))),
            4 => 0.1_f64..1_000.0,
            1 => Just(0.0),
            1 => Just(42.0),
        ];
        prop::collection::vec(value, 1..most)
    }

    fn sketch(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value));
        sketch
    }

    #[test]
    fn the_bucket_width_is_that_of_the_relative_error() {
        let width = ((1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)).ln();
        assert!((LN_GAMMA - width).abs() < 1e-16, "{width}");
    }

    #[test]
    fn quantiles_of_a_ramp_are_close_to_those_by_hand() {
        let ramp: Vec<f64> = (1..=101).map(f64::from).collect();
        for (probability, expected) in [(0.0, 1.0), (0.5, 51.0), (0.95, 96.0), (0.99, 100.0), (1.0, 101.0)] {
            let got = sketch(&ramp).quantile(probability).unwrap();
            assert!((got / expected - 1.0).abs() <= 0.0101, "{probability}: {got}");
        }
        assert_eq!((Sketch::default().quantile(0.5), sketch(&ramp).quantile(1.1)), (None, None));
    }

    #[test]
    fn what_is_not_finite_is_ignored_and_what_is_not_there_cannot_leave() {
        let mut sketch = sketch(&[f64::NAN, f64::INFINITY, 1.0]);
        assert_eq!(sketch.count(), 1);
        assert!(!sketch.remove(5.0) && !sketch.remove(0.0) && !sketch.remove(-1.0) && sketch.remove(1.0));
        assert_eq!(sketch, Sketch::default());
    }

    proptest! {
        #[test]
        fn every_order_statistic_is_within_the_stated_error(mut values in values(200)) {
            let sketch = sketch(&values);
            values.sort_by(f64::total_cmp);
            for (rank, exact) in values.iter().enumerate() {
                let got = sketch.order_statistic(rank as u32).unwrap();
                prop_assert!((got - exact).abs() <= (RELATIVE_ERROR + 1e-9) * exact.abs(), "{} {}", got, exact);
            }
            for probability in [0.5, 0.95, 0.99] {
                let position = probability * (values.len() - 1) as f64;
                let (lower, upper) = (values[position.floor() as usize], values[position.ceil() as usize]);
                let exact = lower * (1.0 - position.fract()) + upper * position.fract();
                let bound = (RELATIVE_ERROR + 1e-9) * lower.abs().max(upper.abs());
                prop_assert!((sketch.quantile(probability).unwrap() - exact).abs() <= bound);
            }
        }

        #[test]
        fn a_merge_is_the_union_and_removal_its_inverse(left in values(100), right in values(100)) {
            let mut merged = sketch(&left);
            merged.merge(&sketch(&right));
            let union: Vec<f64> = left.iter().chain(&right).copied().collect();
            prop_assert_eq!(&merged, &sketch(&union));
            for value in &right {
                prop_assert!(merged.remove(*value));
            }
            prop_assert_eq!(merged, sketch(&left));
        }
    }
}
