//! A table of numbers on standard output that is held back, so that a bad row leaves nothing printed.
use super::output;
use std::fmt::{Display, LowerExp, Write};

/// Bytes that are held back; a longer table is printed as it comes.
const MOST: usize = 64 << 20;
/// Bytes that are printed at a time from then on.
const PIECE: usize = 1 << 16;

/// A table as CSV, line by line.
#[derive(Debug)]
pub(super) struct HeldBack {
    text: String,
    is_printing: bool,
}

impl HeldBack {
    /// A table with these heads, quoted where they need it.
    pub(super) fn new(heads: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let heads: Vec<String> = heads.into_iter().map(|head| quoted(head.as_ref())).collect();
        Self { text: heads.join(",") + "\n", is_printing: false }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn line<N>(&mut self, numbers: impl IntoIterator<Item = N>) -> anyhow::Result<()>
    where
        N: Copy + Display + LowerExp + Into<f64>,
    {
        for (index, number) in numbers.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            push(&mut self.text, number);
        }
        self.text.push('\n');
        self.is_printing |= self.text.len() > MOST;
        if self.is_printing && self.text.len() > PIECE {
            output::print(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// Prints what is left.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        output::print(&self.text)
    }
}

/// The shortest digits that give the same number back.
fn push<N: Copy + Display + LowerExp + Into<f64>>(text: &mut String, number: N) {
    let size = number.into().abs();
    let is_plain = size == 0.0 || (1e-5..1e9).contains(&size) || !size.is_finite();
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
    use proptest::prelude::*;

    fn shown<N: Copy + Display + LowerExp + Into<f64>>(number: N) -> String {
        let mut text = String::new();
        push(&mut text, number);
        text
    }

    #[test]
    fn a_table_is_held_back_line_by_line() {
        let mut table = HeldBack::new(["load", "a,b", "say \"x\""]);
        table.line([1.5_f32, -0.0, 1e-30]).unwrap();
        table.line([f64::INFINITY, 0.1 + 0.2, 1e300]).unwrap();
        assert_eq!(table.text, "load,\"a,b\",\"say \"\"x\"\"\"\n1.5,-0,1e-30\ninf,0.30000000000000004,1e300\n");
    }

    #[test]
    fn numbers_are_short_whatever_their_size() {
        for (number, expected) in [
            (0.1, "0.1"),
            (-12.5, "-12.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5e-6, "1.5e-6"),
            (3.402_823_5e38, "3.4028235e38"),
            (1e-45, "1e-45"),
            (f32::INFINITY, "inf"),
            (f32::NAN, "NaN"),
        ] {
            assert_eq!(shown(number), expected);
        }
        assert_eq!(shown(1e-300), "1e-300");
    }

    proptest! {
        #[test]
        fn digits_give_the_same_number_back(bits: u32, wide: u64) {
            let number = f32::from_bits(bits);
            let again: f32 = shown(number).parse().unwrap();
            prop_assert!(again.to_bits() == bits || number.is_nan() && again.is_nan());
            let number = f64::from_bits(wide);
            let again: f64 = shown(number).parse().unwrap();
            prop_assert!(again.to_bits() == wide || number.is_nan() && again.is_nan());
        }
    }
}
