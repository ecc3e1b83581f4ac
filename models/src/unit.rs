//! A unit for numbers of any magnitude, so that neither they nor their squares leave the 64-bit numbers.
use serde::{Deserialize, Serialize};

/// Binary orders of magnitude by which a number may exceed the unit before the unit is made larger.
const HEADROOM: i32 = 200;

/// A power of two near the first number that is not 0, made larger by a much larger number.
///
/// Scaling by a power of two changes no digit, so results are those of the numbers themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Unit {
    exponent: Option<i32>,
}

impl Unit {
    pub(crate) fn is_sound(self) -> bool {
        self.exponent.is_none_or(|exponent| (-1023..=1023).contains(&exponent))
    }

    /// Makes room for `value`: returns the factor for whatever was scaled so far if the unit changed.
    pub(crate) fn admit(&mut self, value: f64) -> Option<f64> {
        if value == 0.0 {
            return None;
        }
        let magnitude = exponent(value);
        match self.exponent {
            None => {
                self.exponent = Some(magnitude);
                None
            }
            Some(old) if magnitude > old + HEADROOM => {
                self.exponent = Some(magnitude);
                Some(power_of_two(old - magnitude))
            }
            Some(_) => None,
        }
    }

    /// `value` in this unit.
    pub(crate) fn scaled(self, value: f64) -> f64 {
        value * power_of_two(-self.exponent.unwrap_or(0))
    }

    /// A number in this unit as what it stands for; the largest number there is where that would overflow.
    pub(crate) fn restored(self, scaled: f64) -> f64 {
        finite(scaled * power_of_two(self.exponent.unwrap_or(0)))
    }
}

/// The number, or the largest one of its sign.
pub(crate) fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

/// The binary exponent of a finite number that is not 0; -1023 of subnormal ones.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// 2^`exponent`; 0 below the subnormal numbers.
fn power_of_two(exponent: i32) -> f64 {
    match exponent {
        1024.. => f64::MAX,
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        -1074..=-1023 => f64::from_bits(1 << (exponent + 1074)),
        _ => 0.0,
    }
}
