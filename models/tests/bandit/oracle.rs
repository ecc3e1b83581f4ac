//! Sixty rounds on three arms: coefficients, means and widths as NumPy's solver finds them in one batch.
use super::*;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// The oracle and a policy that has learnt its rounds.
fn learnt(memory: Memory) -> Option<(Value, Policy, Workspace)> {
    let oracle: Value = serde_json::from_str(&data::text("oracle.json")?).unwrap();
    let oracle = oracle["linucb"].clone();
    let (contexts, arms, rewards) = (rows(&oracle["X"]), numbers(&oracle["arm"]), numbers(&oracle["reward"]));
    let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 0.7, memory, 3, 5);
    for (round, context) in contexts.iter().enumerate() {
        let (arm, round) = (arms[round] as usize, round as u64);
        policy.learn(arm, context, rewards[round as usize], round, &mut workspace).unwrap();
    }
    Some((oracle, policy, workspace))
}

#[test]
fn coefficients_means_widths_and_bounds_are_those_of_the_batch_solution() {
    let Some((oracle, policy, mut workspace)) = learnt(Memory::Full) else { return };
    for (arm, expected) in rows(&oracle["theta"]).iter().enumerate() {
        for (got, expected) in policy.coefficients(arm, &mut workspace).unwrap().iter().zip(expected) {
            assert_close("coefficient", *got, *expected, 1e-8);
        }
    }
    let columns = ["mean", "width", "ucb"].map(|name| rows(&oracle[name]));
    for (query, context) in rows(&oracle["query"]).iter().enumerate() {
        let estimates = policy.estimates(context, &mut workspace).unwrap();
        let scores = policy.scores(context, &mut workspace).unwrap();
        for arm in 0..3 {
            assert_close("mean", estimates[arm].mean, columns[0][query][arm], 1e-8);
            assert_close("width", estimates[arm].width, columns[1][query][arm], 1e-8);
            assert_close("upper bound", scores[arm], columns[2][query][arm], 1e-8);
        }
    }
}

#[test]
fn the_diagonal_of_the_inverse_is_that_of_the_batch_solution() {
    let Some((oracle, policy, mut workspace)) = learnt(Memory::Full) else { return };
    for (arm, expected) in rows(&oracle["lints_posterior_cov_diag_v1"]).iter().enumerate() {
        for (index, expected) in expected.iter().enumerate() {
            let mut unit = [0.0; 5];
            unit[index] = 1.0;
            let width = policy.estimates(&unit, &mut workspace).unwrap()[arm].width;
            assert_close("diagonal of the inverse", width * width, *expected, 1e-8);
        }
    }
}

#[test]
fn discounted_coefficients_are_those_of_the_batch_solution() {
    let Some((oracle, policy, mut workspace)) = learnt(Memory::Discount(0.95)) else { return };
    for (arm, expected) in rows(&oracle["discounted"]["theta"]).iter().enumerate() {
        for (got, expected) in policy.coefficients(arm, &mut workspace).unwrap().iter().zip(expected) {
            assert_close("coefficient", *got, *expected, 1e-8);
        }
    }
}
