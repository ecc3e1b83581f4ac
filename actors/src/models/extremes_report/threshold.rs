//! Where the tail starts, and what speaks against it.
use super::{Series, ThresholdChoice};
use bellwether_domain::types::{FieldValue, Fields};
use bellwether_models::tail::peaks_over_threshold::{
    ExtremesError, FitWarning, Fitted, GoodnessOfFit, Options, PeaksOverThreshold, Threshold, ThresholdCandidate,
    ThresholdSelection,
};

/// A threshold with how it was found.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) threshold: Threshold,
    selection: Option<ThresholdSelection>,
    /// Nobody chose it for these values.
    usual: bool,
}

pub(super) fn choose(series: Series<'_>, choice: ThresholdChoice) -> Result<Chosen, ExtremesError> {
    match choice {
        ThresholdChoice::Given(threshold) => Ok(Chosen { threshold, selection: None, usual: false }),
        ThresholdChoice::Usual(threshold) => Ok(Chosen { threshold, selection: None, usual: true }),
        ThresholdChoice::Tested(rate) => {
            let selection = PeaksOverThreshold::new(Options::default())?.select_threshold(series.values, rate)?;
            let threshold = selection.chosen().map_or(Threshold::Automatic, |one| Threshold::Value(one.threshold));
            Ok(Chosen { threshold, selection: Some(selection), usual: false })
        }
    }
}

impl Chosen {
    /// The thresholds that were tried; nothing if none were.
    pub(super) fn describe(&self, fields: &mut Fields) {
        let Some(selection) = &self.selection else { return };
        let tried: Vec<FieldValue> = selection.candidates.iter().map(|one| tried(one).into()).collect();
        let described = Fields::with_capacity(3)
            .with("rejected", selection.rejected)
            .with("all_rejected", selection.all_rejected())
            .with("candidates", tried);
        fields.set("threshold_selection", described);
    }

    /// What to know before relying on the fit.
    pub(super) fn warnings(&self, series: Series<'_>, fitted: &Fitted, goodness: GoodnessOfFit) -> Vec<FieldValue> {
        let mut warnings: Vec<String> = fitted.warnings().into_iter().map(worded).collect();
        if goodness.is_poor() {
            let p = goodness.p_value;
            warnings.push(format!(
                "the fit does not describe the exceedances (p-value {p:.4}): try a higher threshold, or look at the plot"
            ));
        }
        if self.selection.as_ref().is_some_and(ThresholdSelection::all_rejected) {
            warnings
                .push("every threshold tried is rejected: no tail of these values is a generalized Pareto".to_owned());
        }
        if let Some(moves_by) = self.moving_shape(series, fitted) {
            warnings.push(format!(
                "the shape moves by {moves_by:.1} standard errors between neighbouring thresholds: choose one yourself"
            ));
        }
        warnings.into_iter().map(FieldValue::from).collect()
    }

    /// By how many standard errors the shape moves with the threshold, if that is too much.
    fn moving_shape(&self, series: Series<'_>, fitted: &Fitted) -> Option<f64> {
        let model = PeaksOverThreshold::new(Options::default()).ok().filter(|_| self.usual)?;
        let stability = model.stability_around(series.values, fitted.exceedances()).ok()?;
        stability.shape_moves_by.filter(|_| stability.is_unstable())
    }
}

fn tried(candidate: &ThresholdCandidate) -> Fields {
    Fields::with_capacity(6)
        .with("threshold", candidate.threshold)
        .with("exceedances", candidate.exceedances)
        .with("shape", candidate.shape)
        .with("anderson_darling", candidate.goodness.anderson_darling)
        .with("p_value", candidate.goodness.p_value)
        .with("forward_stop", candidate.forward_stop)
}

fn worded(warning: FitWarning) -> String {
    match warning {
        FitWarning::TiedExceedances { share } => {
            format!(
                "{:.0} % of the exceedances are tied, as rounded values are: the errors are larger than they say",
                share * 100.0
            )
        }
        FitWarning::ShapeAtLimit => "the shape lies at its limit -0.5: the data end abruptly".to_owned(),
        FitWarning::MeanMayBeInfinite => {
            "the mean beyond any level may be infinite: rely on var, not on cvar".to_owned()
        }
    }
}
