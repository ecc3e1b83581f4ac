//! Gauss-Legendre quadrature on [0, 1].

/// A place of the rule and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub(super) place: f64,
    /// `1 - place`, to full precision.
    pub(super) rest: f64,
    pub(super) weight: f64,
}

/// The rule with `count` points: exact for polynomials of degree below `2 count`.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
pub(super) fn rule(count: usize) -> Vec<Point> {
    let n = count as f64;
    let points = (0..count).map(|index| {
        // Newton's method from Tricomi's estimate of the zeros of the Legendre polynomial.
        let mut x = (std::f64::consts::PI * (index as f64 + 0.75) / (n + 0.5)).cos();
        let mut derivative = 1.0;
        for _ in 0..8 {
            let (value, slope) = legendre(count, x);
            x -= value / slope;
            derivative = slope;
        }
        let weight = 1.0 / ((1.0 - x * x) * derivative * derivative);
        Point { place: 0.5 * (1.0 + x), rest: 0.5 * (1.0 - x), weight }
    });
    points.collect()
}

/// Value and derivative of the Legendre polynomial of that degree, for x inside (-1, 1).
#[expect(clippy::cast_precision_loss, reason = "small degrees")]
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (0.0, 1.0);
    for k in 0..degree {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0));
    }
    (value, degree as f64 * (before - x * value) / (1.0 - x * x))
}
