//! From values to the figures of their tail, as fields: what the endpoint answers and the command prints.
mod newest;
mod question;
mod threshold;

pub use question::{AskedPeriod, ExtremesQuestion, IntervalKind, Series, ThresholdChoice};

use bellwether_domain::types::Fields;
use bellwether_models::tail::peaks_over_threshold::{
    Clusters, ConditionalValueAtRisk, ExtremesError, Fitted, GoodnessOfFit, Interval, IntervalMethod, Level, Options,
    OutOfRange, PeaksOverThreshold, Quantity, ReturnPeriod, decluster, extremal_index,
};
use threshold::Chosen;

const USUAL_LEVELS: [f64; 3] = [0.95, 0.99, 0.999];
const USUAL_PERIODS: [f64; 2] = [100.0, 1000.0];

/// The fits that answer a question.
#[derive(Debug)]
pub struct FittedExtremes {
    /// Of all values above the threshold.
    pub fitted: Fitted,
    /// The bursts and the fit of their maxima, if the question is about bursts.
    pub clusters: Option<(Clusters, Fitted)>,
    chosen: Chosen,
    extremal_index: Option<f64>,
}

/// Fits the upper tail of a series as the question wants it.
///
/// # Errors
/// [`ExtremesError`] in the words of the model: what, where, remedy.
pub fn fit(series: Series<'_>, question: &ExtremesQuestion) -> Result<FittedExtremes, ExtremesError> {
    let chosen = threshold::choose(series, question.threshold)?;
    let fitted = PeaksOverThreshold::new(Options::default().with_threshold(chosen.threshold))?.fit(series.values)?;
    let in_time = series.in_time(fitted.threshold());
    let clusters = match question.clusters {
        Some(how) => {
            let clusters = decluster(&in_time, fitted.threshold(), how)?;
            let events = fitted.of_cluster_maxima(&clusters)?;
            Some((clusters, events))
        }
        None => None,
    };
    let extremal_index = extremal_index(&in_time, fitted.threshold()).ok();
    Ok(FittedExtremes { fitted, clusters, chosen, extremal_index })
}

/// Fits the upper tail of a series and answers the question.
///
/// # Errors
/// As [`fit`]; and for a level or a period that lies below the tail.
pub fn report(series: Series<'_>, question: &ExtremesQuestion) -> Result<Fields, ExtremesError> {
    let FittedExtremes { fitted, clusters, chosen, extremal_index } = fit(series, question)?;
    let mut fields = Fields::with_capacity(22);
    parameters(&fitted, &mut fields);
    let goodness = fitted.goodness_of_fit();
    fields.set("goodness_of_fit", distances(goodness));
    chosen.describe(&mut fields);
    let levels = levels(&fitted, question)?;
    risk(&fitted, &levels, &mut fields)?;
    let events = clusters.as_ref().map_or(&fitted, |(_, events)| events);
    let periods = periods(events, question)?;
    fields.set("return_levels", return_levels(events, &periods)?);
    fields.set("intervals", intervals(&fitted, events, question, &levels, &periods)?);
    fields.set("extremal_index", extremal_index);
    if let Some((clusters, events)) = &clusters {
        fields.set("clusters", described(clusters, events));
    }
    fields.set("warnings", chosen.warnings(series, &fitted, goodness));
    if question.judge_newest {
        newest::judge_newest(series.values, &fitted, chosen.threshold, question, &mut fields)?;
    }
    Ok(fields)
}

fn parameters(fitted: &Fitted, fields: &mut Fields) {
    fields.set("shape", fitted.shape());
    fields.set("scale", fitted.scale());
    fields.set("threshold", fitted.threshold());
    fields.set("exceedances", fitted.exceedances());
    fields.set("observations", fitted.observations());
    fields.set("standard_errors", standard_errors(fitted));
    if let Err(reason) = fitted.standard_errors() {
        fields.set("standard_errors_reason", reason.to_string());
    }
    fields.set("log_likelihood", fitted.log_likelihood());
}

/// A statistic that underflow made infinite is absent.
fn distances(goodness: GoodnessOfFit) -> Fields {
    let finite = Some(goodness.anderson_darling).filter(|statistic| statistic.is_finite());
    Fields::with_capacity(3)
        .with("anderson_darling", finite)
        .with("cramer_von_mises", goodness.cramer_von_mises)
        .with("p_value", goodness.p_value)
}

fn standard_errors(fitted: &Fitted) -> Option<Fields> {
    let errors = fitted.standard_errors().ok()?;
    Some(Fields::with_capacity(2).with("shape", errors.shape).with("scale", errors.scale))
}

