//! Pictures for `--plot`: panels with axes, all in one look. Ticks are our own, so that no range of numbers is too odd.
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) const INK: RGBColor = RGBColor(38, 43, 51);
pub(super) const QUIET: RGBColor = RGBColor(106, 115, 128);
pub(super) const BLUE: RGBColor = RGBColor(27, 98, 168);
pub(super) const ORANGE: RGBColor = RGBColor(201, 88, 18);
const GRID: RGBColor = RGBColor(230, 233, 237);

/// Where things are drawn.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Why something could not be drawn.
pub(super) type DrawError = DrawingAreaErrorKind<std::io::Error>;

/// One direction of a panel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Axis {
    /// `None` if 64-bit numbers cannot tell places between the ends apart.
    pub(super) fn linear(low: f64, high: f64) -> Option<Self> {
        let span = high - low;
        let is_sound = span.is_finite() && span > 1e-9 * low.abs().max(high.abs()) && span > 1e-300;
        is_sound.then_some(Self { low, high, logarithmic: false })
    }

    /// `None` unless 0 < `low` < `high`, both within reason.
    pub(super) fn logarithmic(low: f64, high: f64) -> Option<Self> {
        let is_sound = low > 1e-300 && high < 1e300 && high > low * (1.0 + 1e-9);
        is_sound.then_some(Self { low, high, logarithmic: true })
    }

    /// Share of the way from the low end to the high one; beyond the ends below 0 or above 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.low).max(1e-300).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The value at a share of the way.
    pub(super) fn at(&self, share: f64) -> f64 {
        if self.logarithmic {
            self.low * (share * (self.high / self.low).ln()).exp()
        } else {
            self.low + share * (self.high - self.low)
        }
    }

    /// Round values along the axis, about `most` of them, ascending.
    pub(super) fn ticks(&self, most: u32) -> Vec<f64> {
        let inside = |ticks: Vec<f64>| -> Vec<f64> {
            ticks.into_iter().filter(|tick| (-1e-9..=1.0 + 1e-9).contains(&self.share(*tick))).collect()
        };
        let powers = if self.logarithmic { inside(self.round_powers(most)) } else { Vec::new() };
        if powers.len() < 3 { inside(self.round_steps(most)) } else { powers }
    }

    fn round_steps(&self, most: u32) -> Vec<f64> {
        let rough = (self.high - self.low) / f64::from(most.max(1));
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|by| by * power).find(|step| *step >= rough).unwrap_or(rough);
        let first = (self.low / step).ceil();
        (0..=most + 1).map(|index| (first + f64::from(index)) * step).collect()
    }

    fn round_powers(&self, most: u32) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let decades = u32::try_from(last - first).unwrap_or(1);
        let spanned = (self.high / self.low).log10();
        let within: &[f64] = match () {
            () if spanned <= 1.0 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            () if spanned <= 3.0 => &[1.0, 2.0, 5.0],
            () => &[1.0],
        };
        let stride = decades.div_ceil(most.max(1)).max(1) as usize;
        let powers = (first..=last).step_by(stride);
        powers.flat_map(|power| within.iter().map(move |by| by * 10_f64.powi(power))).collect()
    }
}

