//! The table of intervals, and when it is printed.
use crate::cli::output;
use bellwether_models::tail::conformal::{Interval, Sides};
use std::fmt::Write;

/// Bytes of an answer that are held back, so that a table with a bad row leaves nothing printed; a longer answer is
/// printed as it comes.
const HELD_BACK: usize = 64 << 20;

/// Intervals as CSV.
pub(super) struct Answer {
    is_upper: bool,
    text: String,
    is_printing: bool,
}

impl Answer {
    pub(super) fn new(sides: Sides) -> Self {
        let is_upper = sides == Sides::Upper;
        let text = if is_upper { "upper\n" } else { "lower,upper\n" }.to_owned();
        Self { is_upper, text, is_printing: false }
    }

    /// Adds an interval: the shortest digits that give the same numbers back.
    pub(super) fn line(&mut self, interval: Interval) -> anyhow::Result<()> {
        if !self.is_upper {
            push(&mut self.text, interval.lower);
            self.text.push(',');
        }
        push(&mut self.text, interval.upper);
        self.text.push('\n');
        self.is_printing |= self.text.len() > HELD_BACK;
        if self.is_printing && self.text.len() > 1 << 16 {
            output::print(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        output::print(&self.text)
    }
}

fn push(text: &mut String, number: f64) {
    let size = number.abs();
    let is_plain = size == 0.0 || (1e-5..1e16).contains(&size);
    // Writing into memory cannot fail.
    let _ = if is_plain { write!(text, "{number}") } else { write!(text, "{number:e}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_lines_and_upper_bounds_one_column() {
        for (sides, expected) in
            [(Sides::Symmetric, "lower,upper\n-1.5,2\n0,1e300\n"), (Sides::Upper, "upper\n2\n1e300\n")]
        {
            let mut answer = Answer::new(sides);
            for interval in [Interval::new(-1.5, 2.0), Interval::new(0.0, 1e300)] {
                answer.line(interval).unwrap();
            }
            assert_eq!(answer.text, expected);
        }
    }
}
