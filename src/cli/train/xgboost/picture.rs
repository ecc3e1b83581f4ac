//! The learning curve: loss by round, a panel per quantile.
use crate::cli::plot::{Area, Axis, BLUE, DrawError, INK, ORANGE, Panel, QUIET, text, written};
use bellwether_models::tail::boosting::Trained;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

/// Panels beside each other.
const ACROSS: usize = 3;
/// Quantiles beyond which a picture shows nothing more.
const MOST_PANELS: usize = 30;
/// Points of a curve beyond which it only becomes heavier.
const MOST_POINTS: usize = 1000;
/// Width of a panel with its labels, its height, and what stands above the first, in pixels.
const WIDE: i32 = 386;
const HIGH: i32 = 300;
const HEAD: i32 = 90;

type Curve = Vec<(f64, f64)>;

/// The SVG; `None` if there are too many quantiles, or losses that no axis holds.
pub(super) fn draw(trained: &Trained, quantiles: &[f64]) -> anyhow::Result<Option<String>> {
    if quantiles.len() > MOST_PANELS {
        return Ok(None);
    }
    let curves: Vec<_> = (0..quantiles.len()).map(|index| curves(trained, index)).collect();
    let Some(axes) = curves.iter().map(|(a, b)| range(&[a, b])).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let Some(rounds) = Axis::linear(0.0, (trained.curve.len() as f64 - 1.0).max(1.0)) else { return Ok(None) };
    let down = quantiles.len().div_ceil(ACROSS);
    let size = (1200, u32::try_from(HEAD + HIGH * i32::try_from(down)?)?);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let paint = || -> Result<(), DrawError> {
            area.fill(&WHITE)?;
            heading(&area, trained)?;
            for (index, ((training, validation), axis)) in curves.iter().zip(&axes).enumerate() {
                let (column, row) = (place(index % ACROSS), place(index / ACROSS));
                let frame = (84 + column * WIDE, HEAD + 34 + row * HIGH, WIDE - 100, HIGH - 110);
                let label = format!("quantile {}", written(quantiles[index], 6));
                let panel = Panel::new(&area, frame, (rounds, "round"), (*axis, &label))?;
                panel.line(training, QUIET, 2)?;
                panel.line(validation, BLUE, 2)?;
                if !validation.is_empty() {
                    let best = trained.best_round as f64;
                    panel.line(&[(best, axis.at(0.0)), (best, axis.at(1.0))], ORANGE, 1)?;
                }
            }
            area.present()
        };
        paint().map_err(|error| anyhow::anyhow!("drawing: {error}"))?;
    }
    Ok(Some(svg))
}

fn heading(area: &Area<'_>, trained: &Trained) -> Result<(), DrawError> {
    let at = (HPos::Left, VPos::Top);
    text(area, (24, 18), at, 20, INK, "Pinball loss by round")?;
    text(area, (24, 48), at, 14, QUIET, "training")?;
    if trained.curve.iter().any(|round| round.validation.is_some()) {
        text(area, (100, 48), at, 14, BLUE, "validation")?;
        let best = format!("best round {} of {}", trained.best_round, trained.curve.len());
        text(area, (190, 48), at, 14, ORANGE, &best)?;
    }
    Ok(())
}

/// Training and validation loss of a quantile.
fn curves(trained: &Trained, quantile: usize) -> (Curve, Curve) {
    let stride = trained.curve.len().div_ceil(MOST_POINTS).max(1);
    let rounds = || trained.curve.iter().step_by(stride);
    let training = rounds().map(|round| (round.index as f64, round.training[quantile]));
    let validation = rounds().filter_map(|round| Some((round.index as f64, round.validation.as_ref()?[quantile])));
    (training.collect(), validation.collect())
}

/// Of the losses, with room around them; a constant has room alone.
fn range(curves: &[&Curve]) -> Option<Axis> {
    let losses = curves.iter().flat_map(|curve| curve.iter().map(|point| point.1));
    let (low, high) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let room = (0.05 * (high - low)).max(1e-6 * high.abs()).max(1e-290);
    Axis::linear(low - room, high + room)
}

fn place(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