/// A value as people write it.
pub(super) fn written(value: f64, digits: usize) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        let text = format!("{value:.*e}", digits.saturating_sub(1));
        return match text.split_once('e') {
            Some((number, power)) if number.contains('.') => {
                format!("{}e{power}", number.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => text,
        };
    }
    let whole = if magnitude < 1.0 { 0 } else { magnitude.log10() as usize + 1 };
    let leading = if magnitude == 0.0 || magnitude >= 1.0 { 0 } else { (-magnitude.log10()) as usize };
    let text = format!("{value:.*}", digits.saturating_sub(whole) + leading);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let text = if text == "-0" { "0" } else { text };
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (before, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut grouped = String::new();
    for (index, digit) in before.chars().enumerate() {
        if index > 0 && (before.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{after}")
}

/// Text from a file, fit for a picture: one line, not too long, without control characters.
pub(super) fn caption(text: &str, most: usize) -> String {
    let mut plain: String = text.chars().filter(|c| !c.is_control()).take(most + 1).collect();
    if plain.chars().count() > most {
        plain = plain.chars().take(most).chain(['…']).collect();
    }
    plain
}

/// Writes text; `place` is where its anchor lies.
pub(super) fn text(
    area: &Area<'_>,
    place: (i32, i32),
    anchor: (HPos, VPos),
    size: i32,
    colour: RGBColor,
    what: &str,
) -> Result<(), DrawError> {
    let style = TextStyle::from(("sans-serif", size)).color(&colour).pos(Pos::new(anchor.0, anchor.1));
    area.draw_text(what, &style, place)
}

/// A rectangle with two axes.
pub(super) struct Panel<'a, 'b> {
    area: &'b Area<'a>,
    left: i32,
    top: i32,
    width: i32,
    height: i32,
    x: Axis,
    y: Axis,
}

impl<'a, 'b> Panel<'a, 'b> {
    /// Draws grid, ticks and labels; `frame` is (left, top, width, height) of the plotted part, in pixels.
    pub(super) fn new(
        area: &'b Area<'a>,
        frame: (i32, i32, i32, i32),
        (x, x_label): (Axis, &str),
        (y, y_label): (Axis, &str),
    ) -> Result<Self, DrawError> {
        let (left, top, width, height) = frame;
        let panel = Self { area, left, top, width, height, x, y };
        let (right, bottom) = (left + width, top + height);
        let x_ticks = x.ticks(u32::try_from(width / 70).unwrap_or(1));
        let digits = digits(&x_ticks);
        let mut free_from = i32::MIN;
        for tick in x_ticks {
            let (at, label) = (panel.place(tick, y.low).0, written(tick, digits));
            area.draw(&PathElement::new(vec![(at, top), (at, bottom)], GRID.stroke_width(1)))?;
            let half = i32::try_from(label.len()).unwrap_or(0) * 4;
            if at - half > free_from {
                text(area, (at, bottom + 8), (HPos::Center, VPos::Top), 13, INK, &label)?;
                free_from = at + half + 6;
            }
        }
        let y_ticks = y.ticks(u32::try_from(height / 50).unwrap_or(1));
        let digits = self::digits(&y_ticks);
        let mut free_below = i32::MAX;
        for tick in y_ticks {
            let at = panel.place(x.low, tick).1;
            area.draw(&PathElement::new(vec![(left, at), (right, at)], GRID.stroke_width(1)))?;
            if at < free_below {
                text(area, (left - 8, at), (HPos::Right, VPos::Center), 13, INK, &written(tick, digits))?;
                free_below = at - 16;
            }
        }
        area.draw(&PathElement::new(vec![(left, top), (left, bottom), (right, bottom)], QUIET.stroke_width(1)))?;
        text(area, (right, bottom + 28), (HPos::Right, VPos::Top), 13, QUIET, x_label)?;
        text(area, (left, top - 12), (HPos::Left, VPos::Bottom), 13, QUIET, y_label)?;
        Ok(panel)
    }

    /// Pixel of a point; one outside is moved to the nearest edge.
    fn place(&self, x: f64, y: f64) -> (i32, i32) {
        let along = |share: f64, length: i32| (share.clamp(0.0, 1.0) * f64::from(length)).round() as i32;
        (self.left + along(self.x.share(x), self.width), self.top + self.height - along(self.y.share(y), self.height))
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        [self.x.share(x), self.y.share(y)].iter().all(|share| (-1e-9..=1.0 + 1e-9).contains(share))
    }

    pub(super) fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: u32) -> Result<(), DrawError> {
        let inside = points.iter().copied().filter(|point| self.holds(*point));
        let path: Vec<_> = inside.map(|(x, y)| self.place(x, y)).collect();
        self.area.draw(&PathElement::new(path, colour.stroke_width(width)))
    }

    /// Fills between two curves, given as (x, lower, upper).
    pub(super) fn band(&self, points: &[(f64, f64, f64)], colour: RGBColor) -> Result<(), DrawError> {
        let there = points.iter().map(|(x, lower, _)| self.place(*x, *lower));
        let back = points.iter().rev().map(|(x, _, upper)| self.place(*x, *upper));
        self.area.draw(&Polygon::new(there.chain(back).collect::<Vec<_>>(), colour.mix(0.16).filled()))
    }

    /// Rings at points; those outside are left out.
    pub(super) fn rings(&self, points: &[(f64, f64)], colour: RGBColor) -> Result<(), DrawError> {
        for (x, y) in points.iter().copied().filter(|point| self.holds(*point)) {
            self.area.draw(&Circle::new(self.place(x, y), 3, colour.mix(0.75).stroke_width(1)))?;
        }
        Ok(())
    }

    /// A dot with a bar from `lower` to `upper` and a word beside it, right of it or left.
    pub(super) fn marked(
        &self,
        (x, y): (f64, f64),
        bar: Option<(f64, f64)>,
        colour: RGBColor,
        word: &str,
    ) -> Result<(), DrawError> {
        if !self.holds((x, y)) {
            return Ok(());
        }
        if let Some((lower, upper)) = bar {
            let ends = vec![self.place(x, lower), self.place(x, upper)];
            self.area.draw(&PathElement::new(ends, colour.stroke_width(2)))?;
        }
        let at = self.place(x, y);
        self.area.draw(&Circle::new(at, 4, colour.filled()))?;
        text(self.area, (at.0 - 9, at.1 - 7), (HPos::Right, VPos::Bottom), 13, colour, word)
    }
}

/// Digits that tell neighbouring ticks apart.
fn digits(ticks: &[f64]) -> usize {
    let largest = ticks.iter().fold(0.0_f64, |largest, tick| largest.max(tick.abs()));
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    if step > 0.0 && step.is_finite() && largest > 0.0 {
        ((largest / step).log10().ceil().max(0.0) as usize + 1).clamp(2, 12)
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (value, digits, expected) in [
            (0.0, 3, "0"),
            (1234.5, 3, "1,234"),
            (100_000.0, 3, "100,000"),
            (-2500.0, 3, "-2,500"),
            (27.29, 3, "27.3"),
            (0.4970, 3, "0.497"),
            (0.012_34, 3, "0.0123"),
            (1e6, 3, "1e6"),
            (2.5e-9, 3, "2.5e-9"),
            (10.0, 2, "10"),
            (999.5, 4, "999.5"),
        ] {
            assert_eq!(written(value, digits), expected, "{value}");
        }
    }

    #[test]
    fn ticks_are_round_few_and_inside_whatever_the_range() {
        for (low, high) in
            [(0.0, 1.0), (-5.0, 5.0), (3.0, 4000.0), (1e-250, 1e250), (1e12, 1e12 + 5e4), (-1e300, 1e300)]
        {
            for axis in [Axis::linear(low, high), Axis::logarithmic(low, high)].into_iter().flatten() {
                let ticks = axis.ticks(8);
                assert!((2..=14).contains(&ticks.len()), "{axis:?}: {ticks:?}");
                assert!(ticks.is_sorted() && ticks.iter().all(|tick| tick.is_finite()), "{axis:?}: {ticks:?}");
            }
        }
        assert_eq!(Axis::linear(0.0, 10.0).unwrap().ticks(5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Axis::logarithmic(1.0, 1e5).unwrap().ticks(8), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5]);
    }

    #[test]
    fn ranges_that_no_picture_shows_are_refused() {
        for (low, high) in [(1.0, 1.0), (1e16, 1e16 + 2.0), (-1.7e308, 1.7e308), (f64::NAN, 1.0)] {
            assert_eq!(Axis::linear(low, high), None);
        }
        for (low, high) in [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(Axis::logarithmic(low, high), None);
        }
    }

    #[test]
    fn captions_from_files_are_one_short_line() {
        assert_eq!(caption("a\n\u{1}b", 5), "ab");
        assert_eq!(caption("abcdef", 3), "abc…");
    }
}
