//! Pictures of explanations: steps from the bias to the margin, and bars of importances.
use crate::cli::plot::{Area, Axis, BLUE, DrawError, INK, ORANGE, QUIET, caption, text, written};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const WIDTH: u32 = 1000;
/// Where bars begin, and where they end.
const BARS: (i32, i32) = (330, 900);
const TOP: i32 = 80;
const LINE: i32 = 28;
/// Longest label, in characters.
const LABEL: usize = 44;

/// What one feature adds.
pub(super) struct Step {
    pub(super) label: String,
    pub(super) value: f64,
    pub(super) written: String,
}

/// A bar of a picture, as it is drawn.
struct Bar {
    label: String,
    from: f64,
    to: f64,
    written: String,
    colour: RGBColor,
}

/// Steps from `bias` to the sum, the first one on top.
pub(super) fn waterfall(title: &str, bias: f64, steps: &[Step]) -> String {
    let mut at = bias;
    let mut bars = Vec::with_capacity(steps.len());
    for step in steps {
        let colour = if step.value < 0.0 { BLUE } else { ORANGE };
        let (label, written) = (step.label.clone(), step.written.clone());
        bars.push(Bar { label, from: at, to: at + step.value, written, colour });
        at += step.value;
    }
    let axis_label = format!("from the bias {} to {}", written(bias, 5), written(at, 5));
    draw(title, &axis_label, &bars, (bias, at))
}

/// A bar for each value, from 0.
pub(super) fn bars(title: &str, axis_label: &str, values: &[(String, f64)]) -> String {
    let bar = |(label, value): &(String, f64)| Bar {
        label: label.clone(),
        from: 0.0,
        to: *value,
        written: written(*value, 3),
        colour: BLUE,
    };
    draw(title, axis_label, &values.iter().map(bar).collect::<Vec<_>>(), (0.0, 0.0))
}

fn draw(title: &str, axis_label: &str, bars: &[Bar], ends: (f64, f64)) -> String {
    let mut svg = String::new();
    let height = u32::try_from(TOP + 60 + LINE * i32::try_from(bars.len()).unwrap_or(0)).unwrap_or(WIDTH);
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        // Writing into memory cannot fail.
        let _ = paint(&area, title, axis_label, bars, ends);
    }
    svg
}

fn paint(area: &Area<'_>, title: &str, axis_label: &str, bars: &[Bar], ends: (f64, f64)) -> Result<(), DrawError> {
    area.fill(&WHITE)?;
    text(area, (24, 18), (HPos::Left, VPos::Top), 20, INK, &caption(title, 90))?;
    text(area, (24, 46), (HPos::Left, VPos::Top), 13, QUIET, axis_label)?;
    let all = bars.iter().flat_map(|bar| [bar.from, bar.to]).chain([ends.0, ends.1]);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one), high.max(one)));
    let axis = Axis::linear(low, high);
    let place = |value: f64| {
        let share = axis.map_or(0.0, |axis| axis.share(value)).clamp(0.0, 1.0);
        BARS.0 + (share * f64::from(BARS.1 - BARS.0)).round() as i32
    };
    let bottom = TOP + LINE * i32::try_from(bars.len()).unwrap_or(0);
    for (end, word) in [(low, written(low, 5)), (high, written(high, 5))] {
        let at = place(end);
        area.draw(&PathElement::new(vec![(at, TOP - 6), (at, bottom)], QUIET.mix(0.4).stroke_width(1)))?;
        text(area, (at, bottom + 8), (HPos::Center, VPos::Top), 13, QUIET, &word)?;
    }
    for (index, bar) in (0..).zip(bars) {
        let (top, middle) = (TOP + LINE * index + 4, TOP + LINE * index + LINE / 2);
        let (left, right) = (place(bar.from.min(bar.to)), place(bar.from.max(bar.to)));
        let label = caption(&bar.label, LABEL);
        text(area, (BARS.0 - 12, middle), (HPos::Right, VPos::Center), 13, INK, &label)?;
        area.draw(&Rectangle::new([(left, top), (right.max(left + 1), top + LINE - 8)], bar.colour.filled()))?;
        text(area, (right + 8, middle), (HPos::Left, VPos::Center), 13, bar.colour, &bar.written)?;
    }
    area.present()
}
