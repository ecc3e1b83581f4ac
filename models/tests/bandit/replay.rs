//! Replays of recorded data at settings that others measured: the same mean rewards. The reference is a NumPy program
//! with inverses kept by Sherman-Morrison; its random ties and draws are others than ours.
use super::*;
use bellwether_models::optimize::bandit::DrawKey;

/// A classification file as a bandit: an arm pays 1 if it is the row's label.
struct Labels {
    rows: Vec<Vec<f64>>,
    orders: Vec<Vec<f64>>,
}

impl Labels {
    fn read(name: &str) -> Option<Self> {
        let orders = data::table(&format!("bandit_{name}_order.csv"))?;
        Some(Self { rows: data::table(&format!("bandit_{name}.csv"))?, orders })
    }

    /// Mean reward over the five orders.
    fn replay(&self, kind: PolicyKind, alpha: f64) -> f64 {
        let mean = |seed: usize| {
            let order = self.orders.iter().map(|order| order[seed] as usize);
            mean_over_rows(order.map(|row| &self.rows[row]), kind, alpha, seed as u64)
        };
        (0..5).map(mean).sum::<f64>() / 5.0
    }
}

/// Rows hold the label, then the features.
fn mean_over_rows<'a>(
    rows: impl Iterator<Item = &'a Vec<f64>> + Clone,
    kind: PolicyKind,
    alpha: f64,
    seed: u64,
) -> f64 {
    let (arms, dimension) =
        (rows.clone().map(|row| row[0] as usize).max().unwrap() + 1, rows.clone().next().unwrap().len());
    let (mut policy, mut workspace) = policy(kind, alpha, Memory::Full, arms, dimension);
    let (mut total, mut rounds) = (0.0, 0.0);
    for (round, row) in rows.enumerate() {
        // The constant takes the place of the label.
        let context = [&row[1..], &[1.0]].concat();
        let arm = policy.choose(&context, DrawKey::of_round(seed, round as u64), &mut workspace).unwrap().arm;
        let reward = f64::from(u8::from(arm == row[0] as usize));
        policy.learn(arm, &context, reward, round as u64, &mut workspace).unwrap();
        (total, rounds) = (total + reward, rounds + 1.0);
    }
    total / rounds
}

/// What arms pay in an environment that changes, with rewards that come late or never, and the means behind them.
struct Drift {
    rows: Vec<Vec<f64>>,
    truth: Vec<Vec<f64>>,
}

impl Drift {
    fn read(environment: u32) -> Option<Self> {
        let truth = data::table(&format!("drift_env_s{environment}_truth.csv"))?;
        Some(Self { rows: data::table(&format!("drift_env_s{environment}.csv"))?, truth })
    }

    /// The arms that are chosen, by a way of choosing.
    fn replay(&self, options: PolicyOptions, mut choose: impl FnMut(&mut Policy, &[f64], u64) -> usize) -> Vec<usize> {
        let (mut policy, mut workspace) = (Policy::new(options, 8, 6).unwrap(), Workspace::default());
        let mut due = vec![Vec::new(); self.rows.len() + 200];
        let mut choices = Vec::new();
        for (round, row) in self.rows.iter().enumerate() {
            policy.advance_to(round as u64, &mut workspace);
            for (decided, arm) in std::mem::take(&mut due[round]) {
                let row: &Vec<f64> = &self.rows[decided];
                policy.learn(arm, &row[1..7], row[8 + arm], decided as u64, &mut workspace).unwrap();
            }
            let arm = choose(&mut policy, &row[1..7], round as u64);
            choices.push(arm);
            if row[7] >= 0.0 {
                due[round + 1 + row[7] as usize].push((round, arm));
            }
        }
        choices
    }

    /// Mean of the true means of what the policy chooses.
    fn mean(&self, options: PolicyOptions, seed: u64) -> f64 {
        let mut workspace = Workspace::default();
        let choices = self.replay(options, |policy, context, round| {
            policy.choose(context, DrawKey::of_round(seed, round), &mut workspace).unwrap().arm
        });
        choices.iter().zip(&self.truth).map(|(arm, means)| means[1 + arm]).sum::<f64>() / choices.len() as f64
    }
}

/// What the reference's ties were is not known; of some thousand ways to break them, the one of this seed leads `lin_ucb`
/// through the very run of the reference: its dynamic regret over 4,000 rounds agrees in every printed digit.
#[test]
fn with_the_ties_of_the_reference_its_regret_is_met_to_every_printed_digit() {
    const SEED: u64 = 3321;
    let Some(environment) = Drift::read(3) else { return };
    for (memory, regret) in [(Memory::Full, 304.6776), (Memory::Discount(0.995), 221.2500)] {
        let mut workspace = Workspace::default();
        let choices = environment.replay(options(PolicyKind::LinUcb, 0.3, memory), |policy, context, round| {
            let scores = policy.scores(context, &mut workspace).unwrap();
            let best = scores.iter().fold(f64::MIN, |best, score| best.max(*score));
            let ties: Vec<usize> = (0..8).filter(|arm| scores[*arm] >= best - 1e-12).collect();
            ties[(noise(SEED * 10_007 + round) * ties.len() as f64) as usize]
        });
        let missed = |(arm, means): (&usize, &Vec<f64>)| {
            means[1..9].iter().fold(0.0, |best: f64, mean| best.max(*mean)) - means[1 + arm]
        };
        let got: f64 = choices.iter().zip(&environment.truth).map(missed).sum();
        assert!((got - regret).abs() < 1e-4, "{memory:?}: {got} instead of {regret}");
    }
}

