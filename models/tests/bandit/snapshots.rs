//! A log replays to the same state, and a snapshot restores it, bit for bit; a damaged one is refused.
use super::*;
use bellwether_models::optimize::bandit::DecisionRecord;
use serde_json::{Value, json};

const MEMORIES: [Memory; 3] = [Memory::Full, Memory::Discount(0.99), Memory::Window(50)];

/// What a log holds: decisions and their rewards, some late, in the order in which they became known.
enum Entry {
    Decision(DecisionRecord),
    Reward { arm: usize, context: [f64; 2], propensity: f64, round: u64, reward: f64, learn: bool },
}

fn apply(experiment: &mut Experiment, entry: &Entry) {
    match entry {
        Entry::Decision(record) => experiment.record_decision(*record).unwrap(),
        Entry::Reward { arm, context, propensity, round, reward, learn } => {
            let (arm, propensity, round, reward) = (*arm, *propensity, *round, *reward);
            experiment.record_reward(RewardRecord { arm, context, propensity, round, reward }, *learn).unwrap();
        }
    }
}

fn every_experiment() -> impl Iterator<Item = Experiment> {
    PolicyKind::ALL.into_iter().flat_map(|kind| {
        MEMORIES.map(|memory| {
            let policy = PolicyOptions::new(kind).with_memory(memory).unwrap();
            Experiment::new(ExperimentOptions::new(3, 2).unwrap().with_policy(policy)).unwrap()
        })
    })
}

/// Serves 300 rounds with rewards up to 20 rounds late, and keeps the log.
fn served(experiment: &mut Experiment) -> Vec<Entry> {
    let (mut log, mut due): (Vec<Entry>, Vec<Vec<Entry>>) = (Vec::new(), (0..330).map(|_| Vec::new()).collect());
    for round in 0..300_u64 {
        for entry in std::mem::take(&mut due[round as usize]) {
            apply(experiment, &entry);
            log.push(entry);
        }
        let mode = if round % 10 == 3 { Mode::Shadow } else { Mode::Live };
        let context = context(round);
        let decided = experiment.decide(&context, canary(10.0), mode, DrawKey::of_round(5, round)).unwrap();
        log.push(Entry::Decision(decided.record()));
        apply(experiment, &log[log.len() - 1]);
        let (arm, propensity) = (decided.arm, decided.propensity);
        let (reward, learn) = (noise(round) * 0.9, round % 7 != 0);
        let entry = Entry::Reward { arm, context, propensity, round: decided.round, reward, learn };
        due[(round + 1 + round * 13 % 20) as usize].push(entry);
    }
    log
}

#[test]
fn replaying_the_log_gives_the_same_state_bit_for_bit() {
    for mut experiment in every_experiment() {
        let mut replayed = Experiment::new(*experiment.options()).unwrap();
        let log = served(&mut experiment);
        log.iter().for_each(|entry| apply(&mut replayed, entry));
        assert_eq!(replayed, experiment);
        assert_eq!(serde_json::to_string(&replayed).unwrap(), serde_json::to_string(&experiment).unwrap());
    }
}

#[test]
fn a_snapshot_restores_the_state_and_both_go_on_alike() {
    for mut experiment in every_experiment() {
        served(&mut experiment);
        let text = serde_json::to_string(&experiment).unwrap();
        let mut restored: Experiment = serde_json::from_str(&text).unwrap();
        assert_eq!(restored, experiment);
        for one in [&mut restored, &mut experiment] {
            serve(one, 300..400, 10.0, 6, |arm, round| (noise(round) + arm as f64) / 4.0);
        }
        assert_eq!(serde_json::to_string(&restored).unwrap(), serde_json::to_string(&experiment).unwrap());
    }
}

/// Every number, list and object of a snapshot is spoilt in turn: the result is refused, or works without a panic.
#[test]
fn a_damaged_snapshot_is_refused_or_harmless() {
    let mut refused = 0;
    for mut experiment in every_experiment() {
        served(&mut experiment);
        let sound = serde_json::to_value(&experiment).unwrap();
        for pointer in pointers(&sound) {
            for spoilt in [json!(-1), json!(1e308), json!(null), json!([]), json!(u64::MAX)] {
                let mut damaged = sound.clone();
                *damaged.pointer_mut(&pointer).unwrap() = spoilt;
                match serde_json::from_value::<Experiment>(damaged) {
                    Err(_) => refused += 1,
                    Ok(mut restored) => {
                        let decided = restored.decide(&context(1), canary(10.0), Mode::Live, DrawKey::new(1)).unwrap();
                        restored.record_decision(decided.record()).unwrap();
                        restored.record_reward(RewardRecord::of(&decided, &context(1), 0.5), true).unwrap();
                        assert_eq!(restored.arms().len(), 3);
                        restored.promote((restored.baseline() + 1) % 3, true).unwrap();
                    }
                }
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

/// Where the values of a document are; of long lists the first two alone.
fn pointers(value: &Value) -> Vec<String> {
    let below = |key: &str, value: &Value| {
        let deeper = pointers(value).into_iter().map(|rest| format!("/{key}{rest}"));
        std::iter::once(format!("/{key}")).chain(deeper).collect::<Vec<_>>()
    };
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, value)| below(key, value)).collect(),
        Value::Array(list) => {
            list.iter().take(2).enumerate().flat_map(|(index, value)| below(&index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    }
}
