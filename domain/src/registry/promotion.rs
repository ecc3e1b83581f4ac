//! When a version may become champion.
use super::{Comparison, RegisteredModel, VersionNumber};

/// Why it may not.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum PromotionRefused {
    #[error("there is no version {0}")]
    Unknown(VersionNumber),
    #[error("version {0} is the champion already")]
    IsChampion(VersionNumber),
    #[error(
        "version {champion} is the champion: compare the two on a validation file, or give a reason to promote without"
    )]
    NoEvidence { champion: VersionNumber },
    #[error(
        "version {version} is not better than the champion, version {champion}: its mean pinball loss is {loss}, the \
         champion's {champion_loss}"
    )]
    NotBetter { version: VersionNumber, champion: VersionNumber, loss: f64, champion_loss: f64 },
}

/// Whether `version` may become champion.
///
/// The first champion needs nothing. Any other needs a reason, or a comparison in which its mean pinball loss is strictly
/// below the champion's.
///
/// - `comparison`: of `version` with the present champion, on the same rows.
/// - `reason`: why it shall be promoted whatever the comparison says; blank counts as none.
///
/// # Errors
/// [`PromotionRefused`].
pub fn may_promote(
    model: &RegisteredModel,
    version: VersionNumber,
    comparison: Option<&Comparison>,
    reason: Option<&str>,
) -> Result<(), PromotionRefused> {
    if model.version(version).is_none() {
        return Err(PromotionRefused::Unknown(version));
    }
    let Some(champion) = model.champion() else { return Ok(()) };
    if champion == version {
        return Err(PromotionRefused::IsChampion(version));
    }
    if reason.is_some_and(|reason| !reason.trim().is_empty()) {
        return Ok(());
    }
    let Some(comparison) = comparison else { return Err(PromotionRefused::NoEvidence { champion }) };
    let (loss, champion_loss) = (comparison.mean.loss, comparison.mean.reference_loss);
    if loss < champion_loss {
        return Ok(());
    }
    Err(PromotionRefused::NotBetter { version, champion, loss, champion_loss })
}

#[cfg(test)]
mod tests {
    use super::super::Action::{Promoted, Registered};
    use super::super::registered_model::tests::{model, with_versions};
    use super::super::{LossDifference, QuantileComparison};
    use super::*;
    use proptest::prelude::*;

    fn comparison(loss: f64, reference_loss: f64) -> Comparison {
        let losses = LossDifference {
            loss,
            reference_loss,
            ratio: None,
            difference: loss - reference_loss,
            standard_error: None,
        };
        let quantile = QuantileComparison { quantile: 0.5, losses, coverage: 0.5, reference_coverage: 0.5 };
        Comparison { rows: 10, mean: losses, quantiles: vec![quantile] }
    }

    fn with_champion() -> RegisteredModel {
        with_versions(model(&[(Registered, 1), (Promoted, 1), (Registered, 2)]), 2)
    }

    #[test]
    fn the_first_champion_needs_nothing_and_no_version_is_promoted_twice_or_out_of_thin_air() {
        let without = with_versions(model(&[(Registered, 1)]), 1);
        assert_eq!(may_promote(&without, VersionNumber(1), None, None), Ok(()));
        let unknown = Err(PromotionRefused::Unknown(VersionNumber(9)));
        assert_eq!(may_promote(&without, VersionNumber(9), None, Some("why")), unknown);
        let again = Err(PromotionRefused::IsChampion(VersionNumber(1)));
        assert_eq!(may_promote(&with_champion(), VersionNumber(1), None, Some("why")), again);
    }

    proptest! {
        #[test]
        fn without_a_reason_only_a_strictly_smaller_loss_promotes(loss in any::<f64>(), reference in any::<f64>()) {
            let outcome = may_promote(&with_champion(), VersionNumber(2), Some(&comparison(loss, reference)), None);
            prop_assert_eq!(outcome.is_ok(), loss < reference);
            let equal = may_promote(&with_champion(), VersionNumber(2), Some(&comparison(loss, loss)), None);
            prop_assert!(equal.is_err());
        }

        #[test]
        fn a_reason_promotes_whatever_the_losses_are_and_a_blank_one_is_none(
            loss in any::<f64>(),
            reference in any::<f64>(),
            reason in "[a-z]{1,5}",
            blank in "[ \t]{0,3}",
        ) {
            let evidence = comparison(loss, reference);
            for comparison in [None, Some(&evidence)] {
                prop_assert_eq!(may_promote(&with_champion(), VersionNumber(2), comparison, Some(&reason)), Ok(()));
                let as_none = may_promote(&with_champion(), VersionNumber(2), comparison, Some(&blank)).is_ok();
                prop_assert_eq!(as_none, may_promote(&with_champion(), VersionNumber(2), comparison, None).is_ok());
            }
        }
    }
}
