//! The linear models: against a solution in one batch, in any order, and over windows.
use super::*;
use proptest::prelude::*;

/// Solves A x = b by Gaussian elimination with pivoting: slow, plain, and not the program's way.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|x, y| a[*x][column].abs().total_cmp(&a[*y][column].abs())).unwrap();
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..n {
            let factor = a[row][column] / a[column][column];
            let eliminated = a[column].clone();
            a[row].iter_mut().zip(eliminated).for_each(|(entry, pivot)| *entry -= factor * pivot);
            b[row] -= factor * b[column];
        }
    }
    for row in (0..n).rev() {
        b[row] = (b[row] - (row + 1..n).map(|k| a[row][k] * b[k]).sum::<f64>()) / a[row][row];
    }
    b
}

fn features(dimension: usize, round: u64) -> Vec<f64> {
    (0..dimension as u64).map(|index| noise(round * 1000 + index)).collect()
}

/// λ I + Σ w x x' and Σ w r x of rounds with their weights.
fn batch(dimension: usize, rounds: impl Iterator<Item = (u64, f64)>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let (mut a, mut b) = (vec![vec![0.0; dimension]; dimension], vec![0.0; dimension]);
    (0..dimension).for_each(|index| a[index][index] = 1.0);
    for (round, weight) in rounds {
        let x = features(dimension, round);
        for row in 0..dimension {
            b[row] += weight * noise(round) * x[row];
            (0..dimension).for_each(|column| a[row][column] += weight * x[row] * x[column]);
        }
    }
    (a, b)
}

/// Coefficients and width of the first arm are those of the batch.
fn assert_is_batch(policy: &Policy, (a, b): (Vec<Vec<f64>>, Vec<f64>), tolerance: f64) {
    let (mut workspace, query) = (Workspace::default(), features(b.len(), 999_999_999));
    for (got, expected) in policy.coefficients(0, &mut workspace).unwrap().iter().zip(solve(a.clone(), b)) {
        assert_close("coefficient", *got, expected, tolerance);
    }
    let expected: f64 = solve(a, query.clone()).iter().zip(&query).map(|(inverse, x)| inverse * x).sum();
    let width = policy.estimates(&query, &mut workspace).unwrap()[0].width;
    assert_close("squared width", width * width, expected, tolerance);
}

#[test]
fn a_hundred_thousand_updates_end_where_one_batch_does() {
    let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, Memory::Full, 1, 11);
    for round in 0..100_000 {
        policy.learn(0, &features(11, round), noise(round), round, &mut workspace).unwrap();
    }
    assert_is_batch(&policy, batch(11, (0..100_000).map(|round| (round, 1.0))), 1e-8);
}

#[test]
fn a_window_holds_its_rounds_and_nothing_else_however_long_it_slid() {
    for (length, rounds) in [(1, 50), (7, 5000), (300, 40_000)] {
        let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, Memory::Window(length), 1, 7);
        for round in 0..rounds {
            policy.learn(0, &features(7, round), noise(round), round, &mut workspace).unwrap();
        }
        policy.advance_to(rounds, &mut workspace);
        assert_is_batch(&policy, batch(7, (rounds - length..rounds).map(|round| (round, 1.0))), 1e-8);
        policy.advance_to(rounds + length + 1, &mut workspace);
        assert_is_batch(&policy, batch(7, std::iter::empty()), 1e-8);
    }
}

#[test]
fn late_rewards_leave_the_window_with_their_decisions_and_fade_as_if_they_had_come_at_once() {
    // Decided at rounds 0 to 39, each known up to 22 rounds later, all looked at in round 62.
    let arrival = |decided: u64| decided + decided * 17 % 23;
    let mut decisions: Vec<u64> = (0..40).collect();
    decisions.sort_by_key(|decided| arrival(*decided));
    for memory in [Memory::Window(45), Memory::Window(12), Memory::Discount(0.9)] {
        let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, memory, 1, 5);
        for decided in &decisions {
            policy.advance_to(arrival(*decided), &mut workspace);
            policy.learn(0, &features(5, *decided), noise(*decided), *decided, &mut workspace).unwrap();
        }
        policy.advance_to(62, &mut workspace);
        let weight = |decided: u64| match memory {
            Memory::Discount(gamma) => gamma.powi((62 - decided) as i32),
            Memory::Window(length) => f64::from(u8::from(62 - decided <= length)),
            Memory::Full => 1.0,
        };
        assert_is_batch(&policy, batch(5, (0..40).map(|decided| (decided, weight(decided)))), 1e-10);
    }
}

/// The second arm is never learnt; nothing of the first may reach it, and its width may not grow without bound.
#[test]
fn an_untouched_arm_keeps_its_prior_under_every_memory() {
    for memory in [Memory::Full, Memory::Discount(0.5), Memory::Window(3)] {
        let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, memory, 2, 3);
        for round in 0..10_000 {
            policy.learn(0, &features(3, round), noise(round), round, &mut workspace).unwrap();
        }
        let untouched = policy.estimates(&[3.0, 0.0, 4.0], &mut workspace).unwrap()[1];
        assert_eq!((untouched.mean, untouched.width), (0.0, 5.0), "{memory:?}");
    }
}

