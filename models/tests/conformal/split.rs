//! Corrections of small sets by hand, refusals, and what holds for any numbers.
use super::*;
use proptest::prelude::*;

/// Targets i above the upper end and intervals of width 1: the scores are 1..=n.
fn above(n: u32) -> (Vec<Interval>, Vec<f64>) {
    (vec![Interval::new(-1.0, 0.0); n as usize], (1..=n).rev().map(f64::from).collect())
}

#[test]
fn the_correction_is_the_order_statistic_of_the_paper() {
    for (n, level, expected) in [(9, 0.8, 8.0), (9, 0.9, 9.0), (19, 0.95, 19.0), (24, 0.56, 14.0), (1, 0.5, 1.0)] {
        let (intervals, targets) = above(n);
        for sides in [Sides::Symmetric, Sides::Upper] {
            let calibrated = split(level, sides).calibrate(&intervals, &targets).unwrap();
            assert_eq!(calibrated.correction().upper, expected, "n = {n}, coverage = {level}");
            assert_eq!((calibrated.size(), calibrated.crossed()), (n as usize, 0));
        }
    }
}

/// MAPIE's own test of its score.
#[test]
fn scores_are_those_of_mapie() {
    for (target, lower, upper) in [(2.0, 1.5, 2.5), (5.0, 4.5, 5.5), (8.0, 7.5, 8.5)] {
        assert_eq!(Interval::new(lower, upper).score(target), -0.5);
        assert_eq!(Interval::new(upper, lower).score(target), -0.5);
    }
    assert_eq!(Interval::new(0.0, 1.0).score(3.0), 2.0);
    assert_eq!(Interval::new(0.0, 1.0).score(-3.0), 3.0);
}

/// Distances below are 1..=19 and above -19..=-1; asymmetric at 0.9 takes the ⌈20 * 0.95⌉ = 19th of each.
#[test]
fn asymmetric_sides_have_their_own_order_statistic() {
    let intervals = vec![Interval::new(0.0, 0.0); 19];
    let targets: Vec<f64> = (1..=19).map(|i| -f64::from(i)).collect();
    let calibrated = split(0.9, Sides::Asymmetric).calibrate(&intervals, &targets).unwrap();
    assert_eq!(calibrated.correction(), Correction { lower: 19.0, upper: -1.0 });
    let corrected = calibrated.correct(Interval::new(0.0, 4.0));
    assert_eq!(corrected.interval, Interval::new(-19.0, 3.0));
}

#[test]
fn an_upper_bound_looks_at_no_lower_end() {
    let (intervals, targets) = above(9);
    let open: Vec<_> = intervals.iter().map(|interval| Interval::up_to(interval.upper)).collect();
    let wanted = split(0.9, Sides::Upper);
    let calibrated = wanted.calibrate(&open, &targets).unwrap();
    assert_eq!(calibrated, wanted.calibrate(&intervals, &targets).unwrap());
    assert_eq!(calibrated.correct(Interval::up_to(1.0)).interval, Interval::up_to(10.0));
}

#[test]
fn a_shrinking_correction_that_passes_the_middle_leaves_the_middle_and_says_so() {
    let corrected = Correction { lower: -3.0, upper: -3.0 }.of(Interval::new(1.0, 5.0));
    assert_eq!((corrected.interval, corrected.is_collapsed), (Interval::new(3.0, 3.0), true));
    let asymmetric = Correction { lower: -4.0, upper: -2.0 }.of(Interval::new(0.0, 4.0));
    assert_eq!((asymmetric.interval, asymmetric.is_collapsed), (Interval::new(3.0, 3.0), true));
    let met = Correction { lower: -2.0, upper: -2.0 }.of(Interval::new(1.0, 5.0));
    assert_eq!((met.interval, met.is_collapsed), (Interval::new(3.0, 3.0), false));
}

#[test]
fn crossed_ends_are_sorted_and_counted() {
    let (mut intervals, targets) = above(9);
    let wanted = split(0.9, Sides::Symmetric);
    let sorted = wanted.calibrate(&intervals, &targets).unwrap();
    intervals[3] = Interval::new(0.0, -1.0);
    let calibrated = wanted.calibrate(&intervals, &targets).unwrap();
    assert_eq!((calibrated.crossed(), calibrated.correction()), (1, sorted.correction()));
    let corrected = calibrated.correct(Interval::new(2.0, 1.0));
    assert_eq!((corrected.interval, corrected.was_crossed), (Interval::new(-8.0, 11.0), true));
}

