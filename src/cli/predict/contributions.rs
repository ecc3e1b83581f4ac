//! The table of contributions: a column per feature and the bias, a line per row.
use crate::cli::Refusal;
use crate::cli::model_input::{Chosen, explainer};
use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::BoostedTrees;
use std::fmt::Write;
use std::io::{self, Write as _};

/// Bytes of an answer that are held back, so that a table with a bad row leaves nothing printed.
const HELD_BACK: usize = 64 << 20;

/// Contributions as CSV.
pub(super) struct Contributions {
    explainer: TreeShap,
    output: usize,
    text: String,
    is_printing: bool,
}

impl Contributions {
    pub(super) fn new<'n>(
        model: &BoostedTrees,
        chosen: &Chosen,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Refusal> {
        let text = names.map(quoted).chain(["bias".to_owned()]).collect::<Vec<_>>().join(",") + "\n";
        Ok(Self { explainer: explainer(model)?, output: chosen.output, text, is_printing: false })
    }

    /// Adds the contributions of rows (rows x features).
    pub(super) fn add(&mut self, rows: &[f32]) -> anyhow::Result<()> {
        let bias = self.explainer.bias(self.output)?;
        for row in rows.chunks_exact(self.explainer.features().max(1)) {
            for contribution in self.explainer.contributions(row, self.output)? {
                push(&mut self.text, contribution);
                self.text.push(',');
            }
            push(&mut self.text, bias);
            self.text.push('\n');
        }
        self.is_printing |= self.text.len() > HELD_BACK;
        if self.is_printing {
            io::stdout().write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        crate::cli::output::print(&self.text)
    }
}

/// The shortest digits that give the same f64 back, so that a reader's sum is exact too.
fn push(text: &mut String, number: f64) {
    let size = number.abs();
    let is_plain = size == 0.0 || (1e-5..1e9).contains(&size) || !number.is_finite();
    // Writing into memory cannot fail.
    let _ = if is_plain { write!(text, "{number}") } else { write!(text, "{number:e}") };
}

/// A name as a CSV cell.
fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_separators_are_quoted() {
        for (name, expected) in [("load", "load"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\"")] {
            assert_eq!(quoted(name), expected);
        }
    }

    #[test]
    fn numbers_are_short_and_give_the_same_back() {
        for (number, expected) in [(0.0, "0"), (-0.25, "-0.25"), (1e-300, "1e-300"), (0.1 + 0.2, "0.30000000000000004")]
        {
            let mut text = String::new();
            push(&mut text, number);
            assert_eq!(text, expected);
        }
    }
}