/// By hand: the first arm has 3 wins of 4, the second 1 of 2, the third nothing.
#[test]
fn policies_without_context_rank_by_their_formulas() {
    let rewards = [(0, 1.0), (0, 1.0), (1, 0.0), (0, 0.0), (1, 1.0), (0, 1.0)];
    let mean_and_bound = |kind| {
        let (mut policy, mut workspace) = policy(kind, 1.0, Memory::Full, 3, 1);
        for (round, (arm, reward)) in rewards.iter().enumerate() {
            policy.learn(*arm, &[1.0], *reward, round as u64, &mut workspace).unwrap();
        }
        policy.scores(&[1.0], &mut workspace).unwrap()
    };
    let bounds = mean_and_bound(PolicyKind::Ucb1);
    assert_close("ucb1", bounds[0], 0.75 + (2.0 * 6.0_f64.ln() / 4.0).sqrt(), 1e-12);
    assert_close("ucb1", bounds[1], 0.5 + (2.0 * 6.0_f64.ln() / 2.0).sqrt(), 1e-12);
    assert!(bounds[2] > bounds[0].max(bounds[1]) && bounds[2].is_finite());
    let means = mean_and_bound(PolicyKind::BetaTs);
    for (got, expected) in means.iter().zip([4.0 / 6.0, 2.0 / 4.0, 0.5]) {
        assert_close("beta_ts", *got, expected, 1e-12);
    }
}

/// For two arms with posteriors Beta(9, 3) and Beta(5, 5) the first is better with probability 0.8859, and the widths of
/// linear Thompson sampling give Φ: both within 5 standard errors of 128 draws a key over 400 keys.
#[test]
fn thompson_sampling_takes_an_arm_as_often_as_it_is_the_best() {
    let share = |policy: &mut Policy, context: &[f64]| {
        let mut workspace = Workspace::default();
        let mut taken = |key| policy.choose(context, DrawKey::new(key), &mut workspace).unwrap();
        (0..20_000).filter(|key| taken(*key).arm == 0).count() as f64 / 20_000.0
    };
    let (mut beta, mut workspace) = policy(PolicyKind::BetaTs, 1.0, Memory::Full, 2, 1);
    for (arm, wins, losses) in [(0, 8, 2), (1, 4, 4)] {
        (0..wins).for_each(|_| beta.learn(arm, &[1.0], 1.0, 0, &mut workspace).unwrap());
        (0..losses).for_each(|_| beta.learn(arm, &[1.0], 0.0, 0, &mut workspace).unwrap());
    }
    // Σ_{i<9} B(5 + i, 5 + 3) / ((3 + i) B(1 + i, 3) B(5, 5)), the closed form for whole parameters.
    let log_gamma = |n: u32| (1..n).map(|k| f64::from(k).ln()).sum::<f64>();
    let log_beta = |a: u32, b: u32| log_gamma(a) + log_gamma(b) - log_gamma(a + b);
    let term = |i: u32| (log_beta(5 + i, 8) - f64::from(3 + i).ln() - log_beta(1 + i, 3) - log_beta(5, 5)).exp();
    let expected: f64 = (0..9).map(term).sum();
    assert_close("beta_ts", share(&mut beta, &[1.0]), expected, 0.01);

    // Means 0.5 · 2 / 2 and 0, variances v² / 2 and v²: the first is better with probability Φ(0.5 / √(1.5 · 0.5²)).
    let (mut linear, mut workspace) = policy(PolicyKind::LinTs, 0.5, Memory::Full, 2, 1);
    linear.learn(0, &[1.0], 1.0, 0, &mut workspace).unwrap();
    let expected = 0.792_892; // Φ(0.816497)
    assert_close("lin_ts", share(&mut linear, &[1.0]), expected, 0.01);
}

#[test]
fn epsilon_greedy_explores_as_often_as_it_says() {
    let (mut policy, mut workspace) = policy(PolicyKind::EpsilonGreedy, 0.2, Memory::Full, 4, 1);
    policy.learn(2, &[1.0], 1.0, 0, &mut workspace).unwrap();
    for key in 0..200 {
        let choice = policy.choose(&[1.0], DrawKey::new(key), &mut workspace).unwrap();
        let expected = if choice.arm == 2 { 0.8 + 0.05 } else { 0.05 };
        assert_close("propensity", choice.propensity, expected, 1e-12);
    }
}

#[test]
fn of_arms_that_rank_alike_those_taken_least_are_taken_and_not_always_in_the_same_order() {
    let order = |seed| {
        let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, Memory::Full, 5, 1);
        let mut take = |round| policy.choose(&[1.0], DrawKey::of_round(seed, round), &mut workspace).unwrap().arm;
        (0..5).map(&mut take).collect::<Vec<_>>()
    };
    let orders: Vec<Vec<usize>> = (0..20).map(order).collect();
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
    }
    assert!(orders.iter().any(|order| order != &orders[0]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn rewards_in_any_order_give_the_same_undiscounted_model(
        rounds in prop::collection::vec((0_usize..3, 0_u64..10_000), 1..80),
        turn in 0_usize..80,
    ) {
        let learnt = |rounds: &[(usize, u64)]| {
            let (mut policy, mut workspace) = policy(PolicyKind::LinUcb, 1.0, Memory::Full, 3, 4);
            for (arm, round) in rounds {
                policy.learn(*arm, &features(4, *round), noise(*round), *round, &mut workspace).unwrap();
            }
            policy
        };
        let mut turned = rounds.clone();
        turned.rotate_left(turn % rounds.len());
        turned.reverse();
        let (one, other, mut workspace) = (learnt(&rounds), learnt(&turned), Workspace::default());
        for arm in 0..3 {
            let coefficients = [&one, &other].map(|policy| policy.coefficients(arm, &mut Workspace::default()).unwrap());
            for (x, y) in coefficients[0].iter().zip(&coefficients[1]) {
                prop_assert!((x - y).abs() < 1e-10);
            }
        }
        let query = features(4, 77);
        let scores = [&one, &other].map(|policy| policy.scores(&query, &mut workspace).unwrap());
        prop_assert!(scores[0].iter().zip(&scores[1]).all(|(x, y)| (x - y).abs() < 1e-10));
    }
}
