//! Who waits for an entry of the log.
use super::live::ChangeRefused;
use super::messages::{Decided, RewardOutcome};
use crate::learning::NotKept;
use bellwether_domain::ports::Appended;
use tokio::sync::oneshot;

/// The end of a question's way back.
pub(super) type Answer<T> = oneshot::Sender<Result<T, NotKept>>;

/// Who waits for an entry.
pub(crate) enum Receipt {
    /// Nobody.
    Nobody,
    /// Whoever asked for an arm.
    Decision(Answer<Decided>, Box<Decided>),
    /// Whoever gave a reward.
    Reward(Answer<RewardOutcome>),
    /// Whoever changed an experiment.
    Change(Answer<Result<(), ChangeRefused>>),
}

impl Receipt {
    /// The entry is durable, or does not count. Whoever gave up waiting is not told.
    pub(super) fn fulfil(self, outcome: Appended) {
        match self {
            Self::Nobody => {}
            Self::Decision(answer, decided) => {
                let _ = answer.send(Ok(*decided));
            }
            Self::Change(answer) => {
                let _ = answer.send(Ok(Ok(())));
            }
            Self::Reward(answer) => {
                let outcome = match outcome {
                    Appended::Rewarded(_) | Appended::Kept => RewardOutcome::Counted,
                    Appended::Repeated => RewardOutcome::Repeated,
                    Appended::Conflict { known } => RewardOutcome::Conflict { known },
                    Appended::Late { until } => RewardOutcome::Late { until },
                    Appended::OutOfRange(range) => RewardOutcome::OutOfRange(range),
                    Appended::Unknown => RewardOutcome::Unknown,
                };
                let _ = answer.send(Ok(outcome));
            }
        }
    }

    pub(super) fn refuse(self, why: &NotKept) {
        match self {
            Self::Nobody => {}
            Self::Decision(answer, _) => {
                let _ = answer.send(Err(why.clone()));
            }
            Self::Change(answer) => {
                let _ = answer.send(Err(why.clone()));
            }
            Self::Reward(answer) => {
                let _ = answer.send(Err(why.clone()));
            }
        }
    }
}
