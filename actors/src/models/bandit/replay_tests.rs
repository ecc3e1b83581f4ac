//! A learner that was killed equals the one that never died.
use super::experiments::Experiments;
use super::live::Change;
use super::spec::{ExperimentSpec, Terms};
use bellwether_domain::experiments::{Decision, DecisionId, DecisionMode, ExperimentEvent};
use bellwether_domain::ports::LoggedEntry;
use bellwether_domain::types::{ArmName, ExperimentName, FeatureName, Timestamp};
use bellwether_models::optimize::bandit::{Memory, PolicyKind};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["full", "discounted", "windowed"];

fn terms(name: &str) -> Terms {
    let (policy, memory) = match name {
        "discounted" => (PolicyKind::LinTs, Memory::Discount(0.9)),
        "windowed" => (PolicyKind::LinUcb, Memory::Window(5)),
        _ => (PolicyKind::LinUcb, Memory::Full),
    };
    Terms {
        arms: ["a", "b", "c"].map(|arm| ArmName::new(arm).unwrap()).to_vec(),
        policy: Some(policy),
        memory: Some(memory),
        context: [(FeatureName::new("x").unwrap(), 0.0)].into_iter().collect(),
        ..Terms::default()
    }
}

fn event(name: &str, change: &Change) -> LoggedEntry {
    LoggedEntry::Event(ExperimentEvent {
        experiment: ExperimentName::new(name).unwrap(),
        at: Timestamp::from_milliseconds(7),
        by: "ops".to_owned(),
        document: serde_json::to_string(change).unwrap(),
    })
}

/// The log of `steps`, with rewards for decisions that were made.
fn log(steps: &[(u8, u8, f64)]) -> Vec<LoggedEntry> {
    let created = |name: &&str| event(name, &Change::Created(Box::new(ExperimentSpec::new(&terms(name)).unwrap())));
    let mut entries: Vec<LoggedEntry> = NAMES.iter().map(created).collect();
    let (mut open, mut rounds): (Vec<Decision>, [u64; 3]) = (Vec::new(), [0; 3]);
    for (number, (kind, which, x)) in (0_u8..).zip(steps) {
        let place = usize::from(which % 3);
        match kind % 8 {
            0..4 => {
                rounds[place] += 1;
                let decision = Decision {
                    id: DecisionId::from_bytes([number; 16]),
                    experiment: ExperimentName::new(NAMES[place]).unwrap(),
                    at: Timestamp::from_milliseconds(i64::from(number)),
                    mode: if kind % 2 == 0 { DecisionMode::Live } else { DecisionMode::Shadow },
                    rewardable_until: Timestamp::from_milliseconds(i64::MAX),
                    reward_range: None,
                    arm: u32::from(which / 3) % 3,
                    pick: Some(1),
                    propensity: 0.25,
                    round: rounds[place],
                    model_version: 0,
                    context: [*x, 1.0].into(),
                };
                open.push(decision.clone());
                entries.push(LoggedEntry::Decision(decision));
            }
            4..7 if !open.is_empty() => {
                let decision = open.swap_remove(usize::from(*which) % open.len());
                entries.push(LoggedEntry::Reward { decision, value: x.sin() });
            }
            7 => {
                let change = [Change::Frozen, Change::Resumed, Change::Promoted { arm: 2, force: true }];
                entries.push(event(NAMES[place], &change[usize::from(which / 3) % 3]));
            }
            _ => {}
        }
    }
    entries
}

fn apply(experiments: &mut Experiments, entries: &[LoggedEntry]) {
    for entry in entries {
        match entry {
            LoggedEntry::Decision(decision) => experiments.decided(decision),
            LoggedEntry::Reward { decision, value } => experiments.rewarded(decision, *value),
            LoggedEntry::Event(event) => experiments.happened(event),
            LoggedEntry::Value(_) => {}
        }
    }
}

/// Every experiment, byte for byte.
fn bytes(experiments: &mut Experiments) -> Vec<(String, Vec<u8>)> {
    NAMES.iter().for_each(|name| experiments.touch(&ExperimentName::new(name).unwrap()));
    let parts = experiments.changed_parts();
    parts.into_iter().map(|part| (part.name, part.state.unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_and_the_log_behind_it_make_the_same_state_bit_for_bit(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), -3.0..3.0_f64), 0..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let entries = log(&steps);
        let mut never_died = Experiments::default();
        apply(&mut never_died, &entries);

        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(entries.len() + 1)).collect();
        places.sort_unstable();
        let (mut killed, mut begin) = (Experiments::default(), 0);
        let mut kept = std::collections::BTreeMap::new();
        for place in places {
            apply(&mut killed, &entries[begin..place]);
            kept.extend(killed.changed_parts().into_iter().map(|part| (part.name.clone(), part)));
            killed = Experiments::default();
            killed.restore(kept.values().cloned().collect()).unwrap();
            begin = place;
        }
        apply(&mut killed, &entries[begin..]);
        prop_assert_eq!(bytes(&mut killed), bytes(&mut never_died));
    }
}
