//! Corrections by group.
use super::*;

/// 20 rows of each of two groups whose scores are 1..=20 and 101..=120, and 3 of a third.
fn rows() -> (Vec<Interval>, Vec<f64>, Vec<&'static str>) {
    let (mut targets, mut groups) = (Vec::new(), Vec::new());
    for (group, from, count) in [("close", 100, 20), ("day", 0, 20), ("open", 50, 3)] {
        for i in 1..=count {
            targets.push(f64::from(from + i));
            groups.push(group);
        }
    }
    (vec![Interval::new(0.0, 0.0); targets.len()], targets, groups)
}

#[test]
fn every_group_has_its_own_order_statistic_unless_it_is_too_small() {
    let (intervals, targets, groups) = rows();
    let calibrated = split(0.9, Sides::Symmetric).calibrate_by_group(&intervals, &targets, &groups).unwrap();
    // ⌈21 * 0.9⌉ = 19th of the own 20; ⌈44 * 0.9⌉ = 40th of all 43.
    for (group, size, correction, is_pooled) in [
        ("day", 20, 19.0, false),
        ("close", 20, 119.0, false),
        ("open", 3, 117.0, true),
        ("never seen", 0, 117.0, true),
    ] {
        let found = calibrated.of(&group);
        assert_eq!((found.size, found.correction.upper, found.is_pooled), (size, correction, is_pooled), "{group}");
        assert_eq!(calibrated.correct(&group, Interval::new(0.0, 0.0)).interval.upper, correction);
    }
    assert_eq!(calibrated.groups().keys().copied().collect::<Vec<_>>(), ["close", "day", "open"]);
    assert_eq!(calibrated.pooled().size(), 43);
}

#[test]
fn one_group_is_the_same_as_none() {
    let (intervals, targets, _) = rows();
    for sides in [Sides::Symmetric, Sides::Asymmetric, Sides::Upper] {
        let wanted = split(0.8, sides);
        let by_group = wanted.calibrate_by_group(&intervals, &targets, &vec![0; targets.len()]).unwrap();
        assert_eq!(by_group.of(&0).correction, wanted.calibrate(&intervals, &targets).unwrap().correction());
    }
}

#[test]
fn groups_too_few_or_a_pool_too_small_are_refused() {
    let (intervals, targets, groups) = rows();
    let wanted = split(0.99, Sides::Symmetric);
    let refused = wanted.calibrate_by_group(&intervals, &targets, &groups);
    assert_eq!(refused, Err(ConformalError::TooFewRows { got: 43, need: 99, coverage: 0.99 }));
    let refused = wanted.calibrate_by_group(&intervals, &targets, &groups[1..]);
    assert_eq!(refused, Err(ConformalError::Length { what: "groups", found: 42, expected: 43 }));
}
