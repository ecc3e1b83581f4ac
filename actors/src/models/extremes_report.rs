//! From values to the figures of their tail, as fields: what the endpoint answers and the command prints.
use bellwether_domain::types::{FieldValue, Fields};
use bellwether_models::tail::peaks_over_threshold::{
    BlackSwan, ConditionalValueAtRisk, Coverage, ExtremesError, FitWarning, Fitted, Interval, IntervalMethod, Level,
    Options, OutOfRange, PeaksOverThreshold, Quantity, ReturnPeriod, Threshold, UpperLimit,
};

/// How confidence bounds are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalKind {
    /// Symmetric, cheap.
    #[default]
    Delta,
    /// By profile likelihood: asymmetric, dearer.
    Profile,
}

/// What is asked of a tail.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtremesQuestion {
    /// Where the tail starts.
    pub threshold: Threshold,
    /// Levels of value at risk; the usual ones that lie in the tail when absent.
    pub levels: Option<Vec<Level>>,
    /// Return periods in observations; the usual ones that lie in the tail when absent.
    pub return_periods: Option<Vec<f64>>,
    /// How bounds are found.
    pub intervals: IntervalKind,
    /// Coverage of the bounds.
    pub coverage: Coverage,
    /// Whether the newest value is judged against the others.
    pub judge_newest: bool,
}

const USUAL_LEVELS: [f64; 3] = [0.95, 0.99, 0.999];
const USUAL_PERIODS: [f64; 2] = [100.0, 1000.0];

impl Default for ExtremesQuestion {
    fn default() -> Self {
        Self {
            threshold: Threshold::Automatic,
            levels: None,
            return_periods: None,
            intervals: IntervalKind::Delta,
            coverage: Coverage::default(),
            judge_newest: false,
        }
    }
}

/// Fits the upper tail of `values` (finite, oldest first) and answers the question.
///
/// # Errors
/// [`ExtremesError`] in the words of the model: what, where, remedy.
pub fn report(values: &[f64], question: &ExtremesQuestion) -> Result<Fields, ExtremesError> {
    let fitted = PeaksOverThreshold::new(Options::default().with_threshold(question.threshold))?.fit(values)?;
    let errors = fitted.standard_errors();
    let mut fields = Fields::with_capacity(18);
    fields.set("shape", fitted.shape());
    fields.set("scale", fitted.scale());
    fields.set("threshold", fitted.threshold());
    fields.set("exceedances", fitted.exceedances());
    fields.set("observations", fitted.observations());
    let both = |shape: f64, scale: f64| Fields::new().with("shape", shape).with("scale", scale);
    fields.set("standard_errors", errors.ok().map(|errors| both(errors.shape, errors.scale)));
    if let Err(reason) = errors {
        fields.set("standard_errors_reason", reason.to_string());
    }
    fields.set("log_likelihood", fitted.log_likelihood());
    let levels = levels(&fitted, question)?;
    let periods = periods(&fitted, question)?;
    risk(&fitted, &levels, &mut fields)?;
    let mut return_levels = Fields::with_capacity(periods.len());
    for (periods, period) in &periods {
        let below = |_: f64| OutOfRange {
            name: "periods",
            value: *periods,
            range: "the tail: above 1 / (1 - threshold_quantile)",
        };
        let level = fitted.return_level(*period).map_err(|error| match error {
            ExtremesError::LevelBelowThreshold { level, .. } => below(level).into(),
            other => other,
        })?;
        return_levels.set(periods.to_string(), level);
    }
    fields.set("return_levels", return_levels);
    fields.set("intervals", intervals(&fitted, question, &levels, &periods)?);
    let warnings: Vec<FieldValue> = fitted.warnings().into_iter().map(|one| warning(one).into()).collect();
    fields.set("warnings", warnings);
    if question.judge_newest {
        judge_newest(values, &fitted, question, &mut fields)?;
    }
    Ok(fields)
}

