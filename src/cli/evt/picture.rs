//! The picture of a fitted tail: return levels with their bounds, and observed against fitted values.
use super::super::plot::{Area, Axis, BLUE, DrawError, INK, ORANGE, Panel, QUIET, caption, text, written};
use bellwether_actors::models::{ExtremesQuestion, FittedExtremes, IntervalKind, Series, fit};
use bellwether_models::tail::peaks_over_threshold::{ExtremesError, Fitted, IntervalMethod, Quantity, ReturnPeriod};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE: (u32, u32) = (1160, 520);
/// Points of a curve.
const STEPS: u32 = 36;
/// Rings beyond which a picture only becomes heavier.
const MOST_RINGS: usize = 1500;

/// What is drawn.
pub(super) struct Picture<'a> {
    column: &'a str,
    question: &'a ExtremesQuestion,
    /// The fit behind the return levels, which is that of the clusters if these were asked for.
    fitted: Fitted,
    /// What was fitted: values above the threshold, or the largest of each cluster; the largest first.
    peaks: Vec<f64>,
    /// Values above the threshold in all.
    exceedances: usize,
}

/// Return level with bounds; `None` where there is no such bound.
#[derive(Debug, Clone, Copy)]
struct ReturnLevel {
    period: f64,
    level: f64,
    bounds: Option<(Option<f64>, Option<f64>)>,
}

impl<'a> Picture<'a> {
    /// # Errors
    /// Those of the fit.
    pub(super) fn of(
        column: &'a str,
        series: Series<'_>,
        question: &'a ExtremesQuestion,
    ) -> Result<Self, ExtremesError> {
        let FittedExtremes { fitted, clusters, .. } = fit(series, question)?;
        let (threshold, exceedances) = (fitted.threshold(), fitted.exceedances());
        let (fitted, mut peaks) = match clusters {
            Some((clusters, events)) => (events, clusters.maxima),
            None => (fitted, series.values.iter().copied().filter(|value| *value > threshold).collect()),
        };
        peaks.sort_unstable_by(|a, b| b.total_cmp(a));
        Ok(Self { column, question, fitted, peaks, exceedances })
    }

