//! What a split gains: Chen and Guestrin 2016, equations 6 and 7, without the factor 1/2.
use super::Monotone;

/// Sums of first and second derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    /// Number of rows, for the unweighted pinball loss.
    pub(super) weight: f64,
}

impl Sums {
    pub(super) fn without(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, weight: self.weight - other.weight }
    }
}

/// What keeps leaves small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regularization {
    pub(super) lambda: f64,
    pub(super) alpha: f64,
}

/// Between which values the answers of a node must lie, so that predictions are monotone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Bounds {
    pub(super) const NONE: Self = Self { low: f32::NEG_INFINITY, high: f32::INFINITY };

    pub(super) const fn clamp(self, value: f32) -> f32 {
        value.max(self.low).min(self.high)
    }

    /// Those of both children, left first, of a node that is split where `middle` lies between their answers.
    pub(super) const fn split(self, middle: f32, monotone: Option<Monotone>) -> (Self, Self) {
        let (below, above) = (Self { high: middle, ..self }, Self { low: middle, ..self });
        match monotone {
            None => (self, self),
            Some(Monotone::Increasing) => (below, above),
            Some(Monotone::Decreasing) => (above, below),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "gains and weights are compared and stored as f32")]
impl Regularization {
    /// The gradient, moved towards 0 by alpha.
    pub(super) fn thresholded(self, gradient: f64) -> f64 {
        if self.alpha == 0.0 {
            return gradient;
        }
        (gradient.abs() - self.alpha).max(0.0).copysign(gradient)
    }

    /// What a leaf of these rows takes off the loss.
    pub(super) fn gain(self, sums: Sums) -> f32 {
        if sums.weight <= 0.0 {
            return 0.0;
        }
        let gradient = self.thresholded(sums.gradient);
        (gradient * gradient / (sums.weight + self.lambda)) as f32
    }

    /// The Newton step of these rows.
    pub(super) fn weight(self, sums: Sums) -> f32 {
        if sums.weight <= 0.0 {
            return 0.0;
        }
        (-self.thresholded(sums.gradient) / (sums.weight + self.lambda)) as f32
    }

    /// What these rows take off the loss when their answer is `weight`.
    pub(super) fn gain_given(self, sums: Sums, weight: f32) -> f32 {
        let weight = f64::from(weight);
        -((2.0 * sums.gradient + (sums.weight + self.lambda) * weight) * weight + 2.0 * self.alpha * weight.abs())
            as f32
    }
}
