//! What holds whatever the table.
use super::{noise, predictions, quantiles, table_of, trained};
use bellwether_models::tail::boosting::{ColumnShares, GrowPolicy, Loss, Monotone, Parameters, TrainingTable};
use proptest::prelude::*;
use std::num::NonZeroUsize;

/// Rows of two features, one with missing values, and a target that depends on both.
fn rough(rows: usize, salt: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (a, b, c) = (noise(rows, salt), noise(rows, salt + 3), noise(rows, salt + 7));
    let target = a.iter().zip(&b).zip(&c).map(|((a, b), c)| (6.0 * a).sin() + 3.0 * b * (c - 0.4)).collect();
    let b = b.iter().zip(&c).map(|(b, c)| if *c > 0.9 { f64::NAN } else { *b }).collect();
    (a, b, target)
}

fn rough_table(rows: usize, salt: usize) -> TrainingTable {
    let (a, b, target) = rough(rows, salt);
    table_of(vec![("a", a), ("b", b)], &target)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Large enough for the features of a node to be shared among threads.
    let table = rough_table(70_000, 1);
    let weighted = rough_table(70_000, 2).with_weights(vec![0.7; 70_000]).unwrap();
    let shares = ColumnShares { by_tree: 1.0, by_level: 1.0, by_node: 0.5 };
    for (table, loss) in [(&table, Loss::Refreshed), (&weighted, Loss::Refreshed), (&table, Loss::Smoothed)] {
        let model = |threads: usize, seed| {
            let threads = NonZeroUsize::new(threads).unwrap();
            let drawn =
                Parameters { subsample: 0.9, column_shares: shares, seed, loss, threads, ..quantiles(&[0.5, 0.9]) };
            trained(table, Parameters { rounds: 3, ..drawn })
        };
        let one = model(1, 5);
        assert_eq!(one, model(2, 5));
        assert_eq!(one, model(8, 5));
        assert_ne!(one.model, model(1, 6).model, "another seed draws other rows");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_monotone_feature_is_monotone_everywhere(
        salt in 0_usize..50,
        smooth in any::<bool>(),
        rising in any::<bool>(),
        guided in any::<bool>(),
        min_child_weight in prop::option::of(1_u32..20),
        rest in 0.0..1.0,
    ) {
        let table = rough_table(300, salt);
        let direction = if rising { Monotone::Increasing } else { Monotone::Decreasing };
        let parameters = Parameters {
            rounds: 25,
            learning_rate: 0.3,
            loss: if smooth { Loss::Smoothed } else { Loss::Refreshed },
            grow_policy: if guided { GrowPolicy::LossGuided } else { GrowPolicy::DepthWise },
            min_child_weight: min_child_weight.map(f64::from),
            monotone: vec![("a".to_owned(), direction)],
            ..quantiles(&[0.1, 0.5, 0.9])
        };
        let along: Vec<f64> = (0..200).map(|step| f64::from(step) / 199.0 * 1.2 - 0.1).collect();
        let line = table_of(vec![("a", along), ("b", vec![rest; 200])], &[0.0; 200]);
        for quantile in predictions(&trained(&table, parameters), &line) {
            let is_ordered = |pair: &[f32]| if rising { pair[0] <= pair[1] } else { pair[0] >= pair[1] };
            prop_assert!(quantile.windows(2).all(is_ordered), "{quantile:?}");
        }
    }

    /// Leaves answer a minimiser of the loss over their rows, and the loss is convex along the way there.
    #[test]
    fn no_round_raises_the_training_loss(salt in 0_usize..50, level in 0.02..0.98, rate in 0.05..1.0) {
        let table = rough_table(200, salt).with_weights(vec![1.0; 200]).unwrap();
        let parameters = Parameters { rounds: 30, learning_rate: rate, min_child_weight: Some(5.0), ..quantiles(&[level]) };
        let losses: Vec<f64> = trained(&table, parameters).curve.iter().map(|round| round.training[0]).collect();
        prop_assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6)), "{losses:?}");
    }

    /// Powers of two, so that every rounding scales too; 2^40 is about 1e12, 2^-30 about 1e-9.
    #[test]
    fn predictions_scale_with_the_unit_of_the_target(
        salt in 0_usize..50,
        power in prop::sample::select(&[-40_i32, -30, 40, 80][..]),
        smooth in any::<bool>(),
    ) {
        let (a, b, target) = rough(150, salt);
        let unit = 2.0_f64.powi(power);
        let model = |unit: f64| {
            let target: Vec<f64> = target.iter().map(|value| f64::from(*value as f32) * unit).collect();
            let table = table_of(vec![("a", a.clone()), ("b", b.clone())], &target);
            let loss = if smooth { Loss::Smoothed } else { Loss::Refreshed };
            predictions(&trained(&table, Parameters { rounds: 10, loss, ..quantiles(&[0.2, 0.9]) }), &table)
        };
        let scaled: Vec<Vec<f32>> =
            model(1.0).into_iter().map(|all| all.into_iter().map(|one| one * unit as f32).collect()).collect();
        prop_assert_eq!(model(unit), scaled);
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows(salt in 0_usize..50, smooth in any::<bool>()) {
        let (a, b, target) = rough(90, salt);
        let heavy = |row: usize| row.is_multiple_of(3);
        let weights = (0..90).map(|row| if heavy(row) { 2.0 } else { 1.0 }).collect();
        let weighted = table_of(vec![("a", a.clone()), ("b", b.clone())], &target).with_weights(weights).unwrap();
        let twice = |values: &[f64]| -> Vec<f64> {
            let rows = values.iter().enumerate();
            rows.flat_map(|(row, value)| std::iter::repeat_n(*value, if heavy(row) { 2 } else { 1 })).collect()
        };
        let repeated = table_of(vec![("a", twice(&a)), ("b", twice(&b))], &twice(&target));
        let repeated = repeated.with_weights(vec![1.0; 120]).unwrap();
        let loss = if smooth { Loss::Smoothed } else { Loss::Refreshed };
        let parameters = Parameters { rounds: 5, loss, min_child_weight: Some(4.0), ..quantiles(&[0.3]) };
        let (one, other) = (trained(&weighted, parameters.clone()), trained(&repeated, parameters));
        let (one, other) = (predictions(&one, &weighted), predictions(&other, &weighted));
        for (one, other) in one[0].iter().zip(&other[0]) {
            prop_assert!((one - other).abs() <= 1e-5, "{one} {other}");
        }
    }
}