fn levels(fitted: &Fitted, question: &ExtremesQuestion) -> Result<Vec<Level>, ExtremesError> {
    let lowest = fitted.tail().lowest_level();
    match &question.levels {
        Some(levels) => Ok(levels.clone()),
        None => {
            let usual = USUAL_LEVELS.into_iter().filter(|level| *level >= lowest);
            usual.map(|level| Level::new(level).map_err(ExtremesError::from)).collect()
        }
    }
}

fn periods(fitted: &Fitted, question: &ExtremesQuestion) -> Result<Vec<(f64, ReturnPeriod)>, ExtremesError> {
    let share = 1.0 - fitted.tail().lowest_level();
    let usual = || USUAL_PERIODS.into_iter().filter(|period| 1.0 / period <= share).collect();
    let periods = question.return_periods.clone().unwrap_or_else(usual);
    periods.into_iter().map(|observations| Ok((observations, ReturnPeriod::new(observations, 1.0)?))).collect()
}

fn risk(fitted: &Fitted, levels: &[Level], fields: &mut Fields) -> Result<(), ExtremesError> {
    let (mut var, mut cvar) = (Fields::with_capacity(levels.len()), Fields::with_capacity(levels.len()));
    let mut infinite = None;
    for level in levels {
        let name = level.get().to_string();
        var.set(name.clone(), fitted.value_at_risk(*level)?);
        let mean = fitted.conditional_value_at_risk(*level)?;
        if let ConditionalValueAtRisk::Infinite { shape } = mean {
            infinite = Some(ExtremesError::InfiniteMean { shape }.to_string());
        }
        cvar.set(name, mean.finite());
    }
    fields.set("var", var);
    fields.set("cvar", cvar);
    if let Some(reason) = infinite {
        fields.set("cvar_reason", reason);
    }
    Ok(())
}

fn intervals(
    fitted: &Fitted,
    question: &ExtremesQuestion,
    levels: &[Level],
    periods: &[(f64, ReturnPeriod)],
) -> Result<Fields, ExtremesError> {
    let (method, name) = match question.intervals {
        IntervalKind::Delta => (IntervalMethod::Delta, "delta"),
        IntervalKind::Profile => (IntervalMethod::ProfileLikelihood, "profile"),
    };
    let fields = Fields::with_capacity(6).with("method", name).with("coverage", question.coverage.get());
    let bounds = |quantity: Quantity| match fitted.interval(quantity, method, question.coverage) {
        Ok(interval) => Ok(Some(bounds_of(&interval))),
        Err(ExtremesError::NoStandardErrors(_)) => Ok(None), // said by `standard_errors_reason`
        Err(error) => Err(error),
    };
    let mut var = Fields::with_capacity(levels.len());
    for level in levels {
        var.set(level.get().to_string(), bounds(Quantity::ValueAtRisk(*level))?);
    }
    let mut return_levels = Fields::with_capacity(periods.len());
    for (observations, period) in periods {
        return_levels.set(observations.to_string(), bounds(Quantity::ReturnLevel(*period))?);
    }
    let fields = fields.with("shape", bounds(Quantity::Shape)?).with("scale", bounds(Quantity::Scale)?);
    Ok(fields.with("var", var).with("return_levels", return_levels))
}

fn bounds_of(interval: &Interval) -> Fields {
    Fields::with_capacity(2).with("lower", interval.lower).with("upper", interval.upper)
}

fn warning(warning: FitWarning) -> String {
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

/// Judges the newest value against the tail of all the others, with a horizon of as many observations as were given.
fn judge_newest(
    values: &[f64],
    fitted: &Fitted,
    question: &ExtremesQuestion,
    fields: &mut Fields,
) -> Result<(), ExtremesError> {
    let Some((newest, others)) = values.split_last() else { return Ok(()) };
    // At or below the threshold nothing is extreme; above it the fit must not have seen the value it judges.
    let swan = if *newest > fitted.threshold() {
        let options = Options::default().with_threshold(question.threshold);
        match PeaksOverThreshold::new(options)?.fit(others) {
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
