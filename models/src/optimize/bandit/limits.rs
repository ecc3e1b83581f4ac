//! How large a policy may be, so that a decision stays quick and no number overflows.
use super::error::BanditError;
use super::options::{Memory, PolicyOptions, inside};

/// Most arms of a policy.
pub const MOST_ARMS: usize = 256;
/// Most numbers of a context.
pub const MOST_DIMENSIONS: usize = 129;
/// Limit of arms x dimension².
pub const MOST_MATRIX_ENTRIES: usize = 1 << 20;
/// Limit of window x dimension.
const MOST_REMEMBERED: usize = 1 << 22;
/// Largest magnitude of a context's number: beyond it squares and their products might overflow.
pub const LARGEST_FEATURE: f64 = 1e50;

/// A number of any size as one that may stand in a context: the largest of its sign where it is larger.
#[must_use]
pub const fn within_reach(feature: f64) -> f64 {
    feature.clamp(-LARGEST_FEATURE, LARGEST_FEATURE)
}

/// Whether a number may stand in a context.
pub(super) fn is_context_number(feature: f64) -> bool {
    feature.abs() <= LARGEST_FEATURE
}

/// Whether a policy of that size may exist.
pub(super) fn check_size(options: PolicyOptions, arms: usize, dimension: usize) -> Result<(), BanditError> {
    let check = |name, value: usize, most: usize, range| inside(name, value as f64, 1.0, most as f64, range);
    check("number of arms", arms, MOST_ARMS, "[1, 256]")?;
    check("number of features", dimension, MOST_DIMENSIONS, "[1, 129]")?;
    if arms * dimension * dimension > MOST_MATRIX_ENTRIES {
        return Err(BanditError::TooLarge { arms, dimension, limit: MOST_MATRIX_ENTRIES });
    }
    match options.memory() {
        Memory::Window(rounds) if rounds.saturating_mul(dimension as u64) > MOST_REMEMBERED as u64 => {
            Err(BanditError::WindowTooLarge { rounds, dimension, limit: MOST_REMEMBERED })
        }
        _ => Ok(()),
    }
}
