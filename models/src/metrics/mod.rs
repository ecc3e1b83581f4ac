//! How good predictions were: means over rows, each with its standard error.
//!
//! Every mean is exact to rounding for numbers of any magnitude; what exceeds the 64-bit numbers becomes the largest.
mod estimate;
mod intervals;
mod pinball;
mod upper_bounds;

pub use estimate::Estimate;
pub use intervals::{IntervalEvaluation, IntervalReport};
pub use pinball::{PinballEvaluation, pinball_loss};
pub use upper_bounds::{UpperBoundEvaluation, UpperBoundReport};
