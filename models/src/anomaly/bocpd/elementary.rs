//! Logarithm and exponential without branches, so that loops over the runs use the processor's wide registers. Both are
//! within two units in the last place.

/// Bits of the square root of 1/2, from which a mantissa is counted.
const HALF_ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// 2^52: an integer put into its low bits is read as a number.
const TWO_52: u64 = 0x4330_0000_0000_0000;
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 · 2^52: adding it rounds to the nearest integer.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// Natural logarithm of a positive normal number, as in fdlibm's e_log.c: s = f / (2 + f), a series in s².
#[inline(always)]
pub(super) fn ln(value: f64) -> f64 {
    let bits = value.to_bits();
    let exponent = bits.wrapping_add(ONE - HALF_ROOT) >> 52;
    let mantissa = f64::from_bits(bits.wrapping_add(ONE).wrapping_sub(exponent << 52));
    let power = f64::from_bits(TWO_52 | exponent) - (4_503_599_627_370_496.0 + 1023.0);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (0.399_999_999_994_094_2 + w * (0.222_221_984_321_497_84 + w * 0.153_138_376_992_093_73));
    let odd = z
        * (0.666_666_666_666_673_5
            + w * (0.285_714_287_436_623_9 + w * (0.181_835_721_616_180_5 + w * 0.147_981_986_051_165_86)));
    let half_square = 0.5 * f * f;
    power * LN_2_HIGH - ((half_square - (s * (half_square + even + odd) + power * LN_2_LOW)) - f)
}

/// Exponential of a number that is not above 0; below -700 it is that of -700, which counts for nothing.
#[inline(always)]
pub(super) fn exp(value: f64) -> f64 {
    let value = if value > -700.0 { value } else { -700.0 };
    let rounded = value * std::f64::consts::LOG2_E + ROUNDING;
    let power = rounded - ROUNDING;
    let r = (value - power * LN_2_HIGH) - power * LN_2_LOW;
    // Taylor's series to the 12th power: |r| <= ln 2 / 2, so what is left out is below 2e-16.
    // Pairs and pairs of pairs [Estrin 1960], because a chain of 12 steps would have to wait for each.
    let (square, fourth) = (r * r, (r * r) * (r * r));
    let pair = |low: f64, high: f64| 1.0 / low + r * (1.0 / high);
    let low = pair(1.0, 1.0) + square * pair(2.0, 6.0);
    let middle = pair(24.0, 120.0) + square * pair(720.0, 5_040.0);
    let high = pair(40_320.0, 362_880.0) + square * pair(3_628_800.0, 39_916_800.0);
    let sum = low + fourth * (middle + fourth * (high + fourth * (1.0 / 479_001_600.0)));
    f64::from_bits(sum.to_bits().wrapping_add(rounded.to_bits() << 52))
}

/// `yes` or `no` without a branch, which would keep a loop from being vectorised.
#[inline(always)]
pub(super) fn select(condition: bool, yes: f64, no: f64) -> f64 {
    let mask = u64::from(condition).wrapping_neg();
    f64::from_bits((yes.to_bits() & mask) | (no.to_bits() & !mask))
}

/// A whole number from 0 to 2^52 as a floating-point one.
#[inline(always)]
pub(super) fn number(whole: u64) -> f64 {
    f64::from_bits(TWO_52 | whole) - 4_503_599_627_370_496.0
}

/// A whole number from 0 to 2^52 as an index, without the checks of a conversion.
#[inline(always)]
pub(super) fn index(whole: f64) -> usize {
    ((whole + 4_503_599_627_370_496.0).to_bits() & ((1 << 52) - 1)) as usize
}

/// Sum in a fixed order that lets four additions run at a time.
#[inline(always)]
pub(super) fn sum(numbers: &[f64]) -> f64 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for four in fours {
        lanes.iter_mut().zip(four).for_each(|(lane, number)| *lane += number);
    }
    lanes[0] + lanes[1] + (lanes[2] + lanes[3]) + rest.iter().sum::<f64>()
}

/// The smallest number; infinity of none.
#[inline(always)]
pub(super) fn smallest(numbers: &[f64]) -> f64 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let smaller = |a: f64, b: f64| if b < a { b } else { a };
    let mut lanes = [f64::INFINITY; 4];
    for four in fours {
        lanes.iter_mut().zip(four).for_each(|(lane, number)| *lane = smaller(*lane, *number));
    }
    lanes.iter().chain(rest).copied().fold(f64::INFINITY, smaller)
}

/// The largest number; minus infinity of none.
#[inline(always)]
pub(super) fn largest(numbers: &[f64]) -> f64 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let mut lanes = [f64::NEG_INFINITY; 4];
    for four in fours {
        lanes.iter_mut().zip(four).for_each(|(lane, number)| *lane = larger(*lane, *number));
    }
    lanes.iter().chain(rest).copied().fold(f64::NEG_INFINITY, larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_agree_with_the_standard_library(exponent in -1020.0..1020.0_f64, mantissa in 1.0..2.0_f64, power in -699.0..=0.0_f64) {
            let value = mantissa * exponent.floor().exp2();
            prop_assert!((ln(value) - value.ln()).abs() <= 4e-16 * value.ln().abs().max(1e-3), "{}", value);
            prop_assert!((ln(mantissa) - mantissa.ln()).abs() <= 4e-16 * mantissa.ln(), "{}", mantissa);
            prop_assert!((exp(power) / power.exp() - 1.0).abs() <= 6e-16, "{}", power);
        }
    }

    #[test]
    fn whole_numbers_sums_and_largest_numbers_are_those_of_arithmetic() {
        for whole in [0, 1, 1_000_003, (1 << 52) - 1] {
            assert_eq!(number(whole), whole as f64);
            assert_eq!(index(whole as f64) as u64, whole);
        }
        assert_eq!((select(true, 1.5, -2.0), select(false, 1.5, -2.0)), (1.5, -2.0));
        for n in 0..11_u32 {
            let numbers: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(sum(&numbers), f64::from(n * (n + 1) / 2));
            assert_eq!(smallest(&numbers), numbers.first().copied().unwrap_or(f64::INFINITY));
            assert_eq!(largest(&numbers), numbers.last().copied().unwrap_or(f64::NEG_INFINITY));
        }
    }

    #[test]
    fn the_ends_of_the_range_are_finite() {
        assert_eq!((ln(1.0), exp(0.0)), (0.0, 1.0));
        for value in [f64::MIN_POSITIVE, f64::MAX, 1.0 - f64::EPSILON / 2.0, 1.0 + f64::EPSILON] {
            assert!((ln(value) - value.ln()).abs() <= 4e-16 * value.ln().abs(), "{value}");
        }
        for value in [-700.0, -745.0, -1e300, f64::MIN] {
            assert!((0.0..1e-300).contains(&exp(value)), "{value}");
        }
    }
}
