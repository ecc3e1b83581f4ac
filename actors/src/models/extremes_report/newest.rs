//! The newest value, judged by the tail of all the others.
use super::ExtremesQuestion;
use bellwether_domain::types::Fields;
use bellwether_models::tail::peaks_over_threshold::{
    BlackSwan, Coverage, ExtremesError, Fitted, Options, PeaksOverThreshold, ReturnPeriod, Threshold, UpperLimit,
};

/// Judges the newest value, with a horizon of as many observations as were given.
pub(super) fn judge_newest(
    values: &[f64],
    fitted: &Fitted,
    threshold: Threshold,
    question: &ExtremesQuestion,
    fields: &mut Fields,
) -> Result<(), ExtremesError> {
    let Some((newest, others)) = values.split_last() else { return Ok(()) };
    // At or below the threshold nothing is extreme; above it the fit must not have seen the value it judges.
    let swan = if *newest > fitted.threshold() {
        match PeaksOverThreshold::new(Options::default().with_threshold(threshold))?.fit(others) {
            Ok(others) => Some(judged(&others, *newest, values.len(), question.coverage)?),
            Err(ExtremesError::TooFewExceedances { .. }) => None,
            Err(error) => return Err(error),
        }
    } else {
        None
    };
    fields.set("is_black_swan", swan.as_ref().is_some_and(BlackSwan::is_black_swan));
    fields.set("black_swan", swan.as_ref().map(described));
    Ok(())
}

fn judged(others: &Fitted, newest: f64, horizon: usize, coverage: Coverage) -> Result<BlackSwan, ExtremesError> {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 values")]
    others.judge(newest, ReturnPeriod::new(horizon as f64, 1.0)?, coverage)
}

fn described(swan: &BlackSwan) -> Fields {
    let upper = match swan.upper_limit {
        UpperLimit::At(limit) => Some(limit),
        UpperLimit::NotNeeded | UpperLimit::Unbounded => None,
    };
    Fields::with_capacity(7)
        .with("candidate", swan.candidate)
        .with("horizon_observations", swan.horizon)
        .with("probability", swan.probability)
        .with("return_level", swan.return_level)
        .with("return_level_upper", upper)
        .with("model_inadequate", swan.model_inadequate())
        .with("rule", swan.to_string())
}
