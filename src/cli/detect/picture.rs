//! The picture of a series: its regimes with their means, and below the run length.
use super::super::plot::{Area, Axis, BLUE, DrawError, INK, ORANGE, Panel, QUIET, caption, text};
use super::bocpd::Verdict;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE: (u32, u32) = (1160, 620);
/// Points beyond which a curve only becomes heavier.
const MOST_POINTS: usize = 4_000;
/// Changes beyond which a picture shows nothing more.
const MOST_CHANGES: usize = 500;

/// What is drawn.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) column: &'a str,
    pub(super) values: &'a [Option<f64>],
    pub(super) verdicts: &'a [Verdict],
}

impl Picture<'_> {
    /// The SVG; `None` if there are too few rows, or values too large for one.
    pub(super) fn draw(&self) -> anyhow::Result<Option<String>> {
        let last = count(self.values.len().saturating_sub(1));
        let longest = self.verdicts.iter().map(|verdict| verdict.run_length).max().unwrap_or(0);
        let axes = (Axis::linear(0.0, last), self.range(), Axis::linear(0.0, count(longest as usize).max(1.0)));
        let (Some(rows), Some(values), Some(lengths)) = axes else { return Ok(None) };
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            self.paint(&area, rows, values, lengths).map_err(|error| anyhow::anyhow!("drawing: {error}"))?;
        }
        Ok(Some(svg))
    }

    /// Of the values, with room around them; a constant has room alone.
    fn range(&self) -> Option<Axis> {
        let present = self.values.iter().flatten().copied();
        let (low, high) = present.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let room = (0.05 * (high - low)).max(1e-6 * high.abs().max(low.abs())).max(1e-290);
        Axis::linear(low - room, high + room)
    }

    fn paint(&self, area: &Area<'_>, rows: Axis, values: Axis, lengths: Axis) -> Result<(), DrawError> {
        area.fill(&WHITE)?;
        let column = caption(self.column, 40);
        let starts = self.starts();
        text(area, (24, 18), (HPos::Left, VPos::Top), 20, INK, &format!("Regimes of {column}"))?;
        let found = match starts.len() {
            0 => "no change".to_owned(),
            1 => "1 change".to_owned(),
            several => format!("{several} changes"),
        };
        let subtitle =
            format!("{found} in {} rows; a line where a regime begins, a bar at its mean", self.values.len());
        text(area, (24, 46), (HPos::Left, VPos::Top), 14, QUIET, &subtitle)?;

        let panel = Panel::new(area, (84, 110, 1040, 270), (rows, "row"), (values, &column))?;
        panel.line(&thinned(self.values), INK, 1)?;
        for start in starts.iter().take(MOST_CHANGES) {
            let at = count(*start);
            panel.line(&[(at, values.at(0.0)), (at, values.at(1.0))], ORANGE, 1)?;
        }
        for (start, end, mean) in self.means(&starts).into_iter().take(MOST_CHANGES + 1) {
            panel.line(&[(count(start), mean), (count(end - 1), mean)], BLUE, 2)?;
        }

        let panel = Panel::new(area, (84, 460, 1040, 100), (rows, "row"), (lengths, "run length (samples)"))?;
        let run_lengths: Vec<_> = self.verdicts.iter().map(|verdict| Some(verdict.run_length as f64)).collect();
        panel.line(&thinned(&run_lengths), BLUE, 1)?;
        area.present()
    }

    /// First rows of the regimes but the first.
    fn starts(&self) -> Vec<usize> {
        let mut starts: Vec<usize> =
            self.verdicts.iter().filter_map(|verdict| verdict.change_point).map(|start| start as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        starts.retain(|start| *start < self.values.len());
        starts
    }

    /// First row, row behind the last, and mean of each regime.
    fn means(&self, starts: &[usize]) -> Vec<(usize, usize, f64)> {
        let firsts = std::iter::once(0).chain(starts.iter().copied());
        let ends = starts.iter().copied().chain([self.values.len()]);
        let regimes = firsts.zip(ends).filter_map(|(start, end)| {
            let present = || self.values[start..end].iter().flatten();
            let n = present().count();
            (n > 0).then(|| (start, end, present().map(|value| value / count(n)).sum()))
        });
        regimes.collect()
    }
}

/// The points of a curve; where they lie densely, the lowest and the highest of each stretch.
fn thinned(values: &[Option<f64>]) -> Vec<(f64, f64)> {
    let stretch = values.len().div_ceil(MOST_POINTS / 2).max(1);
    let points = values.iter().enumerate().filter_map(|(row, value)| Some((row, (*value)?)));
    if stretch <= 2 {
        return points.map(|(row, value)| (count(row), value)).collect();
    }
    let mut thin = Vec::new();
    for (index, stretch_values) in values.chunks(stretch).enumerate() {
        let row = |(within, value): (usize, f64)| (count(index * stretch + within), value);
        let present = stretch_values.iter().enumerate().filter_map(|(within, value)| Some((within, (*value)?)));
        let low = present.clone().min_by(|a, b| a.1.total_cmp(&b.1)).map(row);
        let high = present.max_by(|a, b| a.1.total_cmp(&b.1)).map(row);
        let mut both: Vec<_> = [low, high].into_iter().flatten().collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        thin.extend(both);
    }
    thin
}

#[expect(clippy::cast_precision_loss, reason = "rows stay far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
