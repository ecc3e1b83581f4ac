//! Where a rollback goes.
use super::{RegisteredModel, VersionNumber};

/// Why there is no way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum RollbackRefused {
    #[error("no champion came before the present one: promote a version instead")]
    NothingBefore,
    #[error("version {0} is the champion already")]
    IsChampion(VersionNumber),
    #[error("version {0} was never champion: promote it instead")]
    NeverChampion(VersionNumber),
    #[error("a rollback needs a reason, for those who come after")]
    NoReason,
}

/// The version that becomes champion: `to`, or the champion before the present one.
///
/// # Errors
/// [`RollbackRefused`]; `to` must have been champion before, since a rollback is not compared with anything.
pub fn rollback_target(
    model: &RegisteredModel,
    to: Option<VersionNumber>,
    reason: &str,
) -> Result<VersionNumber, RollbackRefused> {
    if reason.trim().is_empty() {
        return Err(RollbackRefused::NoReason);
    }
    let reign = model.reign();
    let champion = reign.last().copied();
    match to {
        None => {
            let before = reign.iter().rev().find(|version| Some(**version) != champion);
            before.copied().ok_or(RollbackRefused::NothingBefore)
        }
        Some(to) if champion == Some(to) => Err(RollbackRefused::IsChampion(to)),
        Some(to) => {
            let was_champion = model.history.iter().any(|event| {
                event.version == to && matches!(event.action, super::Action::Promoted | super::Action::RolledBack)
            });
            if was_champion { Ok(to) } else { Err(RollbackRefused::NeverChampion(to)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action::{Promoted, Registered, RolledBack};
    use super::super::registered_model::tests::model;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rollback_goes_to_the_champion_before_or_to_a_former_one() {
        use RollbackRefused::{IsChampion, NeverChampion, NoReason, NothingBefore};
        let version = VersionNumber;
        let all = [(Registered, 1), (Promoted, 1), (Registered, 2), (Promoted, 2), (Registered, 3), (Promoted, 3)];
        let back = [&all[..], &[(RolledBack, 2)]].concat();
        for (history, to, expected) in [
            (&all[..], None, Ok(version(2))),
            (&all[..], Some(1), Ok(version(1))),
            (&all[..], Some(3), Err(IsChampion(version(3)))),
            (&all[..4], Some(3), Err(NeverChampion(version(3)))),
            (&all[..2], None, Err(NothingBefore)),
            (&all[..1], None, Err(NothingBefore)),
            (&back, None, Ok(version(1))),
            (&back, Some(3), Ok(version(3))),
        ] {
            assert_eq!(rollback_target(&model(history), to.map(version), "it drifts"), expected, "{history:?} {to:?}");
        }
        assert_eq!(rollback_target(&model(&all), None, " "), Err(NoReason));
    }

    proptest! {
        /// Whatever was promoted and rolled back, a rollback ends at another former champion, and rolling back on and on
        /// comes to an end.
        #[test]
        fn a_rollback_never_invents_a_champion_and_comes_to_an_end(
            steps in prop::collection::vec((any::<bool>(), 1..6_u32), 1..30),
        ) {
            let mut history = Vec::new();
            for (is_promotion, version) in steps {
                let now = model(&history);
                if is_promotion && now.champion() != Some(VersionNumber(version)) {
                    history.push((Promoted, version));
                } else if let Ok(target) = rollback_target(&now, Some(VersionNumber(version)), "why") {
                    history.push((RolledBack, target.0));
                }
            }
            let promoted: Vec<u32> =
                history.iter().filter(|step| step.0 == Promoted).map(|step| step.1).collect();
            for _ in 0..=history.len() {
                let now = model(&history);
                let Ok(target) = rollback_target(&now, None, "why") else { return Ok(()) };
                prop_assert!(promoted.contains(&target.0) && now.champion() != Some(target));
                history.push((RolledBack, target.0));
                prop_assert_eq!(model(&history).champion(), Some(target));
            }
            prop_assert!(false, "it goes on for ever");
        }
    }
}
