//! Permutation importance, on losses whose expectation is known.
use bellwether_models::explain::ExplainError;
use bellwether_models::explain::permutation::{Permutations, permutation_importance};

const ROWS: usize = 4000;

/// Rows of three features that are permutations of 0..n each, scaled to [0, 1); y is the first plus half the second.
fn rows() -> Vec<f32> {
    let value = |row: usize, factor: usize| (row * factor % ROWS) as f32 / ROWS as f32;
    (0..ROWS).flat_map(|row| [value(row, 1), value(row, 1229), value(row, 2731)]).collect()
}

fn squared_error(rows: &[f32], targets: &[f64]) -> f64 {
    let predicted = rows.chunks_exact(3).map(|row| f64::from(row[0]) + 0.5 * f64::from(row[1]));
    predicted.zip(targets).map(|(one, other)| (one - other).powi(2)).sum::<f64>() / targets.len() as f64
}

fn targets() -> Vec<f64> {
    rows().chunks_exact(3).map(|row| f64::from(row[0]) + 0.5 * f64::from(row[1])).collect()
}

fn importances(seed: u64) -> Vec<(f64, f64)> {
    let (targets, permutations) = (targets(), Permutations { repeats: 10, seed });
    let found = permutation_importance(&rows(), 3, &[0, 1, 2], permutations, |rows| squared_error(rows, &targets));
    found.unwrap().into_iter().map(|one| (one.mean, one.standard_deviation)).collect()
}

/// Shuffled, a feature x of weight w costs w² E(x - x')² = 2 w² Var x: a sixth w² for one that is uniform.
#[test]
fn shuffling_costs_twice_the_variance_of_what_a_feature_explains() {
    let found = importances(7);
    for ((mean, deviation), expected) in found.iter().zip([1.0 / 6.0, 1.0 / 24.0]) {
        assert!((mean - expected).abs() < 5.0 * deviation / 10_f64.sqrt() && *deviation > 0.0, "{mean} ± {deviation}");
        assert!(*deviation < 0.05 * expected, "{deviation}");
    }
    assert_eq!(found[2], (0.0, 0.0));
}

#[test]
fn a_seed_gives_its_figures_again_and_another_seed_gives_others() {
    assert_eq!(importances(7), importances(7));
    assert_ne!(importances(7), importances(8));
}

#[test]
fn tables_without_an_answer_are_refused() {
    let ask = |rows: &[f32], positions: &[usize], repeats| {
        permutation_importance(rows, 3, positions, Permutations { repeats, seed: 1 }, |_| 0.0)
    };
    assert_eq!(ask(&[], &[0], 1), Err(ExplainError::NoRows));
    assert_eq!(ask(&[0.0; 6], &[0], 0), Err(ExplainError::NoRepeats));
    assert_eq!(ask(&[0.0; 6], &[3], 1), Err(ExplainError::NoFeature { position: 3, features: 3 }));
    assert_eq!(
        permutation_importance(&[], 0, &[], Permutations { repeats: 1, seed: 1 }, |_| 0.0),
        Err(ExplainError::NoRows)
    );
}
