//! The small arithmetic language of derived features: parsed once, evaluated without allocation.
//!
//! ```text
//! expression = term { ("+" | "-") term }          names    request_rate, "p99-latency" (quoted if not a plain word)
//! term       = factor { ("*" | "/") factor }      numbers  1, 0.5, 2e-3
//! factor     = "-" factor | number | name | "(" expression ")" | function "(" expression { "," expression } ")"
//! function   = "min" | "max" (two or more) | "abs" | "sqrt" | "ln" | "clamp" (value, lowest, highest)
//! ```
use super::expression_parser;

/// Longest accepted expression, in bytes.
const LONGEST: usize = 2_000;
/// Deepest accepted nesting.
pub(super) const DEEPEST: usize = 64;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message documents its variant: input, place, remedy")]
pub enum ExpressionError {
    #[error("is {got} bytes long: use at most {LONGEST}, split it over several features")]
    TooLong { got: usize },
    #[error("is nested deeper than {DEEPEST}: split it over several features")]
    TooDeep,
    #[error("ends too early: {wanted} is missing at its end")]
    Unfinished { wanted: &'static str },
    #[error("has an unexpected \"{found}\" at byte {at}: {wanted} belongs there")]
    Unexpected { found: String, at: usize, wanted: &'static str },
    #[error("has \"{text}\" at byte {at}, which is no number")]
    NotANumber { text: String, at: usize },
    #[error("calls {function} with {got} arguments: it takes {wants}")]
    Arguments { function: &'static str, got: usize, wants: &'static str },
}

/// One step of the compiled form; operands are on a stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    Number(f64),
    /// Input of that index.
    Input(usize),
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Minimum,
    Maximum,
    Absolute,
    SquareRoot,
    Logarithm,
    Clamp,
}

/// A compiled expression over named inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    steps: Vec<Step>,
    inputs: Vec<String>,
}

impl Expression {
    /// Parses a text.
    ///
    /// # Errors
    /// [`ExpressionError`] with the place and the remedy.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > LONGEST {
            return Err(ExpressionError::TooLong { got: text.len() });
        }
        let (steps, inputs) = expression_parser::parse(text)?;
        Ok(Self { steps, inputs })
    }

    /// Names of the inputs, each once, in the order of their first use.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The value for `inputs` in the order of [`Expression::inputs`].
    ///
    /// Absent if an input is absent or not finite, or if any step on the way is not finite (a division by zero, a root or
    /// logarithm out of its domain, an overflow): a derived feature is a finite number or there is none. `stack` is
    /// scratch space that the caller keeps.
    #[must_use]
    pub fn evaluate(&self, inputs: &[Option<f64>], stack: &mut Vec<f64>) -> Option<f64> {
        stack.clear();
        for step in &self.steps {
            let value = match *step {
                Step::Number(number) => number,
                Step::Input(index) => inputs.get(index).copied().flatten()?,
                Step::Add => binary(stack, |left, right| left + right)?,
                Step::Subtract => binary(stack, |left, right| left - right)?,
                Step::Multiply => binary(stack, |left, right| left * right)?,
                Step::Divide => binary(stack, |left, right| left / right)?,
                Step::Minimum => binary(stack, f64::min)?,
                Step::Maximum => binary(stack, f64::max)?,
                Step::Negate => -stack.pop()?,
                Step::Absolute => stack.pop()?.abs(),
                Step::SquareRoot => stack.pop()?.sqrt(),
                Step::Logarithm => stack.pop()?.ln(),
                Step::Clamp => {
                    let (highest, lowest, value) = (stack.pop()?, stack.pop()?, stack.pop()?);
                    value.max(lowest).min(highest)
                }
            };
            if !value.is_finite() {
                return None;
            }
            stack.push(value);
        }
        stack.pop()
    }
}

fn binary(stack: &mut Vec<f64>, operation: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let (right, left) = (stack.pop()?, stack.pop()?);
    Some(operation(left, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str, inputs: &[Option<f64>]) -> Option<f64> {
        Expression::parse(text).unwrap().evaluate(inputs, &mut Vec::new())
    }

    #[test]
    fn expressions_follow_school_arithmetic() {
        for (text, expected) in [
            ("1 + 2 * 3", Some(7.0)),
            ("(1 + 2) * 3", Some(9.0)),
            ("8 / 4 / 2", Some(1.0)),
            ("7 - 2 - 1", Some(4.0)),
            ("-2 * -3", Some(6.0)),
            ("--2", Some(2.0)),
            ("2e-3 * .5E+3", Some(1.0)),
            ("min(3, 1, 2) + max(3, 1, 2)", Some(4.0)),
            ("abs(-4) + sqrt(9) + ln(1)", Some(7.0)),
            ("clamp(5, 0, 1) + clamp(-5, 0, 1) + clamp(0.5, 0, 1)", Some(1.5)),
            ("clamp(5, 1, 0)", Some(0.0)),
            ("1 / 0", None),
            ("min(1, 1 / 0)", None),
            ("sqrt(-1)", None),
            ("ln(0)", None),
            ("1e308 * 10", None),
        ] {
            assert_eq!(value(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn inputs_are_named_once_and_an_absent_one_makes_the_value_absent() {
        let expression = Expression::parse("a_1 / (\"p99-latency\" + a_1)").unwrap();
        assert_eq!(expression.inputs(), ["a_1", "p99-latency"]);
        for (inputs, expected) in [
            ([Some(1.0), Some(3.0)], Some(0.25)),
            ([Some(1.0), None], None),
            ([Some(f64::NAN), Some(1.0)], None),
            ([Some(1.0), Some(f64::INFINITY)], None),
            ([Some(0.0), Some(0.0)], None),
        ] {
            assert_eq!(expression.evaluate(&inputs, &mut Vec::new()), expected, "{inputs:?}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_with_place_and_remedy() {
        for (text, part) in [
            ("", "ends too early"),
            ("1 +", "ends too early"),
            ("(1", "closing parenthesis"),
            ("1 2", "unexpected \"2\" at byte 2"),
            ("a $ b", "unexpected \"$\" at byte 2"),
            ("sin(1)", "unexpected \"sin\" at byte 0"),
            ("min(1)", "takes two or more"),
            ("clamp(1, 2)", "takes three"),
            ("1.2.3", "no number"),
            ("1e999", "no number"),
            ("\"open", "closing quote"),
            (&"(".repeat(100), "nested deeper"),
            (&"-".repeat(100), "nested deeper"),
            (&"1+".repeat(1_500), "bytes long"),
        ] {
            let message = Expression::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_value_is_other_than_finite(
            text in "[-+*/(),. a-c0-9e]{0,40}|(min|max|abs|clamp|sqrt|ln)\\([a-c0-9,+*/-]{1,20}\\)",
            inputs in prop::collection::vec(prop::option::of(any::<f64>()), 3),
        ) {
            let value = Expression::parse(&text).ok().and_then(|parsed| parsed.evaluate(&inputs, &mut Vec::new()));
            prop_assert!(value.is_none_or(f64::is_finite));
        }
    }
}