#[test]
fn what_cannot_be_calibrated_is_refused_with_its_remedy() {
    let (intervals, targets) = above(8);
    let refusal = |sides, intervals: &[Interval], targets: &[f64]| {
        split(0.9, sides).calibrate(intervals, targets).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(Sides::Symmetric, &intervals, &targets),
        "8 calibration rows are too few for coverage 0.9: give at least 9, or ask for less"
    );
    assert!(refusal(Sides::Asymmetric, &intervals, &targets).contains("give at least 19"));
    assert!(refusal(Sides::Symmetric, &[], &[]).contains("0 calibration rows are too few"));
    assert_eq!(
        refusal(Sides::Symmetric, &intervals, &targets[..5]),
        "there are 5 targets for 8 intervals: give one for each"
    );
    for (interval, target, what) in [
        (Interval::new(0.0, 1.0), f64::NAN, "target of row 8 is NaN"),
        (Interval::new(f64::NEG_INFINITY, 1.0), 0.0, "lower end of row 8 is -inf"),
        (Interval::new(0.0, f64::INFINITY), 0.0, "upper end of row 8 is inf"),
        (Interval::new(f64::NAN, 1.0), 0.0, "lower end of row 8 is NaN"),
        (Interval::new(-f64::MAX, f64::MAX), -f64::MAX, "row 8 lie too far apart"),
    ] {
        let said =
            refusal(Sides::Symmetric, &[&intervals[..], &[interval]].concat(), &[&targets[..], &[target]].concat());
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn an_end_beyond_all_numbers_is_the_largest_of_them() {
    let corrected = Correction { lower: 1e308, upper: 1e308 }.of(Interval::new(-1.5e308, 1.5e308));
    assert_eq!(corrected.interval, Interval::new(f64::MIN, f64::MAX));
}

proptest! {
    /// The guarantee on the calibration rows themselves: at least ⌈(n + 1)c⌉ of n scores are at most the correction.
    #[test]
    fn calibration_rows_are_covered_as_often_as_the_rank_says(
        rows in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64, -1e3..1e3_f64), 19..80),
        level in prop::sample::select(vec![0.5, 0.7, 0.9]),
    ) {
        let intervals: Vec<_> = rows.iter().map(|(a, b, _)| Interval::new(*a, *b)).collect();
        let targets: Vec<_> = rows.iter().map(|(_, _, y)| *y).collect();
        let least = rank(rows.len(), coverage(level)).unwrap();
        for sides in [Sides::Symmetric, Sides::Asymmetric, Sides::Upper] {
            let calibrated = split(level, sides).calibrate(&intervals, &targets).unwrap();
            let covered = intervals.iter().zip(&targets).filter(|(interval, target)| {
                let interval = if sides == Sides::Upper { Interval::up_to(interval.upper) } else { **interval };
                let corrected = calibrated.correct(interval);
                // Rounding may leave a target on the edge just outside.
                corrected.is_collapsed || corrected.interval.score(**target) <= 1e-9
            });
            let asked = if sides == Sides::Asymmetric { least.saturating_sub(2) } else { least };
            prop_assert!(covered.count() >= asked);
        }
    }

    #[test]
    fn corrections_move_with_the_data_and_scale_with_their_unit(
        rows in prop::collection::vec((-1e3..1e3_f64, 0.0..1e3_f64, -1e3..1e3_f64), 19..60),
        power in -900..900_i32,
    ) {
        let unit = 2.0_f64.powi(power);
        let calibrate = |unit: f64| {
            let intervals: Vec<_> = rows.iter().map(|(a, w, _)| Interval::new(a * unit, (a + w) * unit)).collect();
            let targets: Vec<_> = rows.iter().map(|(_, _, y)| y * unit).collect();
            split(0.9, Sides::Asymmetric).calibrate(&intervals, &targets).unwrap().correction()
        };
        let (one, other) = (calibrate(1.0), calibrate(unit));
        prop_assert_eq!((one.lower * unit, one.upper * unit), (other.lower, other.upper));
    }

    #[test]
    fn corrected_intervals_are_in_order_and_finite(
        numbers in prop::array::uniform4(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO),
    ) {
        let [lower, upper, below, above] = numbers;
        let corrected = Correction { lower: below, upper: above }.of(Interval::new(lower, upper)).interval;
        prop_assert!(corrected.lower.is_finite() && corrected.upper.is_finite() && !corrected.is_crossed());
    }
}
