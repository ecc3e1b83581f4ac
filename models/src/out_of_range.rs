//! A number that a model does not take.

/// A number outside of the range its meaning allows.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{name} is {value}: it must be in {range}")]
pub struct OutOfRange {
    /// What the number stands for.
    pub name: &'static str,
    /// The number given.
    pub value: f64,
    /// The range that it must be in, as mathematicians write intervals.
    pub range: &'static str,
}