    /// The SVG; `None` if the values spread too far or too little to be drawn.
    pub(super) fn draw(&self) -> anyhow::Result<Option<String>> {
        let (Some(axes), Some(quantiles)) = (self.axes(), self.quantiles()) else { return Ok(None) };
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            self.paint(&area, axes, quantiles).map_err(|error| anyhow::anyhow!("drawing: {error}"))?;
        }
        Ok(Some(svg))
    }

    /// Of return periods and of values.
    fn axes(&self) -> Option<(Axis, Axis)> {
        let (shortest, observed) = (self.shortest_period(), count(self.fitted.observations()));
        let asked = self.question.return_periods.iter().flatten().map(|asked| asked.observations).fold(0.0, f64::max);
        let longest = (2.0 * observed).max(1.25 * asked.min(100.0 * observed)).max(10.0 * shortest);
        let periods = Axis::logarithmic(shortest, longest)?;
        let end = self.return_level(longest)?;
        let maximum = self.largest().max(end.level);
        // A bound may be far off: it may double the picture's height, not flatten everything else.
        let threshold = self.fitted.threshold();
        let upper = end.bounds.and_then(|bounds| bounds.1).unwrap_or(maximum);
        let factor = if threshold > 0.0 && maximum > 8.0 * threshold { 4.0 } else { 1.6 };
        let top = threshold + (upper.max(maximum) - threshold).min(factor * (maximum - threshold)) * 1.05;
        Some((periods, from_to(threshold, top)?))
    }

    /// Of observed values and of those that the fit expects in their places.
    fn quantiles(&self) -> Option<Axis> {
        let (threshold, largest) = (self.fitted.threshold(), self.largest());
        let top = largest.max(self.fitted_quantile(1.0));
        from_to(threshold, threshold + 1.05 * (top - threshold))
    }

    fn paint(&self, area: &Area<'_>, (periods, values): (Axis, Axis), quantiles: Axis) -> Result<(), DrawError> {
        area.fill(&WHITE)?;
        let column = caption(self.column, 40);
        text(area, (24, 18), (HPos::Left, VPos::Top), 20, INK, &format!("Extremes of {column}"))?;
        text(area, (24, 46), (HPos::Left, VPos::Top), 14, QUIET, &self.subtitle())?;

        let label = format!("{column}, exceeded once in a return period");
        let panel = Panel::new(area, (84, 122, 600, 330), (periods, "return period (observations)"), (values, &label))?;
        let band = self::periods(periods, self.band_steps());
        let band: Vec<_> = band.filter_map(|period| self.return_level(period)).filter_map(within).collect();
        panel.band(&band, BLUE)?;
        let curve = self::periods(periods, STEPS);
        let curve: Vec<_> = curve.filter_map(|period| Some((period, self.level(period)?.1))).collect();
        panel.line(&curve, BLUE, 2)?;
        let observed = self.observed();
        panel.rings(
            &observed.iter().map(|(rank, value)| (self.empirical_period(*rank), *value)).collect::<Vec<_>>(),
            INK,
        )?;
        let asked = self.question.return_periods.iter().flatten();
        for level in asked.filter_map(|asked| self.return_level(asked.observations)) {
            let bar = within(level).map(|(_, lower, upper)| (lower, upper));
            panel.marked((level.period, level.level), bar, ORANGE, &written(level.level, 4))?;
        }
        self.legend(area, !band.is_empty())?;

        let label = format!("{column}, observed");
        let panel = Panel::new(area, (772, 122, 360, 330), (quantiles, "fitted quantile"), (quantiles, &label))?;
        panel.line(&[(quantiles.at(0.0), quantiles.at(0.0)), (quantiles.at(1.0), quantiles.at(1.0))], BLUE, 2)?;
        panel.rings(
            &observed.iter().map(|(rank, value)| (self.fitted_quantile(*rank), *value)).collect::<Vec<_>>(),
            INK,
        )?;
        text(area, (1122, 442), (HPos::Right, VPos::Bottom), 13, QUIET, "on the line: the fit describes the tail")?;
        area.present()
    }

    fn subtitle(&self) -> String {
        let fitted = &self.fitted;
        let (shape, scale) = (written(fitted.shape(), 3), written(fitted.scale(), 3));
        let parameters = match fitted.standard_errors() {
            Ok(errors) => {
                format!("shape {shape} ± {}, scale {scale} ± {}", written(errors.shape, 3), written(errors.scale, 3))
            }
            Err(_) => format!("shape {shape}, scale {scale}"),
        };
        let (above, all) = (written(count(self.exceedances), 9), written(count(fitted.observations()), 9));
        let clusters = match self.question.clusters {
            Some(_) => format!(" in {} clusters", written(count(fitted.exceedances()), 9)),
            None => String::new(),
        };
        let threshold = written(fitted.threshold(), 5);
        format!("{above} of {all} values lie above {threshold}{clusters}; {parameters} (± standard error)")
    }

    fn legend(&self, area: &Area<'_>, has_band: bool) -> Result<(), DrawError> {
        let (left, top) = (98, 136);
        let percent = written(100.0 * self.question.coverage.get(), 4);
        let method = match self.method() {
            IntervalMethod::Delta => "delta method",
            IntervalMethod::ProfileLikelihood => "profile likelihood",
        };
        text(area, (left + 30, top), (HPos::Left, VPos::Center), 13, INK, "observed")?;
        area.draw(&Circle::new((left + 11, top), 3, INK.mix(0.75).stroke_width(1)))?;
        let fit = vec![(left, top + 20), (left + 22, top + 20)];
        area.draw(&PathElement::new(fit, BLUE.stroke_width(2)))?;
        text(area, (left + 30, top + 20), (HPos::Left, VPos::Center), 13, INK, "fitted")?;
        let band = if has_band {
            area.draw(&Rectangle::new([(left, top + 34), (left + 22, top + 46)], BLUE.mix(0.16).filled()))?;
            format!("{percent} % bounds ({method})")
        } else {
            "no bounds: the fit has no standard errors".to_owned()
        };
        text(area, (left + 30, top + 40), (HPos::Left, VPos::Center), 13, INK, &band)
    }

    fn method(&self) -> IntervalMethod {
        match self.question.intervals {
            IntervalKind::Delta => IntervalMethod::Delta,
            IntervalKind::Profile => IntervalMethod::ProfileLikelihood,
        }
    }

    /// Profile likelihood costs in proportion to the exceedances, so that the picture takes about a second at most.
    fn band_steps(&self) -> u32 {
        match self.method() {
            IntervalMethod::Delta => STEPS,
            IntervalMethod::ProfileLikelihood => {
                u32::try_from(100_000 / self.fitted.exceedances().max(1)).unwrap_or(STEPS).clamp(6, STEPS)
            }
        }
    }

    /// The period of the threshold itself; a value above is rarer.
    fn shortest_period(&self) -> f64 {
        (1.0 / self.fitted.tail().exceedance_rate()).max(1.0) * (1.0 + 1e-6)
    }

    fn level(&self, period: f64) -> Option<(ReturnPeriod, f64)> {
        let asked = ReturnPeriod::new(period, 1.0).ok()?;
        Some((asked, self.fitted.return_level(asked).ok()?))
    }

    fn return_level(&self, period: f64) -> Option<ReturnLevel> {
        let (asked, level) = self.level(period)?;
        let bounds = self.fitted.interval(Quantity::ReturnLevel(asked), self.method(), self.question.coverage);
        let bounds = bounds.ok().map(|bounds| (bounds.lower, bounds.upper));
        Some(ReturnLevel { period, level, bounds })
    }

    /// The largest observed values with their rank from above, thinned out where they lie densely.
    fn observed(&self) -> Vec<(f64, f64)> {
        let apart = self.peaks.len().div_ceil(MOST_RINGS).max(1);
        let ranked = self.peaks.iter().enumerate();
        ranked
            .filter(|(rank, _)| *rank < 200 || rank % apart == 0)
            .map(|(rank, value)| (count(rank + 1), *value))
            .collect()
    }

    fn largest(&self) -> f64 {
        self.peaks.first().copied().unwrap_or(self.fitted.threshold())
    }

    /// Of n observations the r-th largest is exceeded once in (n + 1)/r on average.
    fn empirical_period(&self, rank: f64) -> f64 {
        (count(self.fitted.observations()) + 1.0) / rank
    }

    fn fitted_quantile(&self, rank: f64) -> f64 {
        let share = rank / (count(self.fitted.exceedances()) + 1.0);
        self.fitted.threshold() + self.fitted.tail().pareto().exceeded_with(share)
    }
}

/// Logarithmic if the values differ by a large factor.
fn from_to(low: f64, high: f64) -> Option<Axis> {
    if low > 0.0 && high > 8.0 * low { Axis::logarithmic(low, high) } else { Axis::linear(low, high) }
}

/// Periods evenly along the axis, both ends included.
fn periods(axis: Axis, steps: u32) -> impl Iterator<Item = f64> {
    (0..=steps).map(move |step| axis.at(f64::from(step) / f64::from(steps)))
}

/// Period and bounds; a bound that does not exist lies beyond every edge of the picture.
fn within(level: ReturnLevel) -> Option<(f64, f64, f64)> {
    let (lower, upper) = level.bounds?;
    Some((level.period, lower.unwrap_or(f64::MIN), upper.unwrap_or(f64::MAX)))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