/// The bursts, with the tail of their maxima from which the return levels are.
fn described(clusters: &Clusters, events: &Fitted) -> Fields {
    Fields::with_capacity(7)
        .with("count", clusters.maxima.len())
        .with("mean_size", clusters.mean_size())
        .with("run_length", clusters.run_length)
        .with("extremal_index", clusters.extremal_index())
        .with("shape", events.shape())
        .with("scale", events.scale())
        .with("standard_errors", standard_errors(events))
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

/// A return period under its name.
type Named = (String, ReturnPeriod);

fn periods(fitted: &Fitted, question: &ExtremesQuestion) -> Result<Vec<Named>, ExtremesError> {
    let share = 1.0 - fitted.tail().lowest_level();
    let usual = || USUAL_PERIODS.into_iter().filter(|period| 1.0 / period <= share).map(AskedPeriod::from).collect();
    let periods = question.return_periods.clone().unwrap_or_else(usual);
    periods.into_iter().map(|asked| Ok((asked.name, ReturnPeriod::new(asked.observations, 1.0)?))).collect()
}

fn return_levels(events: &Fitted, periods: &[Named]) -> Result<Fields, ExtremesError> {
    let mut levels = Fields::with_capacity(periods.len());
    for (name, period) in periods {
        let level = events.return_level(*period).map_err(|error| match error {
            ExtremesError::LevelBelowThreshold { .. } => OutOfRange {
                name: "periods",
                value: period.observations(),
                range: "the tail: above 1 / (1 - threshold_quantile)",
            }
            .into(),
            other => other,
        })?;
        levels.set(name.clone(), level);
    }
    Ok(levels)
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
    events: &Fitted,
    question: &ExtremesQuestion,
    levels: &[Level],
    periods: &[Named],
) -> Result<Fields, ExtremesError> {
    let (method, name) = match question.intervals {
        IntervalKind::Delta => (IntervalMethod::Delta, "delta"),
        IntervalKind::Profile => (IntervalMethod::ProfileLikelihood, "profile"),
    };
    let bounds = |fitted: &Fitted, quantity: Quantity| match fitted.interval(quantity, method, question.coverage) {
        Ok(interval) => Ok(Some(bounds_of(&interval))),
        // Said by `standard_errors_reason` and `cvar_reason`.
        Err(ExtremesError::NoStandardErrors(_) | ExtremesError::InfiniteMean { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let mut fields = Fields::with_capacity(7).with("method", name).with("coverage", question.coverage.get());
    fields.set("shape", bounds(fitted, Quantity::Shape)?);
    fields.set("scale", bounds(fitted, Quantity::Scale)?);
    let (mut var, mut cvar) = (Fields::with_capacity(levels.len()), Fields::with_capacity(levels.len()));
    for level in levels {
        var.set(level.get().to_string(), bounds(fitted, Quantity::ValueAtRisk(*level))?);
        cvar.set(level.get().to_string(), bounds(fitted, Quantity::ConditionalValueAtRisk(*level))?);
    }
    let mut return_levels = Fields::with_capacity(periods.len());
    for (name, period) in periods {
        return_levels.set(name.clone(), bounds(events, Quantity::ReturnLevel(*period))?);
    }
    Ok(fields.with("var", var).with("cvar", cvar).with("return_levels", return_levels))
}

fn bounds_of(interval: &Interval) -> Fields {
    Fields::with_capacity(2).with("lower", interval.lower).with("upper", interval.upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_models::tail::peaks_over_threshold::{Declustering, FalseDiscoveryRate};

    /// Pairs of nearly equal extremes, 40 apart; all else is at most 0.
    fn pairs(n: usize) -> Vec<f64> {
        let height = |i: usize| 50.0 / (1.0 + ((i / 40 * 37) % 101) as f64);
        (0..n).map(|i| if i % 40 < 2 { height(i) + (i % 2) as f64 / 1e3 } else { -((i % 7) as f64) }).collect()
    }

    fn figure(fields: &Fields, path: &str) -> f64 {
        fields.at(path).and_then(|value| value.as_number()).unwrap_or(f64::NAN)
    }

    /// 4,040 values hold 101 pairs: 202 exceedances, but 101 bursts, so that the level of a period is lower for bursts.
    #[test]
    fn bursts_change_return_levels_and_leave_values_at_risk() {
        let values = pairs(4040);
        let given = ThresholdChoice::Given(bellwether_models::tail::peaks_over_threshold::Threshold::Value(0.1));
        let question = ExtremesQuestion { threshold: given, ..ExtremesQuestion::default() };
        let alone = report(Series::complete(&values), &question).unwrap();
        let question = ExtremesQuestion { clusters: Some(Declustering::Runs(5)), ..question };
        let bursts = report(Series::complete(&values), &question).unwrap();
        assert_eq!((figure(&bursts, "clusters.count"), figure(&bursts, "clusters.mean_size")), (101.0, 2.0));
        assert_eq!(bursts.field("var"), alone.field("var"));
        assert!(figure(&bursts, "return_levels.1000") < figure(&alone, "return_levels.1000"));
        assert!(alone.field("clusters").is_none());
    }

    #[test]
    fn a_missing_value_keeps_its_place_between_the_others() {
        let series = Series { values: &[1.0, 2.0, 3.0], missing: &[0, 2, 5] };
        assert_eq!(series.in_time(9.0), [9.0, 1.0, 9.0, 2.0, 3.0, 9.0]);
    }

    #[test]
    fn a_tested_threshold_is_reported_with_all_that_were_tried() {
        let threshold = ThresholdChoice::Tested(FalseDiscoveryRate::default());
        let values: Vec<f64> = (1..=1000).map(|i| -(f64::from(i * 7919 % 1009) / 1009.0).ln()).collect();
        let fields = report(Series::complete(&values), &ExtremesQuestion { threshold, ..Default::default() }).unwrap();
        assert_eq!(figure(&fields, "threshold"), figure(&fields, "threshold_selection.candidates.0.threshold"));
        assert_eq!(figure(&fields, "threshold_selection.rejected"), 0.0);
        assert!(figure(&fields, "goodness_of_fit.p_value") > 0.05);
    }
}