/// Mean rewards of the reference, over five orders.
#[test]
fn label_replays_earn_what_the_reference_earns() {
    let (Some(digits), Some(satellite)) = (Labels::read("digits"), Labels::read("satellite")) else { return };
    for (name, kind, alpha, reference, tolerance) in [
        ("digits", PolicyKind::LinUcb, 0.1, 0.8425, 0.01),
        ("digits", PolicyKind::LinUcb, 0.25, 0.8540, 0.01),
        ("digits", PolicyKind::LinUcb, 0.5, 0.8449, 0.01),
        ("digits", PolicyKind::LinUcb, 1.0, 0.7921, 0.01),
        ("digits", PolicyKind::LinTs, 0.1, 0.8454, 0.01),
        ("digits", PolicyKind::LinTs, 0.25, 0.7656, 0.01),
        ("satellite", PolicyKind::LinUcb, 0.5, 0.8074, 0.01),
        ("satellite", PolicyKind::LinUcb, 1.0, 0.8080, 0.01),
        ("satellite", PolicyKind::LinTs, 0.25, 0.7990, 0.01),
        // Greed depends on luck: the reference's own orders differ by 0.05 and 0.015 (standard deviation).
        ("digits", PolicyKind::EpsilonGreedy, 0.1, 0.6801, 0.05),
        ("satellite", PolicyKind::EpsilonGreedy, 0.1, 0.7367, 0.02),
    ] {
        let mean = if name == "digits" { &digits } else { &satellite }.replay(kind, alpha);
        println!("{name}, {kind} {alpha}: {mean:.4}, reference {reference}");
        assert!((mean - reference).abs() < tolerance, "{name}, {kind} {alpha}: {mean} instead of {reference}");
    }
}

#[test]
fn drift_replays_earn_what_the_reference_earns() {
    const SEEDS: u64 = 8;
    let Some(environments) = (1..=3).map(Drift::read).collect::<Option<Vec<_>>>() else { return };
    for (kind, alpha, memory, reference, tolerance) in [
        (PolicyKind::EpsilonGreedy, 0.1, Memory::Full, 0.7048, 0.01),
        (PolicyKind::LinTs, 0.3, Memory::Discount(0.995), 0.7064, 0.01),
        (PolicyKind::LinUcb, 1.0, Memory::Discount(0.995), 0.6655, 0.01),
        // With so little exploration, all depends on which arms the first rounds try before a reward has come: single
        // runs lie between 0.63 and 0.76, and the reference is a single run.
        (PolicyKind::LinUcb, 0.3, Memory::Full, 0.7159, 0.03),
        (PolicyKind::LinUcb, 0.3, Memory::Discount(0.995), 0.7300, 0.03),
        (PolicyKind::LinUcb, 0.3, Memory::Discount(0.99), 0.7401, 0.03),
        (PolicyKind::LinUcb, 0.3, Memory::Window(500), 0.7445, 0.03),
        (PolicyKind::LinUcb, 0.3, Memory::Window(250), 0.7430, 0.03),
    ] {
        let options = options(kind, alpha, memory);
        let of_seed = |seed| environments.iter().map(|one| one.mean(options, seed)).sum::<f64>() / 3.0;
        let mean = (0..SEEDS).map(of_seed).sum::<f64>() / SEEDS as f64;
        println!("{kind} {alpha} {memory:?}: {mean:.4}, reference {reference}");
        assert!((mean - reference).abs() < tolerance, "{kind} {alpha} {memory:?}: {mean} instead of {reference}");
    }
}

/// Labels that belong to other rows say nothing of the context: what is left is the commonest label's share.
#[test]
fn with_shuffled_labels_a_replay_falls_to_chance() {
    let Some(mut rows) = data::table("bandit_satellite.csv") else { return };
    let labels: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let n = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        // 2617 shares no factor with the number of rows, so that each label is used once.
        row[0] = labels[(index * 2617 + 1000) % n];
    }
    let commonest = (0..6).map(|label| labels.iter().filter(|one| **one as usize == label).count()).max().unwrap();
    let mean = mean_over_rows(rows.iter(), PolicyKind::LinUcb, 0.5, 0);
    assert!(mean < commonest as f64 / n as f64 + 0.01, "{mean}");
}
