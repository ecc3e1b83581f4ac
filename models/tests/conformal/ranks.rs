//! Ranks and sizes, by hand and by whole-number arithmetic.
use super::*;
use proptest::prelude::*;

#[test]
fn the_rank_is_the_smallest_whole_number_not_below_its_definition() {
    for (n, level, expected) in [
        (9, 0.8, Some(8)),
        (9, 0.9, Some(9)),
        (8, 0.9, None),
        (19, 0.95, Some(19)),
        (24, 0.56, Some(14)), // 25 * 0.56 is 14.000000000000002 in 64-bit numbers
        (1, 0.5, Some(1)),
        (0, 0.5, None),
        (99, 0.99, Some(99)),
        (999, 0.999, Some(999)),
        (998, 0.999, None),
        (3479, 0.9, Some(3132)),
        (100, 1e-300, Some(1)),
        (100, f64::MIN_POSITIVE, Some(1)),
        (usize::MAX, 0.5, Some(usize::MAX / 2 + 1)),
        (1_000_000, 1.0 - f64::EPSILON, None),
    ] {
        assert_eq!(rank(n, coverage(level)), expected, "n = {n}, coverage = {level}");
    }
}

#[test]
fn the_smallest_supporting_size_is_that_of_the_odds() {
    for (level, expected) in [
        (0.5, 1),
        (0.7, 3),
        (0.75, 3),
        (0.8, 4),
        (0.9, 9),
        (0.95, 19),
        (0.99, 99),
        (0.999, 999),
        (0.9999, 9999),
        (1e-9, 1),
    ] {
        assert_eq!(minimum_size(coverage(level)), expected, "{level}");
    }
    assert_eq!(split(0.9, Sides::Asymmetric).minimum_size(), 19);
    assert_eq!(split(0.9, Sides::Upper).minimum_size(), 9);
}

proptest! {
    /// A coverage typed with up to five decimals is a fraction of 100,000.
    #[test]
    fn ranks_are_exact_for_every_typed_coverage(n in 0_usize..2_000_000, hundred_thousandths in 1_usize..100_000) {
        let typed: f64 = format!("0.{hundred_thousandths:05}").parse().unwrap();
        let exact = ((n + 1) * hundred_thousandths).div_ceil(100_000);
        prop_assert_eq!(rank(n, coverage(typed)), (exact <= n).then_some(exact));
        let need = minimum_size(coverage(typed));
        prop_assert!(rank(need, coverage(typed)).is_some());
        prop_assert!(need == 1 || rank(need - 1, coverage(typed)).is_none());
    }
}
