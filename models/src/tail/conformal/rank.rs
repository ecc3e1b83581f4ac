//! Which order statistic of the calibration scores is the correction: exact for the coverage as it was typed.
use super::Coverage;

/// Decimal places of a coverage that count; further ones round it up. A 64-bit number near 1 has no more than 17.
const DECIMALS: usize = 18;

/// A probability as a fraction of whole numbers, strictly between 0 and 1.
///
/// 0.56 is no 64-bit number, and 25 * 0.56 is 14.000000000000002 in these: the rank would jump by one. The shortest
/// decimal number that gives the same 64 bits is what was typed, and decimal numbers are fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    numerator: u128,
    denominator: u128,
}

impl Fraction {
    pub(crate) fn of(coverage: Coverage) -> Self {
        // Without an exponent, as `Display` writes numbers of any size.
        let text = coverage.get().to_string();
        let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
        let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(DECIMALS);
        let numerator = digits.fold(0, |sum, digit| 10 * sum + u128::from(digit - b'0'));
        let is_cut = decimals.len() > DECIMALS;
        let denominator = 10_u128.pow(DECIMALS as u32);
        Self { numerator: (numerator + u128::from(is_cut)).clamp(1, denominator - 1), denominator }
    }

    /// (1 + c)/2: the level of one side when both share what the coverage leaves.
    pub(super) fn one_side(self) -> Self {
        Self { numerator: self.denominator + self.numerator, denominator: 2 * self.denominator }
    }

    /// ⌈(n + 1) · c⌉, at least 1.
    fn rank(self, n: usize) -> u128 {
        ((n as u128 + 1) * self.numerator).div_ceil(self.denominator)
    }

    /// The rank if there are as many scores.
    pub(super) fn rank_among(self, n: usize) -> Option<usize> {
        usize::try_from(self.rank(n)).ok().filter(|rank| *rank <= n)
    }

    /// The smallest n whose rank is at most n: ⌈c / (1 - c)⌉.
    pub(super) fn minimum_size(self) -> usize {
        let need = self.numerator.div_ceil(self.denominator - self.numerator);
        usize::try_from(need).unwrap_or(usize::MAX)
    }

    /// 1 / (1 - c).
    pub(crate) fn inverse_of_rest(self) -> f64 {
        self.denominator as f64 / (self.denominator - self.numerator) as f64
    }
}

/// The rank of the score that is the correction: ⌈(n + 1) · coverage⌉-th smallest of `n` scores, counted from 1.
///
/// Source: Romano, Patterson and Candès 2019, equation 8. `None` if it exceeds `n`: no finite correction covers as much.
#[must_use]
pub fn rank(n: usize, coverage: Coverage) -> Option<usize> {
    Fraction::of(coverage).rank_among(n)
}

/// The fewest calibration scores that support `coverage`: ⌈c / (1 - c)⌉, such as 9 for 0.9 and 999 for 0.999.
#[must_use]
pub fn minimum_size(coverage: Coverage) -> usize {
    Fraction::of(coverage).minimum_size()
}
