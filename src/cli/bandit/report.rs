//! What a replay came to, as JSON and as a table of decisions.
use super::replay::Outcome;
use super::rounds::Rounds;
use bellwether_models::optimize::bandit::{Memory, PolicyOptions};
use serde::Serialize;
use std::fmt::Write;

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) mean_reward: f64,
    pub(super) rounds: usize,
    pub(super) cumulative_reward: f64,
    /// What the best arm of every round would have paid beyond that.
    pub(super) cumulative_regret: f64,
    /// From the middle round on.
    pub(super) second_half_mean_reward: f64,
    policy: &'static str,
    alpha: f64,
    memory: Memory,
    seed: u64,
    pub(super) arms: Vec<ArmReport>,
}

/// One arm.
#[derive(Debug, Serialize)]
pub(super) struct ArmReport {
    pub(super) name: String,
    pub(super) decisions: usize,
    /// Where it was chosen.
    pub(super) mean_reward: Option<f64>,
}

pub(super) fn report(rounds: &Rounds, outcome: &Outcome, options: PolicyOptions, seed: u64) -> Report {
    let rewards = &outcome.rewards;
    let regrets = rewards.iter().enumerate().map(|(round, reward)| rounds.largest_reward(round) - reward);
    let arm = |(arm, known): (usize, &super::rounds::Arm)| {
        let chosen =
            || outcome.choices.iter().zip(rewards).filter(|(choice, _)| choice.arm == arm).map(|(_, reward)| *reward);
        let decisions = chosen().count();
        ArmReport {
            name: known.name.clone(),
            decisions,
            mean_reward: (decisions > 0).then(|| mean(chosen(), decisions)),
        }
    };
    Report {
        mean_reward: mean(rewards.iter().copied(), rewards.len()),
        rounds: rewards.len(),
        cumulative_reward: finite(rewards.iter().sum()),
        cumulative_regret: finite(regrets.sum()),
        second_half_mean_reward: mean(rewards[rewards.len() / 2..].iter().copied(), rewards.len().div_ceil(2)),
        policy: options.kind().name(),
        alpha: options.alpha(),
        memory: options.memory(),
        seed,
        arms: rounds.arms.iter().enumerate().map(arm).collect(),
    }
}

/// The mean, by division first where a sum would overflow.
fn mean(values: impl Iterator<Item = f64> + Clone, count: usize) -> f64 {
    let sum: f64 = values.clone().sum();
    if sum.is_finite() { sum / count as f64 } else { finite(values.map(|value| value / count as f64).sum()) }
}

/// The number, or the largest one of its sign.
fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

/// A row for each round, counted from 0: the arm by its id and the probability with which it was taken.
pub(super) fn decisions(rounds: &Rounds, outcome: &Outcome) -> String {
    let mut text = "t,arm,propensity\n".to_owned();
    for (round, choice) in outcome.choices.iter().enumerate() {
        let id = quoted(&rounds.arms[choice.arm].id);
        // Writing into a String does not fail.
        let _ = writeln!(text, "{round},{id},{}", choice.propensity);
    }
    text
}

/// A label as a cell.
fn quoted(label: &str) -> String {
    match label.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", label.replace('"', "\"\"")),
        false => label.to_owned(),
    }
}
