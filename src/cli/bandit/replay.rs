//! The replay itself: a policy chooses, and learns what its own choices paid, when that is known.
use super::rounds::{Arrival, Rounds};
use bellwether_models::optimize::bandit::{BanditError, Choice, DrawKey, Policy, PolicyOptions, Workspace};
use std::collections::BTreeMap;

/// What came of it, round by round.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) choices: Vec<Choice>,
    pub(super) rewards: Vec<f64>,
}

/// Goes through all rounds. A reward with a delay of d is known before the round that comes d rounds after the next.
pub(super) fn replay(rounds: &Rounds, options: PolicyOptions, seed: u64) -> Result<Outcome, BanditError> {
    let mut policy = Policy::new(options, rounds.arms.len(), rounds.dimension)?;
    let mut workspace = Workspace::default();
    let mut outcome = Outcome { choices: Vec::with_capacity(rounds.len()), rewards: Vec::with_capacity(rounds.len()) };
    let mut due: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for round in 0..rounds.len() {
        policy.advance_to(round as u64, &mut workspace);
        for decided in due.remove(&round).unwrap_or_default() {
            let (arm, reward): (usize, f64) = (outcome.choices[decided].arm, outcome.rewards[decided]);
            policy.learn(arm, rounds.context(decided), reward, decided as u64, &mut workspace)?;
        }
        let choice = policy.choose(rounds.context(round), DrawKey::of_round(seed, round as u64), &mut workspace)?;
        let reward = rounds.reward(round, choice.arm);
        outcome.choices.push(choice);
        outcome.rewards.push(reward);
        match rounds.arrival(round) {
            Arrival::After(delay) => due.entry(round.saturating_add(1).saturating_add(delay)).or_default().push(round),
            Arrival::Never => {}
        }
    }
    Ok(outcome)
}
