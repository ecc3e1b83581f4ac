//! The logs of the online learners without a disk.
use bellwether_domain::experiments::{Decision, DecisionId};
use bellwether_domain::ports::{
    Append, Appended, Claimed, Epoch, Learner, LearnerChange, LearnerSnapshot, LearnerWrite, LearnerWritten, Logged,
    LoggedEntry, SnapshotPart,
};
use bellwether_domain::types::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Every learner's log.
#[derive(Debug, Default)]
pub(super) struct LearnerLogs {
    logs: BTreeMap<Learner, LearnerLog>,
    /// Position and reward of each decision.
    decisions: HashMap<DecisionId, (u64, Option<f64>)>,
}

#[derive(Debug, Default)]
struct LearnerLog {
    epoch: u64,
    /// Of the snapshot.
    position: u64,
    last: u64,
    parts: BTreeMap<String, Vec<u8>>,
    entries: BTreeMap<u64, LoggedEntry>,
}

impl LearnerLogs {
    pub(super) fn claim(&mut self, learner: Learner) -> Claimed {
        let log = self.logs.entry(learner).or_default();
        log.epoch += 1;
        let part = |(name, state): (&String, &Vec<u8>)| SnapshotPart { name: name.clone(), state: Some(state.clone()) };
        let snapshot = LearnerSnapshot { position: log.position, parts: log.parts.iter().map(part).collect() };
        Claimed { epoch: Epoch(log.epoch), snapshot }
    }

    pub(super) fn write(&mut self, LearnerWrite { learner, epoch, change }: &LearnerWrite) -> LearnerWritten {
        let Some(log) = self.logs.get_mut(learner).filter(|log| log.epoch == epoch.0) else {
            return LearnerWritten::Superseded;
        };
        match change {
            LearnerChange::Append(entries) => {
                let outcomes = entries.iter().map(|entry| log.append(&mut self.decisions, entry)).collect();
                LearnerWritten::Appended { position: log.last, outcomes }
            }
            LearnerChange::Snapshot(snapshot) => {
                log.keep(*learner, snapshot);
                LearnerWritten::Snapshot
            }
        }
    }

    pub(super) fn log_after(&self, learner: Learner, after: u64, limit: usize) -> Vec<Logged> {
        let entries = self.logs.get(&learner).into_iter().flat_map(|log| log.entries.range(after.saturating_add(1)..));
        entries.take(limit).map(|(position, entry)| Logged { position: *position, entry: entry.clone() }).collect()
    }

    /// Whether there was anything to forget.
    pub(super) fn forget_decisions(&mut self, end: Timestamp) -> bool {
        let Some(log) = self.logs.get_mut(&Learner::Bandit) else { return false };
        let decisions = || log.entries.iter().filter_map(|(at, entry)| Some((*at, decision_of(entry)?)));
        let first_kept = decisions().find(|(_, decision)| decision.at >= end).map(|(position, _)| position - 1);
        let Some(last) = first_kept.or_else(|| decisions().next_back().map(|(position, _)| position)) else {
            return false;
        };
        let last = last.min(log.position);
        let before = self.decisions.len();
        let decisions = &self.decisions;
        log.entries.retain(|position, entry| match entry {
            LoggedEntry::Decision(_) => *position > last,
            LoggedEntry::Reward { decision, .. } => decisions.get(&decision.id).is_some_and(|(of, _)| *of > last),
            _ => true,
        });
        self.decisions.retain(|_, (position, _)| *position > last);
        self.decisions.len() < before
    }
}

const fn decision_of(entry: &LoggedEntry) -> Option<&Decision> {
    match entry {
        LoggedEntry::Decision(decision) => Some(decision),
        _ => None,
    }
}

impl LearnerLog {
    fn append(&mut self, decisions: &mut HashMap<DecisionId, (u64, Option<f64>)>, entry: &Append) -> Appended {
        let entry = match entry {
            Append::Decision(decision) => {
                decisions.insert(decision.id, (self.last + 1, None));
                LoggedEntry::Decision(decision.clone())
            }
            Append::Event(event) => LoggedEntry::Event(event.clone()),
            Append::Value(value) => LoggedEntry::Value(value.clone()),
            Append::Reward { decision, value, at } => {
                let Some((position, known)) = decisions.get_mut(decision) else { return Appended::Unknown };
                if let Some(known) = *known {
                    return if known == *value { Appended::Repeated } else { Appended::Conflict { known } };
                }
                let Some(decision) = self.entries.get(position).and_then(decision_of).cloned() else {
                    return Appended::Unknown;
                };
                if *at > decision.rewardable_until {
                    return Appended::Late { until: decision.rewardable_until };
                }
                if let Some(range) = decision.reward_range.filter(|range| !range.holds(*value)) {
                    return Appended::OutOfRange(range);
                }
                *known = Some(*value);
                self.add(LoggedEntry::Reward { decision: decision.clone(), value: *value });
                return Appended::Rewarded(Box::new(decision));
            }
        };
        self.add(entry);
        Appended::Kept
    }

    fn add(&mut self, entry: LoggedEntry) {
        self.last += 1;
        self.entries.insert(self.last, entry);
    }

    fn keep(&mut self, learner: Learner, snapshot: &LearnerSnapshot) {
        for SnapshotPart { name, state } in &snapshot.parts {
            match state {
                Some(state) => self.parts.insert(name.clone(), state.clone()),
                None => self.parts.remove(name),
            };
        }
        self.position = self.position.max(snapshot.position);
        self.last = self.last.max(self.position);
        if learner == Learner::Regime {
            self.entries.retain(|position, _| *position > snapshot.position);
        }
    }
}
