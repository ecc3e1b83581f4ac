//! The table of predictions: its columns, its numbers, and when it is printed.
use bellwether_models::tail::boosting::{BoostedTrees, Objective, served_quantiles};
use std::fmt::Write;
use std::io::{self, Write as _};

/// Bytes of an answer that are held back, so that a table with a bad row leaves nothing printed; a longer answer is
/// printed as it comes.
const HELD_BACK: usize = 64 << 20;

/// Predictions as CSV.
pub(super) struct Answer<'m> {
    model: &'m BoostedTrees,
    raw: bool,
    /// The quantile levels to sort by, if it is for sorting.
    levels: Option<&'m [f32]>,
    text: String,
    is_printing: bool,
}

impl<'m> Answer<'m> {
    pub(super) fn new(model: &'m BoostedTrees, raw: bool) -> Self {
        let levels = match &model.parts().objective {
            Objective::Quantile { levels } => Some(levels.as_slice()),
            Objective::Other { .. } => None,
        };
        let text = heads(model, levels, raw).join(",") + "\n";
        Self { model, raw, levels, text, is_printing: false }
    }

    /// Adds the predictions of rows (rows x features).
    pub(super) fn add(&mut self, rows: &[f32]) -> anyhow::Result<()> {
        let predicted = if self.raw { self.model.margins(rows)? } else { self.model.predict(rows)? };
        let width = if self.raw { self.model.outputs() } else { self.model.prediction_width() };
        for row in predicted.chunks_exact(width) {
            match self.levels.filter(|_| !self.raw) {
                Some(levels) => self.line(served_quantiles(levels, row).iter().map(|served| served.value)),
                None => self.line(row.iter().copied()),
            }
        }
        self.is_printing |= self.text.len() > HELD_BACK;
        if self.is_printing {
            io::stdout().write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(())
    }

    fn line(&mut self, numbers: impl Iterator<Item = f32>) {
        for (index, number) in numbers.enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            push(&mut self.text, number);
        }
        self.text.push('\n');
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        crate::cli::output::print(&self.text)
    }
}

/// The columns of the answer.
fn heads(model: &BoostedTrees, levels: Option<&[f32]>, raw: bool) -> Vec<String> {
    if let Some(levels) = levels {
        let mut levels = levels.to_vec();
        if !raw {
            levels.sort_by(f32::total_cmp);
        }
        return levels.iter().map(|level| format!("q{level}")).collect();
    }
    let width = if raw { model.outputs() } else { model.prediction_width() };
    match width {
        1 => vec!["prediction".to_owned()],
        _ => (0..width).map(|output| format!("class_{output}")).collect(),
    }
}

/// The shortest digits that give the same f32 back.
fn push(text: &mut String, number: f32) {
    let size = number.abs();
    let is_plain = size == 0.0 || (1e-5..1e9).contains(&size) || !number.is_finite();
    // Writing into memory cannot fail.
    let _ = if is_plain { write!(text, "{number}") } else { write!(text, "{number:e}") };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(number: f32) -> String {
        let mut text = String::new();
        push(&mut text, number);
        text
    }

    #[test]
    fn numbers_are_short_whatever_their_size() {
        for (number, expected) in [
            (0.1, "0.1"),
            (-12.5, "-12.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1e-5, "0.00001"),
            (1.5e-6, "1.5e-6"),
            (3.402_823_5e38, "3.4028235e38"),
            (1e-45, "1e-45"),
            (f32::INFINITY, "inf"),
            (f32::NAN, "NaN"),
        ] {
            assert_eq!(shown(number), expected);
        }
    }

    proptest! {
        #[test]
        fn digits_give_the_same_number_back(bits: u32) {
            let number = f32::from_bits(bits);
            let again: f32 = shown(number).parse().unwrap();
            prop_assert!(again.to_bits() == bits || number.is_nan() && again.is_nan());
        }
    }
}
